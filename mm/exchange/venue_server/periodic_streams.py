"""Streams that come at fixed times: partial books, tickers, rolling windows, average prices, bars."""

from collections.abc import Iterator
from typing import Any

from mm.exchange.venue.intervals import INTERVALS
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import Ticker
from mm.exchange.venue_server import events_wire
from mm.exchange.venue_server.stream_name import StreamName

PERIODIC = frozenset({"partial_depth", "kline", "ticker", "miniTicker", "window", "avgPrice", "miniTickers", "windows"})
_BARS_MISSED = 5
"""Closed bars told late at most."""


class PeriodicStreams:
    """What a stream sends when it is due; remembers what it sent before."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._open_bars: dict[str, int] = {}
        self._seen: dict[str, dict[str, tuple[int, int, int]]] = {}

    def forget(self, name: str) -> None:
        """Nobody listens any more."""
        self._open_bars.pop(name, None)
        self._seen.pop(name, None)

    def events(self, stream: StreamName, now_ms: int) -> Iterator[Any]:
        venue, symbol = self._venue, stream.symbol
        match stream.kind:
            case "partial_depth":
                yield events_wire.partial_depth(venue.depth(symbol, stream.levels))
            case "kline":
                yield from self._bars(stream, now_ms)
            case "miniTicker":
                yield events_wire.mini_ticker(venue.ticker_24h(symbol), now_ms)
            case "ticker":
                yield events_wire.ticker(venue.ticker_24h(symbol), venue.book_ticker(symbol), now_ms)
            case "window":
                window = venue.rolling_ticker(symbol, stream.window_ms)
                yield events_wire.window_ticker(f"{stream.window}Ticker", window, now_ms)
            case "avgPrice":
                yield from self._average(symbol, now_ms)
            case "miniTickers" | "windows":
                changed = self._changed(stream, now_ms)
                if changed:
                    yield changed

    def _bars(self, stream: StreamName, now_ms: int) -> Iterator[Any]:
        """The running bar; before it those that closed since the last time, once more."""
        bars = self._venue.klines(stream.symbol, INTERVALS[stream.interval], _BARS_MISSED, offset_ms=stream.zone_ms)
        shown = self._open_bars.get(stream.name)
        for bar in bars:
            if bar is bars[-1] or (shown is not None and bar.open_ms >= shown):
                yield events_wire.kline(bar, stream.interval, now_ms)
        if bars:
            self._open_bars[stream.name] = bars[-1].open_ms

    def _average(self, symbol: str, now_ms: int) -> Iterator[Any]:
        price, recent = self._venue.average_price(symbol), self._venue.trades(symbol, 1)
        if price is not None and recent:
            yield events_wire.average_price(symbol, price, recent[-1].time_ms, now_ms)

    def _changed(self, stream: StreamName, now_ms: int) -> list[Any]:
        """Tickers of all symbols whose window is not the one sent before."""
        seen = self._seen.setdefault(stream.name, {})
        found = []
        for symbol in self._venue.symbols:
            window = self._window(stream, symbol)
            key = (window.first_trade_id, window.last_trade_id, window.trades)
            if seen.get(symbol, (-1, -1, 0)) == key:
                continue
            seen[symbol] = key
            if stream.window:
                found.append(events_wire.window_ticker(f"{stream.window}Ticker", window, now_ms))
            else:
                found.append(events_wire.mini_ticker(window, now_ms))
        return found

    def _window(self, stream: StreamName, symbol: str) -> Ticker:
        if stream.window:
            return self._venue.rolling_ticker(symbol, stream.window_ms)
        return self._venue.ticker_24h(symbol)
