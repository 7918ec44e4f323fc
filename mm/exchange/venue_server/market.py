"""Who moves the markets, and when: a generated one once somebody looks, a recorded one from its first listener on."""

import asyncio
from collections.abc import Callable, Mapping
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


class Markets:
    """The main market, and those of other symbols: each made when somebody first looks at it or trades it.

    `others`: makers by symbol. A symbol nobody asked for costs nothing.
    """

    def __init__(self, main: Flow, others: Mapping[str, Callable[[], Flow]], now_ms: Callable[[], int]) -> None:
        self.main = main
        self._asleep = dict(others)
        self._awake: list[Flow] = []
        self._now_ms = now_ms

    def wake(self, symbol: str) -> None:
        """The symbol's market begins, its book filled, unless it has begun or has no maker."""
        make = self._asleep.pop(symbol, None)
        if make is not None:
            flow = make()
            flow.advance(self._now_ms())
            self._awake.append(flow)

    def advance_others(self) -> None:
        for flow in self._awake:
            flow.advance(self._now_ms())


class MarketClock:
    """Advances the markets every 25 ms and ticks the streams every 100 ms.

    With `waits` (a replay) the main flow is played up to its first book, so that prices can be asked for, and then
    stands still until `begin` is called: nothing after the first book is played unseen.
    """

    def __init__(self, markets: Markets, now_ms: Callable[[], int], *, waits: bool = False) -> None:
        self._markets = markets
        self._flow = markets.main
        self._now_ms = now_ms
        self._stands_at_ms = now_ms()
        self._behind_ms = 0
        self.has_begun = not waits

    def begin(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            self._behind_ms = self._now_ms() - self._stands_at_ms

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
        """Until cancelled. What a flow raises ends it."""
        loop = asyncio.get_running_loop()
        step = 1 / TICKS_A_SECOND / ADVANCES_A_TICK
        due, count = loop.time(), 0
        while True:
            if self.has_begun:
                self._flow.advance(self._now_ms() - self._behind_ms)
            self._markets.advance_others()
            count += 1
            if count % ADVANCES_A_TICK == 0:
                streams.tick()
            # Late steps are left out, not made up for in a burst.
            due = max(due + step, loop.time() - step)
            await asyncio.sleep(max(0.0, due - loop.time()))
