"""Market streams: what subscribers get, and when.

Trades and best prices go out as they happen; the owner of the clock calls `tick` every 100 ms for depth and, each
tenth time, for what comes once a second (slow depth, tickers, average prices, bars of a second), each twentieth time
for other bars. Speeds: Binance Spot API documentation, "WebSocket Streams". What nobody listens to is not made.
"""

from collections.abc import Callable
from typing import Any, Protocol

from mm.exchange.venue.events import VenueEvent
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import BookTicker, PublicTrade
from mm.exchange.venue_server import events_wire
from mm.exchange.venue_server.periodic_streams import PERIODIC, PeriodicStreams
from mm.exchange.venue_server.slow_depth import SlowDepth
from mm.exchange.venue_server.stream_message import StreamMessage
from mm.exchange.venue_server.stream_name import EVERY_SYMBOL, StreamName

TICKS_A_SECOND = 10


class Subscriber(Protocol):
    def deliver(self, message: StreamMessage) -> None: ...


class SymbolStreams:
    """The names of one symbol's streams of the moment and of depth."""

    __slots__ = ("aggregate", "best", "depth", "fast_depth", "slow", "slow_depth", "symbol", "trade")

    def __init__(self, symbol: str) -> None:
        low = symbol.lower()
        self.symbol = symbol
        self.trade, self.aggregate, self.best = f"{low}@trade", f"{low}@aggTrade", f"{low}@bookTicker"
        self.fast_depth = f"{low}@depth@100ms"
        self.slow_depth = (f"{low}@depth", f"{low}@depth@1000ms")
        self.depth = (self.fast_depth, *self.slow_depth)
        self.slow = SlowDepth()


class Streams:
    """`on_watch` is called with the symbol of every stream that is subscribed."""

    def __init__(
        self,
        venue: Venue,
        symbols: tuple[str, ...],
        now_ms: Callable[[], int],
        on_watch: Callable[[str], None] = lambda _symbol: None,
    ) -> None:
        self._venue = venue
        self._now_ms = now_ms
        self._on_watch = on_watch
        self._subscribers: dict[str, dict[Subscriber, None]] = {}
        self._symbols = {symbol: SymbolStreams(symbol) for symbol in symbols}
        self._periodic: dict[str, StreamName] = {}
        self._periodic_streams = PeriodicStreams(venue)
        self._ticks = 0
        for symbol in symbols:
            venue.drain_depth(symbol)  # from here on no change of depth is left out
        self.stop: Callable[[], None] = venue.subscribe(self._on_event)

    def subscribe(self, stream: StreamName, subscriber: Subscriber) -> None:
        """A symbol that is not listed is accepted and stays silent, as on Binance."""
        self._subscribers.setdefault(stream.name, {})[subscriber] = None
        every = stream.symbol == EVERY_SYMBOL
        if stream.kind in PERIODIC and (every or stream.symbol in self._symbols):
            self._periodic[stream.name] = stream
        if every:
            for symbol in self._symbols if stream.kind in PERIODIC else ():
                self._on_watch(symbol)
        elif stream.symbol in self._symbols:
            self._on_watch(stream.symbol)

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
            self._periodic_streams.forget(name)

    def tick(self) -> None:
        now_ms = self._now_ms()
        self._ticks += 1
        whole_second = self._ticks % TICKS_A_SECOND == 0
        changed: set[str] = set()
        for symbol, streams in self._symbols.items():
            if self._tick_depth(streams, now_ms, whole_second=whole_second):
                changed.add(symbol)
        for stream in tuple(self._periodic.values()):
            if stream.fast:
                due = stream.symbol in changed
            else:
                due = whole_second
                if stream.kind == "kline" and stream.interval != "1s":
                    due = self._ticks % (2 * TICKS_A_SECOND) == 0
            if due:
                for event in self._periodic_streams.events(stream, now_ms):
                    self._publish(stream.name, event)

    def _tick_depth(self, streams: SymbolStreams, now_ms: int, *, whole_second: bool) -> bool:
        """Whether the book changed since the last tick."""
        log = self._venue.market(streams.symbol).book.log
        if log.first_id > log.last_id and not whole_second:
            return False
        if not any(name in self._subscribers for name in streams.depth):
            moved = log.last_id >= log.first_id
            log.drain()
            streams.slow.clear()
            return moved
        change = self._venue.drain_depth(streams.symbol)
        if change is not None:
            streams.slow.add(change)
            if streams.fast_depth in self._subscribers:
                self._publish(streams.fast_depth, events_wire.depth_change(change, now_ms))
        if whole_second:
            update = streams.slow.take(streams.symbol, now_ms)
            if update is not None:
                for name in streams.slow_depth:
                    self._publish(name, update)
        return change is not None

    def _on_event(self, event: VenueEvent) -> None:
        if isinstance(event, BookTicker):
            name = self._symbols[event.symbol].best
            if name in self._subscribers:
                self._publish(name, events_wire.book_ticker(event))
        elif isinstance(event, PublicTrade):
            streams = self._symbols[event.symbol]
            if streams.trade in self._subscribers:
                self._publish(streams.trade, events_wire.trade(event, self._now_ms()))
            if event.completes and streams.aggregate in self._subscribers:
                whole = self._venue.aggregate_trade(event.symbol, event.aggregate_id)
                if whole is not None:
                    self._publish(streams.aggregate, events_wire.aggregate_trade(whole, self._now_ms()))

    def _publish(self, name: str, event: Any) -> None:
        listeners = self._subscribers.get(name)
        if listeners:
            message = StreamMessage(name, event)
            for listener in tuple(listeners):
                listener.deliver(message)
