import asyncio
import time

from mm.clock.live import LiveClock
from mm.ports import Clock


def test_it_reads_the_machines_clocks_in_nanoseconds() -> None:
    clock: Clock = LiveClock()
    before = time.time_ns(), time.monotonic_ns()
    seen = clock.now(), clock.monotonic()
    after = time.time_ns(), time.monotonic_ns()
    assert before[0] <= seen[0] <= after[0]
    assert before[1] <= seen[1] <= after[1]


def test_a_sleep_takes_at_least_its_time() -> None:
    clock = LiveClock()
    began = clock.monotonic()
    asyncio.run(clock.sleep(0.01))
    assert clock.monotonic() - began >= 9_000_000
