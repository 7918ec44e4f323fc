"""Tickers: last price, best prices, and statistics of 24 hours, of a trading day and of any window."""

import re
from collections.abc import Callable
from typing import Any

from mm.exchange.venue.intervals import DAY_MS, HOUR_MS, MINUTE_MS
from mm.exchange.venue.views import BookTicker, Ticker
from mm.exchange.venue_server import api_error, wire
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.endpoint import Endpoint, public
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.symbol_choice import chosen, require_status, status_asked, symbol_names, time_zone_ms

_WINDOW = re.compile(r"^(?P<number>[1-9][0-9]?)(?P<unit>[mhd])$")
_UNITS = {"m": (MINUTE_MS, 59), "h": (HOUR_MS, 23), "d": (DAY_MS, 7)}
_FEW, _SOME = 20, 100
_WEIGHT_MOST = 200


def price(served: Served, _uid: int, parameters: Parameters) -> Any:
    def one(symbol: str) -> wire.Json:
        # A market that has just begun has no trade yet; the real one always has. Its best bid stands in.
        last = served.venue.last_price(symbol) or _book(served, symbol).bid
        return {"symbol": symbol, "price": wire.text(last)}

    return _each(served, parameters, one)


def book(served: Served, _uid: int, parameters: Parameters) -> Any:
    return _each(served, parameters, lambda symbol: wire.book_ticker(_book(served, symbol)))


def day_rolling(served: Served, _uid: int, parameters: Parameters) -> Any:
    mini = _is_mini(parameters)

    def one(symbol: str) -> wire.Json:
        day = served.venue.ticker_24h(symbol)
        return wire.mini_ticker(day) if mini else wire.ticker_24h(day, _book(served, symbol))

    return _each(served, parameters, one)


def trading_day(served: Served, _uid: int, parameters: Parameters) -> Any:
    offset_ms = time_zone_ms(parameters)
    return _windows(served, parameters, lambda symbol: served.venue.day_ticker(symbol, offset_ms))


def rolling(served: Served, _uid: int, parameters: Parameters) -> Any:
    length_ms = window_ms(parameters.optional("windowSize") or "1d")
    return _windows(served, parameters, lambda symbol: served.venue.rolling_ticker(symbol, length_ms))


def window_ms(text: str) -> int:
    """`1m` to `59m`, `1h` to `23h`, `1d` to `7d`. Raises -1130."""
    found = _WINDOW.fullmatch(text)
    if found:
        unit, most = _UNITS[found["unit"]]
        if int(found["number"]) <= most:
            return int(found["number"]) * unit
    raise api_error.invalid("windowSize")


def _windows(served: Served, parameters: Parameters, window: Callable[[str], Ticker]) -> Any:
    if "symbol" not in parameters and "symbols" not in parameters:
        raise api_error.missing_both("symbol", "symbols")
    shape = wire.mini_ticker if _is_mini(parameters) else wire.ticker
    return _each(served, parameters, lambda symbol: shape(window(symbol)))


def _is_mini(parameters: Parameters) -> bool:
    return parameters.choice("type", {"FULL", "MINI"}, ApiError(-1139, "Invalid ticker type.")) == "MINI"


def _book(served: Served, symbol: str) -> BookTicker:
    return served.venue.book_ticker(symbol)


def _each(served: Served, parameters: Parameters, answer: Callable[[str], wire.Json]) -> Any:
    """One object for `symbol`, a list for `symbols` or for none; of a list only those with the status asked for."""
    names, status = chosen(parameters), status_asked(parameters)
    if "symbol" in parameters and names:
        served.venue.rules(names[0])
        require_status(served, names[0], parameters)
        return answer(names[0])
    if names is None:
        names = symbol_names(served)
        served.look_at(names)
    return [answer(name) for name in names if status is None or served.venue.status(name) == status]


def asked_names(parameters: Parameters) -> int:
    """How many symbols `symbols` names, for the weight; what it holds is checked later."""
    many = parameters.optional("symbols")
    return many.count(",") + 1 if many else 0


def _by_count(parameters: Parameters) -> int:
    if "symbol" in parameters:
        return 2
    names = asked_names(parameters)
    return 80 if not names or names > _SOME else 2 if names <= _FEW else 40


def _by_symbol(parameters: Parameters) -> int:
    return 2 if "symbol" in parameters else 4


def _four_each(parameters: Parameters) -> int:
    return min(_WEIGHT_MOST, 4 * max(1, asked_names(parameters)))


DAY_ROLLING = public(day_rolling, "symbol symbols type symbolStatus", _by_count)
TRADING_DAY = public(trading_day, "symbol symbols timeZone type symbolStatus", _four_each)
ROLLING = public(rolling, "symbol symbols windowSize type symbolStatus", _four_each)
PRICE = public(price, "symbol symbols symbolStatus", _by_symbol)
BOOK = public(book, "symbol symbols symbolStatus", _by_symbol)

REST: dict[tuple[str, str], Endpoint] = {
    ("GET", "/api/v3/ticker/24hr"): DAY_ROLLING,
    ("GET", "/api/v3/ticker/tradingDay"): TRADING_DAY,
    ("GET", "/api/v3/ticker"): ROLLING,
    ("GET", "/api/v3/ticker/price"): PRICE,
    ("GET", "/api/v3/ticker/bookTicker"): BOOK,
}
WEBSOCKET: dict[str, Endpoint] = {
    "ticker.24hr": DAY_ROLLING,
    "ticker.tradingDay": TRADING_DAY,
    "ticker": ROLLING,
    "ticker.price": PRICE,
    "ticker.book": BOOK,
}
