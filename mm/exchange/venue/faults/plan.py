"""The faults of one exchange, past, present and to come, and what they do to each request and event.

Each fault draws from a generator of its own, made when it is added: how one fault falls does not depend on what
others do, or on requests it is not aimed at. The same faults, generator and calls give the same fates.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from mm.exchange.venue.faults.fate import (
    UNTOUCHED,
    UNTOUCHED_EVENT,
    BookFault,
    RequestFate,
    Silence,
)
from mm.exchange.venue.faults.fault import Fault
from mm.exchange.venue.faults.kind import Scope
from mm.exchange.venue.faults.kinds import RANK
from mm.exchange.venue.faults.latency import Latency
from mm.exchange.venue.faults.outcome import outcome
from mm.exchange.venue.faults.requests import stream_kind
from mm.exchange.venue.faults.values import NewRule, Skew

_NEVER = 1 << 62
_CLOSING = frozenset({"unreachable", "maintenance", "stream-close"})


class FaultPlan:
    """Asked by whoever applies it. `now_ms` (UTC) must not run backwards by much: faults are dated by it."""

    def __init__(self, faults: Iterable[Fault], rng: random.Random) -> None:
        self._rng = rng
        self._faults: dict[int, Fault] = {}
        self._draws: dict[int, random.Random] = {}
        self._next_id = 1
        self._active: tuple[tuple[int, Fault], ...] = ()
        self._active_until = -_NEVER
        self._active_from = _NEVER
        self._stretch = 0  # counts the times between two edges, in which nothing begins or ends
        self._spares_streams = False
        self._closing: dict[str, tuple[int, bool]] = {}
        self._due_in = -1
        self._told: set[tuple[int, str]] = set()
        self._last_due: dict[str, int] = {}
        self.met: Counter[str] = Counter()
        """How often each kind struck."""
        for fault in faults:
            self.add(fault)

    # --- what is planned

    @property
    def faults(self) -> dict[int, Fault]:
        """By the number they were given."""
        return dict(self._faults)

    @property
    def is_empty(self) -> bool:
        return not self._faults

    def add(self, fault: Fault) -> int:
        """Its number. Raises ValueError when it overlaps one of its kind and target."""
        for number, other in self._faults.items():
            if fault.overlaps(other):
                raise ValueError(f"{fault.kind} overlaps fault {number}, which is of the same kind and target")
        number, self._next_id = self._next_id, self._next_id + 1
        self._faults[number] = fault
        self._draws[number] = random.Random(self._rng.getrandbits(64))  # noqa: S311 - faults, not secrets
        self._active_until = -_NEVER
        return number

    def remove(self, number: int) -> Fault:
        """It ends at once. Raises KeyError."""
        fault = self._faults.pop(number)
        del self._draws[number]
        self._active_until = -_NEVER
        return fault

    def clear(self) -> int:
        """How many there were."""
        count = len(self._faults)
        for number in tuple(self._faults):
            self.remove(number)
        return count

    def active(self, now_ms: int) -> tuple[tuple[int, Fault], ...]:
        """Faults that hold now, with their numbers, in the order of precedence."""
        if not self._active_from <= now_ms < self._active_until:
            self._active = tuple(
                sorted(
                    ((number, fault) for number, fault in self._faults.items() if fault.is_active(now_ms)),
                    key=lambda pair: (RANK[pair[1].kind], pair[0]),
                )
            )
            edges = [edge for fault in self._faults.values() for edge in (fault.starts_ms, fault.ends_ms)]
            self._active_from = max((edge for edge in edges if edge <= now_ms), default=-_NEVER)
            self._active_until = min((edge for edge in edges if edge > now_ms), default=_NEVER)
            self._stretch += 1
            self._spares_streams = all(fault.of.scope is Scope.REQUESTS for _, fault in self._active)
            self._count_windows()
        return self._active

    def quiet_stretch(self, now_ms: int) -> int:
        """The number of the present stretch of time, if no fault holds in it but such as strike requests, and no event
        is held up; else 0. It changes whenever a fault begins, ends, is added or removed."""
        self.active(now_ms)
        if not self._spares_streams or (self._last_due and max(self._last_due.values()) >= now_ms):
            return 0
        return self._stretch

    def _count_windows(self) -> None:
        """Faults that are met by being there, not by striking one request or event."""
        for number, fault in self._active:
            lasting = fault.of.scope in (Scope.CLOCK, Scope.BOOK) or isinstance(fault.meaning, NewRule)
            if (lasting or fault.kind == "stream-silence") and (number, "begun") not in self._told:
                self._told.add((number, "begun"))
                self.met[fault.kind] += 1

    def next_edge_ms(self, now_ms: int) -> int | None:
        """When the next fault begins or ends; None: nothing more is to come."""
        self.active(now_ms)
        return self._active_until if self._active_until != _NEVER else None

    # --- requests

    def on_request(self, name: str, now_ms: int) -> RequestFate:
        """The fate of a request of this name (that of the WebSocket API, on REST too)."""
        fate = UNTOUCHED
        decided = False
        for number, fault in self.active(now_ms):
            scope = fault.of.scope
            if scope not in (Scope.REQUESTS, Scope.EVERYTHING) or not fault.hits_request(name):
                continue
            if isinstance(fault.meaning, NewRule) or not self._strikes(number, fault):
                continue
            if fault.kind in ("latency-in", "latency-out"):
                fate = self._delayed(fate, number, fault)
            elif not decided:
                decided = True
                fate = outcome(fault, self._draws[number])
            else:
                continue
            self.met[fault.kind] += 1
            fate = replace(fate, kinds=(*fate.kinds, fault.kind))
        return fate

    def _delayed(self, fate: RequestFate, number: int, fault: Fault) -> RequestFate:
        assert isinstance(fault.meaning, Latency)  # noqa: S101 - by the kind's reader
        took = fault.meaning.draw(self._draws[number])
        if fault.kind == "latency-in":
            return replace(fate, delay_in_ms=fate.delay_in_ms + took)
        return replace(fate, delay_out_ms=fate.delay_out_ms + took)

    def changed_rules(self, now_ms: int) -> tuple[NewRule, ...]:
        """Filters that hold in place of the symbol's own."""
        return tuple(fault.meaning for _, fault in self.active(now_ms) if isinstance(fault.meaning, NewRule))

    def is_active(self, kind: str, now_ms: int) -> bool:
        return any(fault.kind == kind for _, fault in self.active(now_ms))

    # --- events and connections

    def on_event(self, stream: str, now_ms: int) -> tuple[int, ...]:
        """Delays in ms of each delivery of one event: none: lost; two: twice. Late events keep their order, and what
        comes after them waits for them; reordered ones do not."""
        delays: tuple[int, ...] = UNTOUCHED_EVENT
        overtakes = False
        for number, fault in self.active(now_ms):
            if fault.of.scope is not Scope.EVENTS or not fault.hits_stream(stream):
                continue
            if not self._strikes(number, fault):
                continue
            self.met[fault.kind] += 1
            draw, meaning = self._draws[number], fault.meaning
            match fault.kind:
                case "events-lost" | "depth-gap":
                    return ()
                case "events-duplicated":
                    delays = (*delays, delays[0] + draw.randint(0, meaning if isinstance(meaning, int) else 0))
                case "events-reordered":
                    overtakes = True
                    extra = draw.randint(0, meaning if isinstance(meaning, int) else 0)
                    delays = tuple(delay + extra for delay in delays)
                case "events-late":
                    assert isinstance(meaning, Latency)  # noqa: S101 - by the kind's reader
                    extra = meaning.draw(draw)
                    delays = tuple(delay + extra for delay in delays)
        return delays if overtakes else self._in_order(stream, now_ms, delays)

    def _in_order(self, stream: str, now_ms: int, delays: tuple[int, ...]) -> tuple[int, ...]:
        # One millisecond more: times are cut off to whole ones, and nothing may overtake by the rest.
        waits = self._last_due.get(stream, now_ms - 1) + 1 - now_ms
        if waits <= 0 and delays == UNTOUCHED_EVENT:
            self._last_due.pop(stream, None)
            return delays
        first = max(delays[0], waits)
        self._last_due[stream] = now_ms + first
        return (first, *(max(first, delay) for delay in delays[1:]))

    def silence(self, stream: str, now_ms: int) -> Silence:
        """Of the connection that carries `stream`: does anything come?"""
        silence: Silence = "no"
        for _, fault in self.active(now_ms):
            if fault.kind == "hang" or (
                fault.kind == "stream-silence" and fault.meaning == "no-pings" and fault.hits_stream(stream)
            ):
                return "no-pings"
            if fault.kind == "stream-silence" and fault.hits_stream(stream):
                silence = "pings"
        return silence

    def closes(self, stream: str, now_ms: int) -> bool:
        """Connections that carry `stream` are to be closed and none is taken, as long as this says so.

        A fault that began and ended between two questions is told once all the same.
        """
        self.active(now_ms)
        stretch, closing = self._closing.get(stream, (-1, False))
        if stretch == self._stretch:
            return closing
        told = False
        closing = False
        for number, fault in self._faults.items():
            if now_ms < fault.starts_ms or fault.kind not in _CLOSING:
                continue
            if fault.kind == "stream-close" and not fault.hits_stream(stream):
                continue
            if (number, stream) not in self._told:
                self._told.add((number, stream))
                self.met[fault.kind] += 1
                told = True
            closing = closing or now_ms < fault.ends_ms
        self._closing[stream] = (self._stretch, closing)
        return told or closing

    def is_closed(self, stream: str, now_ms: int) -> bool:
        """No connection that carries `stream` is taken now."""
        return any(
            fault.kind in _CLOSING and (fault.kind != "stream-close" or fault.hits_stream(stream))
            for _, fault in self.active(now_ms)
        )

    def due(self, now_ms: int) -> tuple[Fault, ...]:
        """Faults of one moment that are to be carried out now: wipe, shutdown-notice, and the ends of account streams
        by key-revoked. Each is told once."""
        self.active(now_ms)
        if self._due_in == self._stretch:
            return ()
        self._due_in = self._stretch
        found = []
        for number, fault in self._faults.items():
            if now_ms < fault.starts_ms or (number, "") in self._told:
                continue
            if fault.of.scope is Scope.ONCE or (fault.kind == "key-revoked" and now_ms < fault.ends_ms):
                self._told.add((number, ""))
                self.met[fault.kind] += 1
                found.append(fault)
        return tuple(found)

    # --- clock and book

    def clock_skew_ms(self, now_ms: int) -> int:
        """What the exchange's clock is ahead of the true time."""
        active = self.active(now_ms)
        if not active:
            return 0
        return sum(fault.meaning.at(now_ms - fault.starts_ms) for _, fault in active if isinstance(fault.meaning, Skew))

    def book_fault(self, now_ms: int) -> BookFault | None:
        """How market data of the books is wrong now."""
        for _, fault in self.active(now_ms):
            if fault.of.scope is Scope.BOOK:
                jump = fault.meaning if isinstance(fault.meaning, float) else 0.0
                return BookFault(fault.kind, fault.starts_ms, jump)
        return None

    def _strikes(self, number: int, fault: Fault) -> bool:
        return fault.share >= 1 or self._draws[number].random() < fault.share


def is_book(stream: str) -> bool:
    """Does this stream carry changes of a book?"""
    return stream_kind(stream) == "depth"
