"""What the bench says of its numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.load import Load
from bench.memory import slope_per_hour
from bench.row import Goal, Judged, Row
from bench.table import COLUMNS, as_json, cells
from bench.times import Spread, in_turns
from tests.integration.venue_clients import run

QUIET = Load((0.1, 0.1, 0.1), (0.2, 0.1, 0.1), 2)


def row(median: float, goal: Goal, *, p99: float = 9.0, beside: float | None = 100.0) -> Row:
    reference = None if beside is None else Spread(beside, beside, 5)
    return Row("a", "µs", Spread(median, p99, 5), "b", reference, goal)


def test_a_ratio_is_of_medians_and_its_goal_is_missed_above_the_limit() -> None:
    most = Goal(Judged.RATIO, 1.5)
    assert row(150, most).ratio == 1.5
    assert row(150, most).verdict == "met"
    assert row(151, most).verdict == "missed"


def test_a_goal_that_wants_at_least_is_missed_below() -> None:
    least = Goal(Judged.RATIO, 0.4, at_least=True)
    assert row(40, least).verdict == "met"
    assert row(39, least).verdict == "missed"


def test_a_goal_on_p99_does_not_look_at_the_median() -> None:
    goal = Goal(Judged.P99, 5.0)
    assert row(1, goal, p99=5.1, beside=None).verdict == "missed"
    assert row(100, goal, p99=5.0, beside=None).verdict == "met"


def test_a_ratio_without_a_reference_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs a reference"):
        _ = row(1, Goal(Judged.RATIO, 1.5), beside=None).verdict


def test_the_table_and_the_json_say_the_same() -> None:
    missed = row(200, Goal(Judged.RATIO, 1.5))
    shown = dict(zip(COLUMNS, cells(missed), strict=True))
    assert (shown["ratio"], shown["goal"], shown["verdict"]) == ("2.00", "ratio ≤ 1.5", "missed")
    told = as_json([missed], QUIET)
    assert told["rows"][0]["ratio"] == 2.0
    assert told["rows"][0]["verdict"] == "missed"
    assert told["load"]["cores"] == 2


def test_a_row_without_a_goal_has_no_verdict() -> None:
    assert Row("a", "µs", Spread(1, 1, 1)).verdict == ""


def test_a_busy_machine_is_told() -> None:
    assert "others were at work" not in QUIET.sentence()
    assert "others were at work" in Load((1.5, 1.0, 1.0), (1.5, 1.0, 1.0), 2).sentence()


def test_p99_is_the_nearest_rank() -> None:
    spread = Spread.of([float(number) for number in range(100, 0, -1)])
    assert (spread.median, spread.p99, spread.count) == (50.5, 99.0, 100)
    assert Spread.of([7.0]).p99 == 7.0
    with pytest.raises(ValueError, match="nothing was measured"):
        Spread.of([])


def test_works_take_turns() -> None:
    called: list[str] = []

    async def first() -> None:
        called.append("a")

    async def second() -> None:
        called.append("b")

    async def go() -> None:
        spreads = await in_turns((first, second), 3, warm_up=1)
        assert [spread.count for spread in spreads] == [3, 3]

    run(go())
    assert called == ["a", "b"] * 4


def test_the_slope_is_per_hour() -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    points = [(start + timedelta(minutes=number), 100.0 + number) for number in range(10)]
    assert slope_per_hour(points) == pytest.approx(60.0)
    assert slope_per_hour(points[:1]) == 0.0
