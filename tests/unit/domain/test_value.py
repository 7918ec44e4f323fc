from dataclasses import replace

from mm.domain.events import TimerFired
from mm.domain.value import value


@value(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0


def test_values_are_equal_and_hashed_by_their_fields_and_have_no_others() -> None:
    assert Point(1, 2) == replace(Point(1), y=2)
    assert hash(Point(1, 2)) == hash(Point(1, 2))
    assert len({Point(1), Point(1), Point(2)}) == 2
    assert not hasattr(Point(1), "__dict__")


def test_values_of_two_kinds_are_never_equal() -> None:
    @value(frozen=True, slots=True)
    class Other:
        x: int
        y: int = 0

    other: object = Other(1)
    assert Point(1) != other


def test_an_event_reads_as_it_is_written() -> None:
    fired = TimerFired(at=1, mono=2, name="tick")
    assert repr(fired) == "TimerFired(at=1, mono=2, name='tick', detail='')"
