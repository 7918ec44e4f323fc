"""Every transition of the judgement, on facts and a time that are told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.watchdog.judge import ENDING_SECONDS, STARTING_SECONDS, Judge, Sight, SignOfLife, Verdict

STALE_AFTER, EVERY = 20.0, 1.0
ALIVE = Sight("armed", "run-1", sign=0, alive=True)
GONE = replace(ALIVE, alive=False)


class Watch:
    """Looks once a second; the time is `now`."""

    def __init__(self) -> None:
        self.judge = Judge(STALE_AFTER, EVERY)
        self.now = 1000.0

    def look(self, sight: Sight, after: float = EVERY) -> Verdict:
        self.now += after
        return self.judge.judge(sight, self.now)

    def looks(self, sight: Sight, seconds: float) -> list[Verdict]:
        return [self.look(sight) for _ in range(int(seconds))]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.mark.parametrize("sight", [Sight("none"), Sight("stop", "run-1")])
def test_where_no_bot_is_armed_there_is_nothing_to_mind(watch: Watch, sight: Sight) -> None:
    """A STOP without its bot is somebody's finished work."""
    assert set(watch.looks(sight, 500)) == {Verdict.NOTHING}


def test_a_bot_that_beats_is_healthy(watch: Watch) -> None:
    assert {watch.look(replace(ALIVE, sign=beat)) for beat in range(500)} == {Verdict.HEALTHY}
    assert watch.judge.saw_life


def test_the_first_sight_of_an_old_sign_is_no_verdict(watch: Watch) -> None:
    assert watch.look(ALIVE) is Verdict.HEALTHY
    assert not watch.judge.saw_life


def test_a_bot_that_hangs_is_stale_after_its_time_and_not_before(watch: Watch) -> None:
    verdicts = watch.looks(ALIVE, 1 + STALE_AFTER + 1)
    assert verdicts == [Verdict.HEALTHY] * 21 + [Verdict.STALE]


def test_one_beat_gives_the_whole_time_again(watch: Watch) -> None:
    watch.looks(ALIVE, STALE_AFTER)
    beaten = replace(ALIVE, sign=1)
    assert set(watch.looks(beaten, 1 + STALE_AFTER)) == {Verdict.HEALTHY}
    assert watch.look(beaten) is Verdict.STALE


def test_a_bot_that_wakes_up_is_healthy_again(watch: Watch) -> None:
    assert watch.looks(ALIVE, 30)[-1] is Verdict.STALE
    assert watch.look(replace(ALIVE, sign=1)) is Verdict.HEALTHY


def test_a_bot_that_is_gone_is_dead_at_once(watch: Watch) -> None:
    assert watch.look(ALIVE) is Verdict.HEALTHY
    assert watch.look(GONE) is Verdict.DEAD


def test_a_clean_end_is_nothing_to_mind(watch: Watch) -> None:
    watch.look(ALIVE)
    assert watch.look(Sight("none")) is Verdict.NOTHING


def test_a_new_bot_has_time_to_account_for_the_dead_one(watch: Watch) -> None:
    watch.look(ALIVE)
    starting = replace(GONE, successor=(7, 7))
    assert set(watch.looks(starting, 1 + STARTING_SECONDS)) == {Verdict.HEALTHY}
    assert watch.look(starting) is Verdict.DEAD


def test_a_new_bot_that_arms_is_healthy_and_one_that_gives_up_leaves_the_dead_one(watch: Watch) -> None:
    watch.looks(replace(GONE, successor=(7, 7)), 50)
    assert watch.look(Sight("armed", "run-2", sign=1, alive=True)) is Verdict.HEALTHY
    watch.looks(replace(GONE, successor=(7, 7)), 50)
    assert watch.look(GONE) is Verdict.DEAD
    assert watch.look(replace(GONE, successor=(8, 8))) is Verdict.HEALTHY, "the next one has its own time"


def test_a_bot_whose_latch_fell_has_time_to_end(watch: Watch) -> None:
    watch.look(ALIVE)
    ending = Sight("stop", "run-1", alive=True)
    assert set(watch.looks(ending, 1 + ENDING_SECONDS)) == {Verdict.HEALTHY}
    assert watch.look(ending) is Verdict.STALE
    assert watch.look(replace(ending, alive=False)) is Verdict.NOTHING


@pytest.mark.parametrize("step_ns", [-3_600_000_000_000, 3_600_000_000_000])
def test_a_step_of_the_machines_clock_neither_fires_nor_hides_anything(watch: Watch, step_ns: int) -> None:
    """File times are the machine's clock; only that they change is looked at."""
    beats = range(10**18, 10**18 + 40 * 10**9, 10**9)
    assert {watch.look(replace(ALIVE, sign=at)) for at in beats} == {Verdict.HEALTHY}
    stepped = [at + step_ns for at in beats]
    assert {watch.look(replace(ALIVE, sign=at)) for at in stepped} == {Verdict.HEALTHY}
    hanging = replace(ALIVE, sign=stepped[-1])
    assert watch.looks(hanging, STALE_AFTER + 1)[-1] is Verdict.STALE


@pytest.mark.parametrize("asleep", [60.0, 8 * 3600.0])
def test_waking_up_with_the_machine_is_no_verdict(watch: Watch, asleep: float) -> None:
    watch.looks(ALIVE, 10)
    assert watch.look(ALIVE, after=asleep) is Verdict.HEALTHY, "nobody looked meanwhile"
    assert set(watch.looks(ALIVE, 9)) == {Verdict.HEALTHY}
    assert watch.look(ALIVE) is Verdict.STALE, "and then it counts on"


def test_looks_that_come_late_count_in_full_up_to_twice_their_distance() -> None:
    life = SignOfLife(most_step=2.0)
    assert [life.seen(1, at) for at in (0.0, 1.9, 4.0, 10.0)] == [0.0, 1.9, 3.9, 5.9]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.booleans()), min_size=1, max_size=60))
def test_the_age_is_never_more_than_the_time_that_passed(looks: list[tuple[float, bool]]) -> None:
    life, now, sign, since = SignOfLife(2.0), 0.0, 0, 0.0
    life.seen(sign, now)
    for passed, beats in looks:
        now += passed
        if beats:
            sign, since = sign + 1, now
        age = life.seen(sign, now)
        assert 0.0 <= age <= now - since + 1e-6
        assert not beats or age == 0.0
