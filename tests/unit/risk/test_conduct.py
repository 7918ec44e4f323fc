from mm.domain.order import Side
from mm.risk.conduct import Conduct
from tests.fakes.snapshots import SECOND


def conduct(most: int = 2) -> Conduct:
    return Conduct(most, 60 * SECOND, 7)


def test_orders_and_cancels_of_a_minute_are_messages() -> None:
    found = conduct()
    found.ordered(0)
    found.cancelled(SECOND)
    assert (found.recent_orders(SECOND), found.recent_messages(SECOND)) == (1, 2)
    assert (found.recent_orders(60 * SECOND), found.recent_messages(60 * SECOND)) == (0, 1)


def test_orders_without_a_fill_go_on_after_a_restart_and_end_with_a_fill_or_the_day() -> None:
    found = conduct()
    found.ordered(0)
    assert found.orders_without_fill == 8
    found.filled(Side.BUY, "a", 0)
    assert found.orders_without_fill == 0
    found.ordered(0)
    found.new_day()
    assert found.orders_without_fill == 0


def test_too_many_orders_of_one_side_filled_within_the_window() -> None:
    found = conduct()
    assert [found.filled(Side.BUY, name, 0) for name in ("a", "a", "b", "b")] == [0, 0, 0, 0]
    assert found.filled(Side.SELL, "c", 0) == 0
    assert found.filled(Side.BUY, "d", 59 * SECOND) == 3


def test_fills_before_the_window_are_forgotten() -> None:
    found = conduct()
    for name in ("a", "b"):
        found.filled(Side.BUY, name, 0)
    assert found.filled(Side.BUY, "c", 60 * SECOND) == 0
