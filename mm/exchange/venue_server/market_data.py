"""Public operations: time, rules, book, trades, bars, tickers. Weights as Binance's documentation has them."""

import re
from typing import Any

import orjson

from mm.exchange.venue_server import api_error, wire
from mm.exchange.venue_server.endpoint import Endpoint, public
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served

INTERVALS_MS = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "8h": 28_800_000,
    "12h": 43_200_000,
    "1d": 86_400_000,
}
_LIST = re.compile(r'^\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}")*\]$')


def ping(_served: Served, _uid: int, _parameters: Parameters) -> Any:
    return {}


def server_time(served: Served, _uid: int, _parameters: Parameters) -> Any:
    return {"serverTime": served.now_ms()}


def exchange_info(served: Served, _uid: int, parameters: Parameters) -> Any:
    return served.venue.exchange_info(_symbols(parameters))


def depth(served: Served, _uid: int, parameters: Parameters) -> Any:
    return wire.depth(served.venue.depth(parameters.symbol(), parameters.limit(100, 5000)))


def trades(served: Served, _uid: int, parameters: Parameters) -> Any:
    found = served.venue.trades(parameters.symbol(), parameters.limit(500, 1000))
    return [wire.public_trade(trade) for trade in found]


def aggregate_trades(served: Served, _uid: int, parameters: Parameters) -> Any:
    first, start, end = (parameters.integer(name) for name in ("fromId", "startTime", "endTime"))
    limit = parameters.limit(500, 1000)
    found = [
        trade
        for trade in served.venue.trades(parameters.symbol(), 1000)
        if (first is None or trade.trade_id >= first)
        and (start is None or trade.time_ms >= start)
        and (end is None or trade.time_ms <= end)
    ]
    asked_from = first is not None or start is not None
    return [wire.aggregate_trade(trade) for trade in (found[:limit] if asked_from else found[-limit:])]


def klines(served: Served, _uid: int, parameters: Parameters) -> Any:
    symbol, interval = parameters.symbol(), parameters.text("interval")
    if interval not in INTERVALS_MS:
        raise api_error.ApiError(-1120, "Invalid interval.")
    start, end = parameters.integer("startTime"), parameters.integer("endTime")
    limit = parameters.limit(500, 1000)
    bars = [
        bar
        for bar in served.venue.klines(symbol, INTERVALS_MS[interval], 1500)
        if (start is None or bar.open_ms >= start) and (end is None or bar.open_ms <= end)
    ]
    return [wire.kline(bar) for bar in (bars[:limit] if start is not None else bars[-limit:])]


def average_price(served: Served, _uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    price = served.venue.average_price(symbol)
    recent = served.venue.trades(symbol, 1)
    return {
        "mins": 5,
        "price": wire.text(price) if price is not None else "0.00000000",
        "closeTime": recent[-1].time_ms if recent else served.now_ms(),
    }


def ticker_24h(served: Served, _uid: int, parameters: Parameters) -> Any:
    return _each(
        served, parameters, lambda symbol: wire.ticker_24h(served.venue.ticker_24h(symbol), _book(served, symbol))
    )


def ticker_price(served: Served, _uid: int, parameters: Parameters) -> Any:
    def price(symbol: str) -> wire.Json:
        # A market that has just begun has no trade yet; the real one always has. Its best bid stands in.
        last = served.venue.last_price(symbol) or _book(served, symbol).bid
        return {"symbol": symbol, "price": wire.text(last)}

    return _each(served, parameters, price)


def ticker_book(served: Served, _uid: int, parameters: Parameters) -> Any:
    return _each(served, parameters, lambda symbol: wire.book_ticker(_book(served, symbol)))


def _book(served: Served, symbol: str) -> Any:
    return served.venue.book_ticker(symbol)


def _each(served: Served, parameters: Parameters, answer: Any) -> Any:
    """One object for `symbol`, a list for `symbols` or for none."""
    symbol = parameters.symbol_or_none()
    if symbol is not None:
        return answer(symbol)
    return [answer(each) for each in (_symbols(parameters) or symbol_names(served))]


def symbol_names(served: Served) -> tuple[str, ...]:
    return tuple(each["symbol"] for each in served.venue.exchange_info()["symbols"])


def _symbols(parameters: Parameters) -> tuple[str, ...] | None:
    one, many = parameters.symbol_or_none(), parameters.optional("symbols")
    if one is not None and many is not None:
        raise api_error.ApiError(-1128, "Combination of optional parameters invalid.")
    if one is not None:
        return (one,)
    if many is None:
        return None
    if not _LIST.match(many):
        raise api_error.illegal("symbols", '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$')
    return tuple(orjson.loads(many))


def _depth_weight(parameters: Parameters) -> int:
    limit = parameters.integer("limit") or 100
    return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1000 else 250


def _by_symbol(one: int, many: int) -> Any:
    return lambda parameters: one if "symbol" in parameters else many


PING = public(ping)
TIME = public(server_time)
EXCHANGE_INFO = public(exchange_info, "symbol symbols permissions showPermissionSets symbolStatus", 20)
DEPTH = public(depth, "symbol limit symbolStatus", _depth_weight)
TRADES = public(trades, "symbol limit", 25)
AGGREGATE_TRADES = public(aggregate_trades, "symbol fromId startTime endTime limit", 4)
KLINES = public(klines, "symbol interval startTime endTime timeZone limit", 2)
AVERAGE_PRICE = public(average_price, "symbol", 2)
TICKER_24H = public(ticker_24h, "symbol symbols type symbolStatus", _by_symbol(2, 80))
TICKER_PRICE = public(ticker_price, "symbol symbols symbolStatus", _by_symbol(2, 4))
TICKER_BOOK = public(ticker_book, "symbol symbols symbolStatus", _by_symbol(2, 4))

REST: dict[tuple[str, str], Endpoint] = {
    ("GET", "/api/v3/ping"): PING,
    ("GET", "/api/v3/time"): TIME,
    ("GET", "/api/v3/exchangeInfo"): EXCHANGE_INFO,
    ("GET", "/api/v3/depth"): DEPTH,
    ("GET", "/api/v3/trades"): TRADES,
    ("GET", "/api/v3/aggTrades"): AGGREGATE_TRADES,
    ("GET", "/api/v3/klines"): KLINES,
    ("GET", "/api/v3/avgPrice"): AVERAGE_PRICE,
    ("GET", "/api/v3/ticker/24hr"): TICKER_24H,
    ("GET", "/api/v3/ticker/price"): TICKER_PRICE,
    ("GET", "/api/v3/ticker/bookTicker"): TICKER_BOOK,
}

WEBSOCKET: dict[str, Endpoint] = {
    "ping": PING,
    "time": TIME,
    "exchangeInfo": EXCHANGE_INFO,
    "depth": DEPTH,
    "trades.recent": TRADES,
    "trades.aggregate": AGGREGATE_TRADES,
    "klines": KLINES,
    "avgPrice": AVERAGE_PRICE,
    "ticker.24hr": TICKER_24H,
    "ticker.price": TICKER_PRICE,
    "ticker.book": TICKER_BOOK,
}
