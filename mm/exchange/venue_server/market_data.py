"""Public operations: rules, book, trades, bars. Weights as Binance's documentation has them; tickers in `tickers`."""

from typing import Any

from mm.exchange.venue.intervals import INTERVALS
from mm.exchange.venue.views import Kline
from mm.exchange.venue_server import tickers, wire
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.endpoint import Endpoint, public
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.symbol_choice import (
    chosen,
    permissions,
    require_status,
    status_asked,
    symbol_names,
    time_zone_ms,
)

__all__ = ["REST", "WEBSOCKET", "symbol_names"]


def ping(_served: Served, _uid: int, _parameters: Parameters) -> Any:
    return {}


def server_time(served: Served, _uid: int, _parameters: Parameters) -> Any:
    return {"serverTime": served.now_ms()}


def exchange_info(served: Served, _uid: int, parameters: Parameters) -> Any:
    names, wanted, status = chosen(parameters), permissions(parameters), status_asked(parameters)
    if names is not None and (wanted is not None or status is not None):
        raise ApiError(-1128, "Combination of optional parameters invalid.")
    info = served.venue.exchange_info(names)
    if status is not None:
        info["symbols"] = [each for each in info["symbols"] if each["status"] == status]
    if wanted is not None:
        info["symbols"] = [
            each for each in info["symbols"] if wanted & {name for names in each["permissionSets"] for name in names}
        ]
    if not parameters.boolean("showPermissionSets", default=True):
        for each in info["symbols"]:
            each["permissionSets"] = []
    return info


def execution_rules(served: Served, _uid: int, parameters: Parameters) -> Any:
    """No symbol here has a price range rule."""
    if sum(name in parameters for name in ("symbol", "symbols", "symbolStatus")) > 1:
        raise ApiError(-1128, "Combination of optional parameters invalid.")
    status = status_asked(parameters)
    names = chosen(parameters) or symbol_names(served)
    listed = [name for name in names if status in {None, served.venue.status(name)}]
    return {"symbolRules": [{"symbol": name, "rules": []} for name in listed]}


def depth(served: Served, _uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    require_status(served, symbol, parameters)
    return wire.depth(served.venue.depth(symbol, parameters.limit(100, 5000)))


def trades(served: Served, _uid: int, parameters: Parameters) -> Any:
    found = served.venue.trades(parameters.symbol(), parameters.limit(500, 1000))
    return [wire.public_trade(trade) for trade in found]


def historical_trades(served: Served, _uid: int, parameters: Parameters) -> Any:
    found = served.venue.trades(parameters.symbol(), parameters.limit(500, 1000), parameters.integer("fromId"))
    return [wire.public_trade(trade) for trade in found]


def historical_block_trades(served: Served, _uid: int, parameters: Parameters) -> Any:
    """There are no block trades here."""
    served.venue.rules(parameters.symbol())
    parameters.text("fromId")
    parameters.integer("fromId")
    parameters.limit(500, 1000)
    return []


def reference_price(served: Served, _uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    served.venue.rules(symbol)
    require_status(served, symbol, parameters)
    raise ApiError(-2043, "This symbol doesn't have a reference price.")


def aggregate_trades(served: Served, _uid: int, parameters: Parameters) -> Any:
    first, start, end = (parameters.integer(name) for name in ("fromId", "startTime", "endTime"))
    if first is not None and (start is not None or end is not None):
        raise ApiError(-1128, "Combination of optional parameters invalid.")
    found = served.venue.aggregate_trades(
        parameters.symbol(), parameters.limit(500, 1000), from_id=first, start_ms=start, end_ms=end
    )
    return [wire.aggregate_trade(trade) for trade in found]


def _bars(served: Served, parameters: Parameters) -> tuple[Kline, ...]:
    symbol, interval = parameters.symbol(), parameters.text("interval")
    if interval not in INTERVALS:
        raise ApiError(-1120, "Invalid interval.")
    return served.venue.klines(
        symbol,
        INTERVALS[interval],
        parameters.limit(500, 1000),
        start_ms=parameters.integer("startTime"),
        end_ms=parameters.integer("endTime"),
        offset_ms=time_zone_ms(parameters),
    )


def klines(served: Served, _uid: int, parameters: Parameters) -> Any:
    """Also uiKlines: what Binance changes for charts is not documented."""
    return [wire.kline(bar) for bar in _bars(served, parameters)]


def average_price(served: Served, _uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    price = served.venue.average_price(symbol)
    recent = served.venue.trades(symbol, 1)
    return {
        "mins": served.venue.rules(symbol).average_minutes,
        "price": wire.text(price) if price is not None else "0.00000000",
        "closeTime": recent[-1].time_ms if recent else served.now_ms(),
    }


def _depth_weight(parameters: Parameters) -> int:
    limit = parameters.integer("limit") or 100
    return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1000 else 250


def _rules_weight(parameters: Parameters) -> int:
    if "symbol" in parameters:
        return 2
    names = tickers.asked_names(parameters)
    return min(40, 2 * names) if names else 40


PING = public(ping)
TIME = public(server_time)
EXCHANGE_INFO = public(exchange_info, "symbol symbols permissions showPermissionSets symbolStatus", 20)
EXECUTION_RULES = public(execution_rules, "symbol symbols symbolStatus", _rules_weight)
DEPTH = public(depth, "symbol limit symbolStatus", _depth_weight)
TRADES = public(trades, "symbol limit", 25)
HISTORICAL_TRADES = public(historical_trades, "symbol limit fromId", 25)
BLOCK_TRADES = public(historical_block_trades, "symbol limit fromId", 25)
AGGREGATE_TRADES = public(aggregate_trades, "symbol fromId startTime endTime limit", 4)
KLINES = public(klines, "symbol interval startTime endTime timeZone limit", 2)
AVERAGE_PRICE = public(average_price, "symbol", 2)
REFERENCE_PRICE = public(reference_price, "symbol", 2)
REFERENCE_PRICE_CALCULATION = public(reference_price, "symbol symbolStatus", 2)

REST: dict[tuple[str, str], Endpoint] = {
    ("GET", "/api/v3/ping"): PING,
    ("GET", "/api/v3/time"): TIME,
    ("GET", "/api/v3/exchangeInfo"): EXCHANGE_INFO,
    ("GET", "/api/v3/executionRules"): EXECUTION_RULES,
    ("GET", "/api/v3/depth"): DEPTH,
    ("GET", "/api/v3/trades"): TRADES,
    ("GET", "/api/v3/historicalTrades"): HISTORICAL_TRADES,
    ("GET", "/api/v3/historicalBlockTrades"): BLOCK_TRADES,
    ("GET", "/api/v3/aggTrades"): AGGREGATE_TRADES,
    ("GET", "/api/v3/klines"): KLINES,
    ("GET", "/api/v3/uiKlines"): KLINES,
    ("GET", "/api/v3/avgPrice"): AVERAGE_PRICE,
    ("GET", "/api/v3/referencePrice"): REFERENCE_PRICE,
    ("GET", "/api/v3/referencePrice/calculation"): REFERENCE_PRICE_CALCULATION,
    **tickers.REST,
}

WEBSOCKET: dict[str, Endpoint] = {
    "ping": PING,
    "time": TIME,
    "exchangeInfo": EXCHANGE_INFO,
    "executionRules": EXECUTION_RULES,
    "depth": DEPTH,
    "trades.recent": TRADES,
    "trades.historical": HISTORICAL_TRADES,
    "blockTrades.historical": BLOCK_TRADES,
    "trades.aggregate": AGGREGATE_TRADES,
    "klines": KLINES,
    "uiKlines": KLINES,
    "avgPrice": AVERAGE_PRICE,
    "referencePrice": REFERENCE_PRICE,
    "referencePrice.calculation": REFERENCE_PRICE_CALCULATION,
    **tickers.WEBSOCKET,
}
