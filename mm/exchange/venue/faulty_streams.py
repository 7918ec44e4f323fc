"""Market and account stream of the exchange in process, with the plan's faults on them, as the adapter tells them.

Driven by the events that come: each is a moment at which streams end, come back, and late events arrive. A delay is
therefore as fine as the market's own step.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from mm.domain.book import Book, Level
from mm.domain.events import (
    BalanceSeen,
    BookSeen,
    Event,
    FillSeen,
    HaltRequested,
    MarketTradeSeen,
    OrderSeen,
    StreamDown,
    StreamUp,
)
from mm.exchange.venue.faults.fate import BookFault
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.requests import ACCOUNT_STREAM, CONNECT
from mm.exchange.venue.faulty_line import judged
from mm.ports import Clock, EventSink

FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 250, 30_000
_STEADY_MS = 30_000
_DIAL = {"market": "depth", ACCOUNT_STREAM: "userDataStream.subscribe.signature"}
GAP = "gap in the depth updates"
_MARKET_DATA = (BookSeen, MarketTradeSeen)


class Refusals(Protocol):
    """What is remembered of refused requests, whoever sent them."""

    def failed(self, reason: str) -> None: ...
    def answered(self, status: int, retry_after: float | None) -> None: ...
    def locked_out(self) -> bool: ...


@dataclass(slots=True)
class _Connection:
    """`name` as the plan knows it, `told` as the bot does."""

    name: str
    told: str
    is_open: bool = False
    is_shown: bool = False
    has_gap: bool = False
    heard_ms: int = 0
    opened_ms: int = 0
    retry_ms: int = 0
    pause_ms: int = FIRST_PAUSE_MS
    is_halted: bool = False


@dataclass(slots=True)
class _Outcome:
    why: str = ""
    wait_ms: int = 0
    halts: str = ""


@dataclass(slots=True)
class FaultyStreams:
    """`sink` gets what the bot would; `wipe` carries the wipe of a testnet out. `silence_ms` without market data, and
    `dead_ms` without any sign of life, end a connection."""

    plan: FaultPlan
    clock: Clock
    true_ms: Callable[[], int]
    sink: EventSink
    symbol: str
    refusals: Refusals
    wipe: Callable[[], None]
    silence_ms: int
    dead_ms: int
    _market: _Connection = field(default_factory=lambda: _Connection("market", "market"))
    _account: _Connection = field(default_factory=lambda: _Connection(ACCOUNT_STREAM, "account"))
    _waiting: list[tuple[int, int, tuple[Event, ...]]] = field(default_factory=list)
    _number: int = 0
    _fill: FillSeen | None = None
    _newest_book_ms: int = 0
    _quiet: int = 0

    def take(self, event: Event) -> None:
        """An event of the faultless exchange."""
        now = self.true_ms()
        if (
            self._quiet
            and isinstance(event, _MARKET_DATA)
            and event.exchange_ms >= self._newest_book_ms
            and not self._waiting
            and self.plan.quiet_stretch(now) == self._quiet
        ):
            self._pass(event, now)
            return
        self._take(event, now)
        steady = all(each.is_open and each.is_shown and not each.has_gap for each in (self._market, self._account))
        self._quiet = self.plan.quiet_stretch(now) if steady else 0

    def _pass(self, event: BookSeen | MarketTradeSeen, now: int) -> None:
        """What `_take` comes to for market data while nothing is wrong with streams and nothing has changed since the
        last event."""
        self._market.heard_ms = self._account.heard_ms = now
        if isinstance(event, BookSeen):
            self._newest_book_ms = event.exchange_ms
        self.sink(event)

    def _take(self, event: Event, now: int) -> None:
        if isinstance(event, StreamUp):
            return  # both streams come up by themselves
        for connection in (self._market, self._account):
            self._step(connection, now)
        self._act(now)
        self._deliver(now)
        if isinstance(event, FillSeen):
            self._fill = event  # of one report with the order's new state, which comes next
            return
        if isinstance(event, OrderSeen) and self._fill is not None:
            self._plan_delivery(ACCOUNT_STREAM, (self._fill, event), now)
            self._fill = None
        elif isinstance(event, OrderSeen | BalanceSeen):
            self._plan_delivery(ACCOUNT_STREAM, (event,), now)
        elif isinstance(event, BookSeen):
            self._plan_delivery(f"{self.symbol.lower()}@depth@100ms", (event,), now)
        elif isinstance(event, MarketTradeSeen):
            self._plan_delivery(f"{self.symbol.lower()}@trade", (event,), now)
        else:
            self.sink(event)

    # --- events ---------------------------------------------------------------------------

    def _plan_delivery(self, stream: str, events: tuple[Event, ...], now: int) -> None:
        connection = self._account if stream == ACCOUNT_STREAM else self._market
        if not connection.is_open:
            return
        delays: tuple[int, ...] = ()
        if self.plan.silence(connection.name, now) == "no":
            delays = self.plan.on_event(stream, now)
            connection.heard_ms = now
        is_book = isinstance(events[0], BookSeen)
        if is_book and not delays:
            connection.has_gap = True
        for delay in delays[:1] if is_book else delays:  # a repeated change of the book is recognised by its id
            if delay <= 0:
                self._hand_over(connection, events, now)
            else:
                self._number += 1
                heapq.heappush(self._waiting, (now + delay, self._number, events))

    def _deliver(self, now: int) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, _, events = heapq.heappop(self._waiting)
            of_account = not isinstance(events[0], _MARKET_DATA)
            connection = self._account if of_account else self._market
            if connection.is_open:
                self._hand_over(connection, events, now)

    def _hand_over(self, connection: _Connection, events: tuple[Event, ...], now: int) -> None:
        skew = self.plan.clock_skew_ms(now)
        for event in events:
            if isinstance(event, BookSeen):
                self._show(connection, event, now, skew)
            elif isinstance(event, MarketTradeSeen):
                told_ms = event.exchange_ms + skew
                self.sink(replace(event, at=self.clock.now(), mono=self.clock.monotonic(), exchange_ms=told_ms))
            else:
                self.sink(replace(event, **self._now()))

    def _show(self, connection: _Connection, seen: BookSeen, now: int, skew: int) -> None:
        if seen.exchange_ms < self._newest_book_ms:
            connection.has_gap = True  # overtaken: its ids do not follow
            return
        if connection.has_gap:
            connection.has_gap = False
            if connection.is_shown:
                self._tell_down(connection, GAP)
            ended = self._dialled(connection, now)
            if ended.why:
                self._end(connection, ended, now)
                return
        self._newest_book_ms = seen.exchange_ms
        if not connection.is_shown:
            connection.is_shown = True
            self.sink(StreamUp(stream="market", **self._now()))
        fault = self.plan.book_fault(now)
        book, told_ms = seen.book, seen.exchange_ms
        if fault is not None:
            book = wrong_book(book, fault)
            told_ms = min(told_ms, fault.starts_ms) if fault.kind == "stale-book" else told_ms
        self.sink(replace(seen, book=book, exchange_ms=told_ms + skew, **self._now()))

    # --- connections ------------------------------------------------------------------------

    def _step(self, connection: _Connection, now: int) -> None:
        closing = self.plan.closes(connection.name, now)
        silence = self.plan.silence(connection.name, now)
        if connection.is_open:
            unheard = now - connection.heard_ms
            if silence == "no":
                connection.heard_ms = now
            if closing:
                self._end(connection, _Outcome("the connection was closed"), now)
            elif silence == "no-pings" and unheard >= self.dead_ms:
                self._end(connection, _Outcome("no sign of life"), now)
            elif silence != "no" and connection is self._market and unheard >= self.silence_ms:
                self._end(connection, _Outcome(f"no market data for {self.silence_ms / 1000:g} s"), now)
        elif now >= connection.retry_ms and not connection.is_halted:
            ended = self._dialled(connection, now)
            if closing or silence == "no-pings" or (silence == "pings" and connection is self._account):
                ended = _Outcome("no connection to the exchange")
            if ended.why:
                self._end(connection, ended, now)
                return
            connection.is_open = True
            connection.has_gap = False
            connection.heard_ms = connection.opened_ms = now
            if connection is self._account:
                connection.is_shown = True
                self.sink(StreamUp(stream="account", **self._now()))

    def _dialled(self, connection: _Connection, now: int) -> _Outcome:
        """The request that a connection begins with: a snapshot of the book, a signed subscription."""
        if connection is self._account and self.refusals.locked_out():
            return _Outcome("the key was refused", halts="authentication")
        fate = self.plan.on_request(CONNECT, now)
        if fate.refusal is None and fate.answer == "deliver":
            fate = self.plan.on_request(_DIAL[connection.name], now)
        if fate.refusal is not None:
            failure = judged(fate.refusal)
            self.refusals.answered(fate.refusal.status, failure.retry_after or None)
            self.refusals.failed(failure.reason)
            halts = "geo_blocked" if failure.reason == "geo_blocked" else ""
            if connection is self._account and self.refusals.locked_out():
                halts = "authentication"
            return _Outcome(failure.text, round(failure.retry_after * 1000), halts)
        if fate.answer != "deliver":
            return _Outcome("no readable answer")
        return _Outcome()

    def _end(self, connection: _Connection, outcome: _Outcome, now: int) -> None:
        if connection.is_open and now - connection.opened_ms >= _STEADY_MS:
            connection.pause_ms = FIRST_PAUSE_MS
        connection.is_open = connection.is_shown = False
        connection.retry_ms = now + max(connection.pause_ms, outcome.wait_ms)
        connection.pause_ms = min(LONGEST_PAUSE_MS, connection.pause_ms * 2)
        self._tell_down(connection, outcome.why)
        if outcome.halts:
            connection.is_halted = True
            self.sink(HaltRequested(cause=outcome.halts, detail=outcome.why, **self._now()))

    def _tell_down(self, connection: _Connection, why: str) -> None:
        connection.is_shown = False
        self.sink(StreamDown(stream=connection.told, why=why, **self._now()))

    def _act(self, now: int) -> None:
        for fault in self.plan.due(now):
            if fault.kind == "wipe":
                self.wipe()
            on_both = fault.kind == "shutdown-notice"
            why = "the exchange is shutting this connection down" if on_both else "the exchange ended the subscription"
            for connection in (self._market, self._account) if on_both else (self._account,):
                if connection.is_open:
                    self._end(connection, _Outcome(why), now)

    def _now(self) -> dict[str, int]:
        return {"at": self.clock.now(), "mono": self.clock.monotonic()}


def wrong_book(book: Book, fault: BookFault) -> Book:
    """`book` as market data shows it while `fault` holds."""
    if not book.is_two_sided or fault.kind == "stale-book":
        return book
    if fault.kind == "price-gap":
        middle = (book.best_bid + book.best_ask) / 2
        by = round(middle * fault.per_cent / 100)
        return Book(_moved(book.bids, by), _moved(book.asks, by), book.update_id)
    above = 1 if fault.kind == "crossed-book" else 0
    wrong = (book.best_ask + above, book.asks[0][1])
    return Book((wrong, *book.bids), book.asks, book.update_id)


def _moved(levels: tuple[Level, ...], by: int) -> tuple[Level, ...]:
    return tuple((ticks + by, lots) for ticks, lots in levels if ticks + by > 0)
