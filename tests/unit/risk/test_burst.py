from fractions import Fraction

from mm.risk.burst import BurstWatch
from tests.fakes.snapshots import SECOND

MINUTE = 60 * SECOND


def watch() -> BurstWatch:
    return BurstWatch(Fraction(1, 100), MINUTE)


def test_a_move_of_exactly_the_limit_is_none_one_more_is() -> None:
    for other in (101_000, 99_000):
        burst = watch()
        assert not burst.see(100_000, 0)
        assert not burst.see(other, SECOND)
        assert burst.see(other + (1 if other > 100_000 else -1), SECOND)


def test_the_way_back_from_a_spike_is_a_move_too() -> None:
    burst = watch()
    assert [burst.see(mid, second * SECOND) for second, mid in enumerate((100_000, 102_000, 100_000))] == [
        False,
        True,
        True,
    ]


def test_what_lies_before_the_window_is_forgotten() -> None:
    burst = watch()
    burst.see(100_000, 0)
    assert burst.see(101_500, MINUTE)
    assert not burst.see(101_500, MINUTE + 1)
