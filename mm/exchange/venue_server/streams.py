"""Market streams: what subscribers get, and when.

Trades and best prices go out as they happen; the owner of the clock calls `tick` every 100 ms for depth and,
each tenth time, for what comes once a second (slow depth, tickers, bars).
"""

from collections.abc import Callable
from typing import Any, Protocol

import orjson

from mm.exchange.venue.events import VenueEvent
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import BookTicker, DepthChange, PublicTrade
from mm.exchange.venue_server import events_wire, wire
from mm.exchange.venue_server.market_data import INTERVALS_MS
from mm.exchange.venue_server.stream_name import StreamName

TICKS_A_SECOND = 10


class Subscriber(Protocol):
    def deliver(self, stream: str, payload: bytes) -> None: ...


class Streams:
    """`on_first` is called once, when the first market stream is subscribed."""

    def __init__(
        self,
        venue: Venue,
        symbols: tuple[str, ...],
        now_ms: Callable[[], int],
        on_first: Callable[[], None] = lambda: None,
    ) -> None:
        self._venue = venue
        self._symbols = symbols
        self._now_ms = now_ms
        self._on_first: Callable[[], None] | None = on_first
        self._subscribers: dict[str, dict[Subscriber, None]] = {}
        self._periodic: dict[str, StreamName] = {}
        self._slow = {symbol: SlowDepth() for symbol in symbols}
        self._open_bars: dict[str, int] = {}
        self._ticks = 0
        for symbol in symbols:
            venue.drain_depth(symbol)  # from here on no change of depth is left out
        self.stop: Callable[[], None] = venue.subscribe(self._on_event)

    def subscribe(self, stream: StreamName, subscriber: Subscriber) -> None:
        """A symbol that is not listed is accepted and stays silent, as on Binance."""
        self._subscribers.setdefault(stream.name, {})[subscriber] = None
        if stream.symbol in self._slow and stream.kind in {"partial_depth", "kline", "ticker", "miniTicker"}:
            self._periodic[stream.name] = stream
        if self._on_first is not None:
            self._on_first()
            self._on_first = None

    @property
    def names(self) -> frozenset[str]:
        """Streams that somebody listens to."""
        return frozenset(self._subscribers)

    def unsubscribe(self, name: str, subscriber: Subscriber) -> None:
        listeners = self._subscribers.get(name, {})
        listeners.pop(subscriber, None)
        if not listeners:
            self._subscribers.pop(name, None)
            self._periodic.pop(name, None)
            self._open_bars.pop(name, None)

    def tick(self) -> None:
        now_ms = self._now_ms()
        self._ticks += 1
        whole_second = self._ticks % TICKS_A_SECOND == 0
        changed: set[str] = set()
        for symbol in self._symbols:
            change = self._venue.drain_depth(symbol)
            slow = self._slow[symbol]
            if change is not None:
                changed.add(symbol)
                slow.add(change)
                name = f"{symbol.lower()}@depth@100ms"
                if name in self._subscribers:
                    self._publish(name, events_wire.depth_change(change, now_ms))
            if whole_second:
                update = slow.take(symbol, now_ms)
                if update is not None:
                    for suffix in ("", "@1000ms"):
                        self._publish(f"{symbol.lower()}@depth{suffix}", update)
        for stream in tuple(self._periodic.values()):
            if whole_second or (stream.fast and stream.symbol in changed):
                self._publish_periodic(stream, now_ms)

    def _publish_periodic(self, stream: StreamName, now_ms: int) -> None:
        match stream.kind:
            case "partial_depth":
                self._publish(stream.name, events_wire.partial_depth(self._venue.depth(stream.symbol, stream.levels)))
            case "kline":
                self._publish_bars(stream, now_ms)
            case "miniTicker":
                self._publish(stream.name, events_wire.mini_ticker(self._venue.ticker_24h(stream.symbol), now_ms))
            case "ticker":
                day, book = self._venue.ticker_24h(stream.symbol), self._venue.book_ticker(stream.symbol)
                self._publish(stream.name, events_wire.ticker(day, book, now_ms))

    def _publish_bars(self, stream: StreamName, now_ms: int) -> None:
        """The running bar; before it the last one once more, closed."""
        bars = self._venue.klines(stream.symbol, INTERVALS_MS[stream.interval], 2)
        shown = self._open_bars.get(stream.name)
        for bar in bars:
            if bar is bars[-1] or bar.open_ms == shown:
                self._publish(stream.name, events_wire.kline(bar, stream.interval, now_ms))
        if bars:
            self._open_bars[stream.name] = bars[-1].open_ms

    def _on_event(self, event: VenueEvent) -> None:
        if isinstance(event, BookTicker):
            name = f"{event.symbol.lower()}@bookTicker"
            if name in self._subscribers:
                self._publish(name, events_wire.book_ticker(event))
        elif isinstance(event, PublicTrade):
            symbol = event.symbol.lower()
            if f"{symbol}@trade" in self._subscribers:
                self._publish(f"{symbol}@trade", events_wire.trade(event, self._now_ms()))
            if f"{symbol}@aggTrade" in self._subscribers:
                self._publish(f"{symbol}@aggTrade", events_wire.aggregate_trade(event, self._now_ms()))

    def _publish(self, name: str, event: dict[str, Any]) -> None:
        listeners = self._subscribers.get(name)
        if listeners:
            payload = orjson.dumps(event)
            for listener in tuple(listeners):
                listener.deliver(name, payload)


class SlowDepth:
    """Fast depth changes merged into one: the newest size of each level, ids from the first to the last."""

    def __init__(self) -> None:
        self._first = self._last = 0
        self._bids: dict[str, str] = {}
        self._asks: dict[str, str] = {}

    def add(self, change: DepthChange) -> None:
        if not self._first:
            self._first = change.first_update_id
        self._last = change.last_update_id
        self._bids.update(wire.levels(change.bids))
        self._asks.update(wire.levels(change.asks))

    def take(self, symbol: str, now_ms: int) -> dict[str, Any] | None:
        """What came since the last call; None when nothing did."""
        if not self._first:
            return None
        bids, asks = list(self._bids.items()), list(self._asks.items())
        update = events_wire.depth_update(symbol, (self._first, self._last), bids, asks, now_ms)
        self._first = 0
        self._bids, self._asks = {}, {}
        return update
