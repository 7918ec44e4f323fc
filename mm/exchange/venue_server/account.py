"""Signed operations on the account."""

from typing import Any

from mm.exchange.venue_server import wire
from mm.exchange.venue_server.endpoint import Endpoint, signed
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served


def account(served: Served, uid: int, parameters: Parameters) -> Any:
    omit = parameters.boolean("omitZeroBalances", default=False)
    return wire.account(served.venue.account(uid), omit_zero=omit)


def commission(served: Served, uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    served.venue.book_ticker(symbol)  # raises -1121 for a symbol that is not listed
    return wire.commission(served.venue.account(uid), symbol)


def order_counts(served: Served, uid: int, _parameters: Parameters) -> Any:
    return order_limits(served, uid)


def order_limits(served: Served, uid: int) -> list[wire.Json]:
    limit, now_ms = served.order_limit(uid), served.now_ms()
    return [
        {
            "rateLimitType": "ORDERS",
            "interval": interval,
            "intervalNum": number,
            "limit": window.most,
            "count": window.at(now_ms),
        }
        for window, interval, number in ((limit.ten_seconds, "SECOND", 10), (limit.day, "DAY", 1))
    ]


def filters(served: Served, _uid: int, parameters: Parameters) -> Any:
    """The symbol's filters that count what an account has; accounts here have none of their own."""
    (symbol,) = served.venue.exchange_info((parameters.symbol(),))["symbols"]
    counting = [one for one in symbol["filters"] if one["filterType"].startswith("MAX_")]
    return {"exchangeFilters": [], "symbolFilters": counting, "assetFilters": []}


def allocations(served: Served, _uid: int, parameters: Parameters) -> Any:
    """None: no order is routed elsewhere."""
    served.venue.book_ticker(parameters.symbol())  # raises -1121 for a symbol that is not listed
    return []


ACCOUNT = signed(account, "omitZeroBalances", 20)
COMMISSION = signed(commission, "symbol", 20)
ORDER_COUNTS = signed(order_counts, "", 40, orders=True)
FILTERS = signed(filters, "symbol", 40)
ALLOCATIONS = signed(allocations, "symbol startTime endTime fromAllocationId limit orderId", 20)

REST: dict[tuple[str, str], Endpoint] = {
    ("GET", "/api/v3/account"): ACCOUNT,
    ("GET", "/api/v3/account/commission"): COMMISSION,
    ("GET", "/api/v3/rateLimit/order"): ORDER_COUNTS,
    ("GET", "/api/v3/myFilters"): FILTERS,
    ("GET", "/api/v3/myAllocations"): ALLOCATIONS,
}

WEBSOCKET: dict[str, Endpoint] = {
    "account.status": ACCOUNT,
    "account.commission": COMMISSION,
    "account.rateLimits.orders": ORDER_COUNTS,
    "myFilters": FILTERS,
    "myAllocations": ALLOCATIONS,
}
