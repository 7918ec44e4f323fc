"""Signed operations on the account, and the few sapi parts a mainnet server has."""

from typing import Any

from mm.exchange.venue_server import wire
from mm.exchange.venue_server.endpoint import Endpoint, public, signed
from mm.exchange.venue_server.market_data import symbol_names
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


def system_status(_served: Served, _uid: int, _parameters: Parameters) -> Any:
    return {"status": 0, "msg": "normal"}


def trade_fee(served: Served, uid: int, parameters: Parameters) -> Any:
    state, symbol = served.venue.account(uid), parameters.symbol_or_none()
    maker, taker = (f"{fee.normalize():f}" for fee in (state.maker_fee, state.taker_fee))
    return [
        {"symbol": each, "makerCommission": maker, "takerCommission": taker}
        for each in ((symbol,) if symbol else symbol_names(served))
    ]


def api_restrictions(served: Served, _uid: int, _parameters: Parameters) -> Any:
    return dict(served.restrictions)


def user_assets(served: Served, uid: int, parameters: Parameters) -> Any:
    asked, nothing = parameters.optional("asset"), "0"
    return [
        {
            "asset": balance.asset,
            "free": wire.text(balance.free),
            "locked": wire.text(balance.locked),
            "freeze": nothing,
            "withdrawing": nothing,
            "ipoable": nothing,
            "btcValuation": nothing,
        }
        for balance in served.venue.account(uid).balances
        if (balance.free or balance.locked) and asked in {None, balance.asset}
    ]


ACCOUNT = signed(account, "omitZeroBalances", 20)
COMMISSION = signed(commission, "symbol", 20)
ORDER_COUNTS = signed(order_counts, "", 40, orders=True)

REST: dict[tuple[str, str], Endpoint] = {
    ("GET", "/api/v3/account"): ACCOUNT,
    ("GET", "/api/v3/account/commission"): COMMISSION,
    ("GET", "/api/v3/rateLimit/order"): ORDER_COUNTS,
}

SAPI: dict[tuple[str, str], Endpoint] = {
    ("GET", "/sapi/v1/system/status"): public(system_status),
    ("GET", "/sapi/v1/asset/tradeFee"): signed(trade_fee, "symbol"),
    ("GET", "/sapi/v1/account/apiRestrictions"): signed(api_restrictions),
    ("POST", "/sapi/v1/asset/getUserAsset"): signed(user_assets, "asset needBtcValuation"),
}

WEBSOCKET: dict[str, Endpoint] = {
    "account.status": ACCOUNT,
    "account.commission": COMMISSION,
    "account.rateLimits.orders": ORDER_COUNTS,
}
