"""How the process's memory grows over virtual time."""

import asyncio

import psutil

from mm.clock.simulated import SimulatedClock
from mm.soak.result import Memory

_MB = 1_000_000
_DAY = 86400e9


class MemoryWatch:
    """Samples the resident size every `every` virtual seconds. What start-up made is not counted as growth."""

    def __init__(self, clock: SimulatedClock, every: float) -> None:
        self._clock = clock
        self._every = every
        self._process = psutil.Process()
        self._samples: list[tuple[int, float]] = []

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            self.sample()

    def sample(self) -> None:
        self._samples.append((self._clock.monotonic(), self._process.memory_info().rss / _MB))

    def result(self) -> Memory:
        """The slope is the least-squares line through the samples."""
        self.sample()
        times = [at / _DAY for at, _ in self._samples]
        sizes = [size for _, size in self._samples]
        return Memory(sizes[0], sizes[-1], _slope(times, sizes))


def _slope(times: list[float], sizes: list[float]) -> float:
    count = len(times)
    middle, mean = sum(times) / count, sum(sizes) / count
    spread = sum((at - middle) ** 2 for at in times)
    if not spread:
        return 0.0
    return sum((at - middle) * (size - mean) for at, size in zip(times, sizes, strict=True)) / spread
