"""Who moves the market, and when: a generated one from the start, a recorded one from its first listener on."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from mm.exchange.venue_server.streams import TICKS_A_SECOND, Streams

ADVANCES_A_TICK = 4
_PRIMING_STEP_MS = 10
_PRIMING_MOST_MS = 60_000


class Flow(Protocol):
    """A market: everything due up to `now_ms` happens (venue.flow.Flow, venue.replay.Replay)."""

    def advance(self, now_ms: int) -> None: ...


class NoFlow:
    """A market in which only clients trade."""

    def advance(self, now_ms: int) -> None:
        pass


class MarketClock:
    """Advances the flow every 25 ms and ticks the streams every 100 ms.

    With `waits` (a replay) the flow is played up to its first book, so that prices can be asked for, and then
    stands still until `begin` is called: nothing after the first book is played unseen.
    """

    def __init__(self, flow: Flow, now_ms: Callable[[], int], *, waits: bool = False) -> None:
        self._flow = flow
        self._now_ms = now_ms
        self._begun = asyncio.Event()
        self._stands_at_ms = now_ms()
        self._behind_ms = 0
        if not waits:
            self._begun.set()

    @property
    def has_begun(self) -> bool:
        return self._begun.is_set()

    def begin(self) -> None:
        self._begun.set()

    def prime(self, has_book: Callable[[], bool]) -> None:
        """Fills the book: a generated flow at once, a waiting one is played up to its first book."""
        if self.has_begun:
            self._flow.advance(self._now_ms())
            return
        start_ms = self._stands_at_ms
        for played_ms in range(0, _PRIMING_MOST_MS, _PRIMING_STEP_MS):
            self._stands_at_ms = start_ms + played_ms
            self._flow.advance(self._stands_at_ms)
            if has_book():
                break

    async def run(self, streams: Streams) -> None:
        """Until cancelled. What the flow raises ends it."""
        if not self.has_begun:
            await self._begun.wait()
            self._behind_ms = self._now_ms() - self._stands_at_ms
        loop = asyncio.get_running_loop()
        step = 1 / TICKS_A_SECOND / ADVANCES_A_TICK
        due, count = loop.time(), 0
        while True:
            self._flow.advance(self._now_ms() - self._behind_ms)
            count += 1
            if count % ADVANCES_A_TICK == 0:
                streams.tick()
            # Late steps are left out, not made up for in a burst.
            due = max(due + step, loop.time() - step)
            await asyncio.sleep(max(0.0, due - loop.time()))
