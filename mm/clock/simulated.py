"""Virtual time: an asyncio event loop whose time jumps to the next timer when nothing else is ready.

Sleeps and time-outs cost no real time and fire in the order of their moments, so a run is the same every time.
Work given to threads runs at once, inline: a thread's own timing would make the order a matter of luck.
When real files or sockets are watched the loop waits for them in real time.
"""

import asyncio
import heapq
import selectors
import time
import types
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

from mm.clock.sleeper import Sleeper

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

NS = 1_000_000_000


class SimulatedClock:
    """Moves only when told: by its event loop, by `advance`, or by `step`. Starts at `start_ns` (UTC ns) and 0."""

    def __init__(self, start_ns: int) -> None:
        self._mono = 0
        self._offset = start_ns

    def now(self) -> int:
        return self._mono + self._offset

    def monotonic(self) -> int:
        return self._mono

    @types.coroutine
    def sleep(self, seconds: float) -> Generator[Any, None, None]:
        loop = asyncio.get_running_loop()
        if seconds > 0 and isinstance(loop, VirtualTimeLoop) and loop.clock is self:
            yield Sleeper(loop, self._mono + round(seconds * NS), loop.queue)
        else:
            yield from asyncio.sleep(seconds).__await__()

    def advance(self, ns: int) -> None:
        """Time passes. Raises ValueError when it would run backwards."""
        if ns < 0:
            raise ValueError(f"time does not run backwards ({ns} ns)")
        self._mono += ns

    def step(self, ns: int) -> None:
        """Someone sets the wall clock, forwards or backwards; monotonic time does not notice."""
        self._offset += ns


_NEVER = 1 << 62
_RESOLUTION = 1e-9
_MANY_CANCELLED = 50
"""Beyond this the loop's own turn is taken now and then, which clears cancelled timers away."""


class NothingLeftToDo(RuntimeError):
    """Every task waits for something that can no longer happen: in real time this would hang for ever."""


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for the next timer, moves the clock to it."""

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if len(self.get_map()) > 1:  # the first is the loop's own wake-up pipe
            began = time.monotonic_ns()
            ready = super().select(timeout)
            waited = time.monotonic_ns() - began
            self._clock.advance(waited if ready or timeout is None else max(waited, round(timeout * NS)))
            return ready
        if timeout is None:
            raise NothingLeftToDo("every task waits, and no timer is set")
        self._clock.advance(round(timeout * NS))
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`loop.time()` is the clock's monotonic time in seconds."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock = clock
        selector = _JumpingSelector(clock)
        super().__init__(selector)
        # The loop's own names for what is ready, what is due later, and which files are watched.
        inside: Any = self
        self._inside = inside
        self._soon = inside._ready
        self._watched = selector.get_map()
        self._sleepers: list[tuple[int, int, Sleeper]] = []
        self._number = 0

    def queue(self, sleeper: Sleeper) -> None:
        """Its turn comes when it is due."""
        self._number += 1  # of two that are due at one moment the first asleep wakes first
        heapq.heappush(self._sleepers, (sleeper.due, self._number, sleeper))

    def _run_once(self) -> None:
        """One turn. As in asyncio.base_events, without asking the system whether a file is ready while none is
        watched: that is most of a turn's time when nobody waits for real things."""
        inside, soon = self._inside, self._soon
        timers, sleepers = inside._scheduled, self._sleepers
        if (
            len(self._watched) > 1
            or inside._stopping
            or inside._debug
            or inside._timer_cancelled_count > _MANY_CANCELLED
            or not (soon or timers or sleepers)
        ):
            while sleepers:  # the loop's own turn knows timers only
                due, _, sleeper = heapq.heappop(sleepers)
                self.call_at(due / NS, sleeper._run)
            inside_run_once = super()._run_once  # type: ignore[misc]  # typeshed leaves it out
            inside_run_once()
            return
        if not soon:
            self._jump()
        now = self.clock.monotonic()
        while sleepers and sleepers[0][0] <= now:
            soon.append(heapq.heappop(sleepers)[2])
        end = now / NS + _RESOLUTION
        while timers and (timers[0]._when < end or timers[0]._cancelled):
            timer = heapq.heappop(timers)
            timer._scheduled = False
            if timer._cancelled:
                inside._timer_cancelled_count -= 1
            else:
                soon.append(timer)
        for _ in range(len(soon)):
            handle = soon.popleft()
            if not handle._cancelled:
                handle._run()

    def _jump(self) -> None:
        """Nothing is ready: to the moment of the next sleeper or timer, what was cancelled left out."""
        timers, sleepers = self._inside._scheduled, self._sleepers
        while sleepers and sleepers[0][2]._cancelled:
            heapq.heappop(sleepers)
        due = sleepers[0][0] if sleepers else _NEVER
        if timers:
            if timers[0]._cancelled:
                return  # the turn clears it away
            due = min(due, round(timers[0]._when * NS))
        now = self.clock.monotonic()
        if now < due < _NEVER:
            self.clock.advance(due - now)

    def time(self) -> float:
        return self.clock.monotonic() / NS

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # handed on to whoever awaits the future, as a thread would
            done.set_exception(error)
        return done


def run_virtual(
    main: Coroutine[Any, Any, T], start_ns: int = 1_700_000_000 * NS, *, clock: SimulatedClock | None = None
) -> T:
    """Run `main` to its end in virtual time, on `clock` or on a new one that starts at `start_ns`.

    Raises NothingLeftToDo when `main` can never end. Tasks still running at the end are cancelled.
    """
    kept = clock or SimulatedClock(start_ns)
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(kept)) as runner:
        return runner.run(main)
