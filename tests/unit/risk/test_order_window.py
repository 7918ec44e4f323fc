from mm.domain.risk import OrderCount
from mm.risk.order_window import OrderWindow

MINUTE = 60_000_000_000


def test_more_than_a_tenth_of_at_least_twenty() -> None:
    window = OrderWindow()
    for number in range(20):
        window.add(0, abnormal=number < 2)
    assert not window.is_abnormal
    window.add(0, abnormal=True)
    assert window.is_abnormal
    assert window.describe().startswith("3 of 21 orders")


def test_fewer_say_nothing() -> None:
    window = OrderWindow([OrderCount(0, 18, 18)])
    window.add(0, abnormal=True)
    assert not window.is_abnormal
    window.add(0, abnormal=True)
    assert window.is_abnormal


def test_what_is_a_day_old_is_forgotten() -> None:
    window = OrderWindow([OrderCount(0, 30, 30)])
    window.add((24 * 60 - 1) * MINUTE, abnormal=False)
    assert window.ended == 31
    window.add(24 * 60 * MINUTE, abnormal=False)
    assert (window.ended, window.abnormal) == (2, 0)


def test_a_clock_set_back_loses_no_order() -> None:
    window = OrderWindow()
    window.add(5 * MINUTE, abnormal=True)
    window.add(MINUTE, abnormal=True)
    assert (window.ended, window.abnormal) == (2, 2)


def test_a_person_has_seen_it() -> None:
    window = OrderWindow([OrderCount(0, 30, 30)])
    window.clear()
    assert not window.is_abnormal
