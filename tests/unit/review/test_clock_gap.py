import asyncio

import pytest

from mm.review import clock_gap
from tests.fakes.account_reader import FakeReader


@pytest.mark.parametrize("ahead_ms", [-700, 0, 40])
def test_the_measured_drift_widens_what_is_allowed(ahead_ms: int) -> None:
    reader = FakeReader(trip_ns=20_000_000, ahead_ms=ahead_ms)
    gap = asyncio.run(clock_gap.measure(reader, 500, reader.now, reader.now))
    assert abs(gap.drift - ahead_ms) <= 1
    # 500 while trading, the drift now, half of 20 ms of round trip, and a millisecond or two of rounding
    assert 510 + abs(ahead_ms) <= gap.allowed <= 513 + abs(ahead_ms)
