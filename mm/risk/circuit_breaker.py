"""Opens by itself after repeated failures, lets one probe through after a while, closes by itself.

Time comes in as monotonic nanoseconds that never fall. A breaker is not a halt: no person is needed.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class BreakerState(StrEnum):
    """CLOSED: orders flow. OPEN: none. HALF_OPEN: one, and its fate decides."""

    CLOSED = "CLOSED"
    HALF_OPEN = "HALF_OPEN"
    OPEN = "OPEN"


_CLOSED, _OPEN = BreakerState.CLOSED, BreakerState.OPEN
"""Every event asks for them, and looking a member up costs more than the question."""


@dataclass(frozen=True, slots=True)
class BreakerEvent:
    """One change of one cause. `failures` within the timeout when it happened."""

    cause: str
    before: BreakerState
    after: BreakerState
    mono: int
    failures: int


@dataclass(slots=True)
class _Fuse:
    failures: deque[int] = field(default_factory=deque)
    opened: int | None = None
    told: BreakerState = BreakerState.CLOSED


class CircuitBreaker:
    """`threshold` failures of one cause within `timeout_ns` open it for `timeout_ns`; then one probe may pass.

    A success closes causes whose probe is out, a failure in HALF_OPEN opens again. A success while CLOSED does not
    wipe earlier failures: it is their number within the timeout that counts. A probe that nothing was heard of for
    `timeout_ns` is given up, and the next one may pass.
    """

    def __init__(self, threshold: int, timeout_ns: int) -> None:
        self._threshold = threshold
        self._timeout = timeout_ns
        self._fuses: dict[str, _Fuse] = {}
        self._probe: int | None = None
        self.is_idle = True
        """No cause is open or half open, nor one to tell of: time alone changes nothing."""

    def state(self, mono: int) -> BreakerState:
        """The worst over all causes."""
        worst = _CLOSED
        for fuse in self._fuses.values():
            state = self._state(fuse, mono)
            if state is _OPEN:
                return state
            if state is not _CLOSED:
                worst = state
        return worst

    def failure(self, cause: str, mono: int) -> list[BreakerEvent]:
        events = self.poll(mono)
        fuse = self._fuses.setdefault(cause, _Fuse())
        state = self._state(fuse, mono)
        fuse.failures.append(mono)
        while mono - fuse.failures[0] >= self._timeout:
            fuse.failures.popleft()
        if state is BreakerState.HALF_OPEN or (state is BreakerState.CLOSED and len(fuse.failures) >= self._threshold):
            fuse.opened = mono
            self._probe = None
        return events + self.poll(mono)

    def trip(self, cause: str, mono: int) -> list[BreakerEvent]:
        """Open at once, whatever the threshold; one that is open already stays as it is."""
        events = self.poll(mono)
        fuse = self._fuses.setdefault(cause, _Fuse())
        if self._state(fuse, mono) is not _OPEN:
            fuse.failures.append(mono)
            fuse.opened = mono
            self._probe = None
        return events + self.poll(mono)

    def success(self, mono: int) -> list[BreakerEvent]:
        """An order came through. Closes the half-open causes, if it was their probe."""
        events = self.poll(mono)
        if self._probe is None:
            return events
        self._probe = None
        for fuse in self._fuses.values():
            if self._state(fuse, mono) is BreakerState.HALF_OPEN:
                fuse.opened = None
                fuse.failures.clear()
        return events + self.poll(mono)

    def may_probe(self, mono: int) -> bool:
        return self.state(mono) is BreakerState.HALF_OPEN and (
            self._probe is None or mono - self._probe >= self._timeout
        )

    def probe(self, mono: int) -> None:
        """The one order that HALF_OPEN allows is on its way."""
        self._probe = mono

    def poll(self, mono: int) -> list[BreakerEvent]:
        """Changes since the last call, those that time alone made included. Whatever changes a cause ends with it."""
        events = []
        for cause, fuse in self._fuses.items():
            state = self._state(fuse, mono)
            if state is not fuse.told:
                events.append(BreakerEvent(cause, fuse.told, state, mono, len(fuse.failures)))
                fuse.told = state
        self.is_idle = all(fuse.opened is None and fuse.told is _CLOSED for fuse in self._fuses.values())
        return events

    def _state(self, fuse: _Fuse, mono: int) -> BreakerState:
        if fuse.opened is None:
            return _CLOSED
        return _OPEN if mono - fuse.opened < self._timeout else BreakerState.HALF_OPEN
