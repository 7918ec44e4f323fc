"""How the process's memory, open files and tasks grow over virtual time."""

import asyncio
from typing import NamedTuple

import psutil

from mm.clock.simulated import SimulatedClock
from mm.soak.result import Memory

_MB = 1_000_000
_DAY = 86400e9
_SHORTEST = 0.25
"""Days of a second half below which start-up and noise are larger than any growth."""


class Sample(NamedTuple):
    """`day` of virtual time since the soak began, `mb` resident, open `files` and unfinished `tasks` of the process."""

    day: float
    mb: float
    files: int
    tasks: int


class MemoryWatch:
    """Samples every `every` virtual seconds. The first half is warm-up: caches and bounded histories fill, modules are
    loaded; growth is judged in the second half."""

    def __init__(self, clock: SimulatedClock, every: float) -> None:
        self._clock = clock
        self._every = every
        self._process = psutil.Process()
        self._samples: list[Sample] = []

    async def run(self) -> None:
        self.sample()
        while True:
            await asyncio.sleep(self._every)
            self.sample()

    def sample(self) -> None:
        mono, process = self._clock.monotonic(), self._process
        tasks = len(asyncio.all_tasks())
        self._samples.append(Sample(mono / _DAY, process.memory_info().rss / _MB, process.num_fds(), tasks))

    def result(self) -> Memory:
        """The slope is the least-squares line through the samples of the second half."""
        self.sample()
        samples = self._samples
        end = samples[-1].day
        late = [each for each in samples if each.day >= end / 2]
        early = [each for each in samples if each.day < end / 2] or samples
        return Memory(
            start_mb=samples[0].mb,
            warm_mb=late[0].mb,
            end_mb=samples[-1].mb,
            per_day=_slope([each.day for each in late], [each.mb for each in late]) if end / 2 >= _SHORTEST else None,
            files=(max(each.files for each in early), max(each.files for each in late)),
            tasks=(max(each.tasks for each in early), max(each.tasks for each in late)),
        )


def _slope(times: list[float], sizes: list[float]) -> float:
    count = len(times)
    middle, mean = sum(times) / count, sum(sizes) / count
    spread = sum((at - middle) ** 2 for at in times)
    if not spread:
        return 0.0
    return sum((at - middle) * (size - mean) for at, size in zip(times, sizes, strict=True)) / spread
