"""Sets of measured values, and how the parts of a comparison take turns."""

import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 99th percentile (nearest rank) of `count` values, in the unit of the row that shows them."""

    median: float
    p99: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Raises ValueError when there are none."""
        if not values:
            raise ValueError("nothing was measured")
        rank = math.ceil(len(values) * 0.99) - 1
        return cls(statistics.median(values), sorted(values)[rank], len(values))

    def scaled(self, factor: float) -> "Spread":
        """The same in another unit."""
        return Spread(self.median * factor, self.p99 * factor, self.count)


async def in_turns(works: Sequence[Work], rounds: int, *, warm_up: int = 20) -> list[Spread]:
    """Microseconds of each work, all of them once a round, so that whatever else the machine does meets them alike."""
    taken: list[list[float]] = [[] for _ in works]
    for number in range(-warm_up, rounds):
        for work, times in zip(works, taken, strict=True):
            began = time.perf_counter_ns()
            await work()
            if number >= 0:
                times.append((time.perf_counter_ns() - began) / 1000)
    return [Spread.of(times) for times in taken]
