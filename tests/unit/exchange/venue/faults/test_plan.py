"""The model of faults: who is hit, how often, for how long, the same every time."""

import os
import random
import subprocess
import sys

import pytest

from mm.exchange.venue.faults.fault import Fault
from mm.exchange.venue.faults.kind import Scope
from mm.exchange.venue.faults.kinds import KINDS
from mm.exchange.venue.faults.latency import Latency
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.random_plan import RECOVERABLE, random_plan
from mm.exchange.venue.faults.requests import REQUESTS

START = 1_760_000_000_000
DEPTH, TRADES, ACCOUNT = "ethusdc@depth@100ms", "ethusdc@trade", "userData"


def plan(*faults: Fault, seed: int = 1) -> FaultPlan:
    return FaultPlan(faults, random.Random(seed))


def fault(kind: str, *, start: int = 0, seconds: float = 60, **more: object) -> Fault:
    starts = START + start * 1000
    ends = starts + 1 if KINDS[kind].scope is Scope.ONCE else starts + round(seconds * 1000)
    return Fault(kind, starts, ends, **more)  # type: ignore[arg-type]  # the test says what it gives


@pytest.mark.parametrize(("kind", "value"), [(kind.name, value) for kind in KINDS.values() for value in kind.values])
def test_every_written_example_of_a_kind_can_be_read_and_strikes_only_inside_its_window(kind: str, value: str) -> None:
    one = fault(kind, start=10, seconds=5, value=value)
    made = plan(one)

    def touched(now: int) -> bool:
        # All of it is asked every time: a close nobody asked about while it lasted would be told afterwards.
        signs = [bool(made.on_request(name, now).kinds) for name in sorted(REQUESTS)]
        signs += [made.on_event(stream, now) != (0,) for stream in (DEPTH, TRADES, ACCOUNT) for _ in range(200)]
        for stream in ("market", ACCOUNT):
            signs += [made.closes(stream, now), made.silence(stream, now) != "no"]
        signs += [made.clock_skew_ms(now) != 0, made.book_fault(now) is not None]
        signs += [bool(made.changed_rules(now)), bool(made.due(now))]
        return any(signs)

    assert not touched(START + 9_999)
    inside = START + 10_000 if one.of.scope is Scope.ONCE else START + 12_500
    assert touched(inside)
    assert made.met[kind] >= 1
    assert made.clock_skew_ms(START + 40_000) == 0
    assert not touched(START + 60_000)


def test_nothing_planned_touches_nothing() -> None:
    empty = plan()
    assert empty.on_request("order.place", START).executes
    assert empty.on_event(DEPTH, START) == (0,)
    assert empty.next_edge_ms(START) is None
    assert not empty.met


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_of_requests_is_hit(share: float) -> None:
    made = plan(fault("request-lost", share=share, target="order.place"))
    hit = sum(not made.on_request("order.place", START).executes for _ in range(4000))
    assert hit / 4000 == pytest.approx(share, abs=0.03)
    assert made.met["request-lost"] == hit
    assert made.on_request("order.cancel", START).executes


def test_how_one_fault_falls_does_not_depend_on_requests_it_is_not_aimed_at() -> None:
    quiet = plan(fault("request-lost", share=0.5, target="order.place"))
    busy = plan(fault("request-lost", share=0.5, target="order.place"))
    for _ in range(50):
        busy.on_request("order.cancel", START)
        busy.on_event(DEPTH, START)
        assert busy.on_request("order.place", START) == quiet.on_request("order.place", START)


def test_of_two_faults_the_harder_counts_and_latency_is_added() -> None:
    made = plan(
        fault("latency-in", value="50ms"),
        fault("answer-lost"),
        fault("rate-limited", value="7s", target="order.place"),
    )
    fate = made.on_request("order.place", START)
    assert (fate.refusal and fate.refusal.status, fate.refusal and fate.refusal.retry_after) == (429, 7)
    assert not fate.executes
    assert fate.delay_in_ms == 50
    other = made.on_request("order.cancel", START)
    assert (other.answer, other.executes, other.delay_in_ms) == ("lose", True, 50)


@pytest.mark.parametrize(
    ("target", "hit", "missed"),
    [
        ("", "time", "none"),
        ("order", "order.cancel", "openOrders.status"),
        ("queries", "account.status", "order.place"),
        ("signed", "order.place", "depth"),
        ("public", "depth", "order.place"),
        ("order.place", "order.place", "order.status"),
    ],
)
def test_targets(target: str, hit: str, missed: str) -> None:
    made = plan(fault("http-error", target=target))
    assert made.on_request(hit, START).refusal
    if missed != "none":
        assert not made.on_request(missed, START).refusal


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("no-such-fault", {}),
        ("request-lost", {"share": 0.0}),
        ("request-lost", {"share": float("nan")}),
        ("request-lost", {"share": 1.5}),
        ("request-lost", {"target": "order.plaec"}),
        ("request-lost", {"target": "userData"}),
        ("events-lost", {"target": "order.place"}),
        ("stream-close", {"target": "depth"}),
        ("stream-close", {"share": 0.5}),
        ("cancel-lies", {"target": "order.place"}),
        ("clock-skew", {"target": "time"}),
        ("request-lost", {"value": "1"}),
        ("http-error", {"value": "200"}),
        ("error-code", {"value": "-1010 executed"}),
        ("error-code", {"value": "-9999"}),
        ("clock-skew", {"value": "soon"}),
        ("filter-changed", {"value": "NOTIONAL=0"}),
        ("price-gap", {"value": "0%"}),
        ("rate-limited", {"value": "0s"}),
        ("latency-in", {"value": "300ms-10ms"}),
        ("latency-in", {"value": "normal(1ms,2ms)"}),
        ("latency-in", {"value": "lognormal(10ms,nan,1s)"}),
    ],
)
def test_nonsense_is_refused(kind: str, changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^(kind|share|target|value): "):
        Fault(kind, START, START + 1000, **changes)  # type: ignore[arg-type]  # wrong on purpose


def test_a_fault_must_last_and_one_of_its_kind_and_target_must_not_hold_already() -> None:
    with pytest.raises(ValueError, match=r"^for: "):
        Fault("hang", START, START)
    made = plan(fault("answer-lost", target="order.place"))
    with pytest.raises(ValueError, match="overlaps fault 1"):
        made.add(fault("answer-lost", start=59, target="order.place"))
    made.add(fault("answer-lost", start=60, target="order.place"))
    made.add(fault("answer-lost", start=30, target="order.cancel"))


def test_late_events_keep_their_order_and_reordered_ones_do_not() -> None:
    late = plan(fault("events-late", value="500ms-3s", seconds=10))
    arrivals = [ms + late.on_event(ACCOUNT, START + ms)[0] for ms in range(0, 20_000, 100)]
    assert arrivals == sorted(arrivals)
    assert arrivals[0] >= 500
    assert arrivals[-1] == 19_900
    mixed = plan(fault("events-reordered", value="5s"))
    arrivals = [ms + mixed.on_event(ACCOUNT, START + ms)[0] for ms in range(0, 20_000, 100)]
    assert arrivals != sorted(arrivals)


def test_events_are_lost_and_duplicated_on_the_stream_they_are_aimed_at() -> None:
    made = plan(fault("events-duplicated", value="500ms"), fault("depth-gap", share=0.2))
    twice = made.on_event(ACCOUNT, START)
    assert len(twice) == 2
    assert 0 <= twice[1] <= 500
    assert made.on_event(TRADES, START) == (0,)
    told = [made.on_event(DEPTH, START) for _ in range(1000)]
    assert told.count(()) == pytest.approx(200, abs=40)


def test_a_close_that_came_and_went_unseen_is_told_once() -> None:
    made = plan(fault("stream-close", start=1, seconds=0.01, target="market"))
    assert not made.closes("market", START)
    assert made.closes("market", START + 5_000)
    assert not made.closes("market", START + 5_000)
    assert not made.closes(ACCOUNT, START + 5_000)


def test_a_fault_of_one_moment_is_due_once_and_a_removed_one_ends() -> None:
    made = plan(fault("wipe", start=2), fault("hang", start=1))
    assert made.due(START + 1_999) == ()
    assert [one.kind for one in made.due(START + 90_000)] == ["wipe"]
    assert made.due(START + 90_001) == ()
    assert made.silence("market", START + 2_000) == "no-pings"
    made.remove(2)
    assert made.silence("market", START + 2_000) == "no"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_streams_are_quiet_under_faults_that_only_requests_meet(kind: str) -> None:
    made = plan(fault(kind))
    now = made.faults[1].starts_ms
    before = made.quiet_stretch(now - 1)
    assert before
    assert bool(made.quiet_stretch(now)) is (KINDS[kind].scope is Scope.REQUESTS)
    assert made.quiet_stretch(now) != before


def test_the_clock_drifts_and_comes_back() -> None:
    made = plan(fault("clock-skew", value="-60ms/s", seconds=20))
    assert [made.clock_skew_ms(START + s * 1000) for s in (0, 1, 10, 20)] == [0, -60, -600, 0]


def test_latencies_stay_under_their_cap_and_have_their_middle() -> None:
    rng = random.Random(5)
    drawn = sorted(Latency.parse("lognormal(100ms, 0.5, 800ms)").draw(rng) for _ in range(2001))
    assert drawn[-1] <= 800
    assert drawn[1000] == pytest.approx(100, rel=0.1)
    waits = [Latency.parse("exponential(100ms, 5s)").draw(rng) for _ in range(4000)]
    assert sum(waits) / 4000 == pytest.approx(100, rel=0.1)
    spread = [Latency.parse("20ms-40ms").draw(rng) for _ in range(500)]
    assert (min(spread), max(spread)) == (20, 40)


def test_a_random_plan_lies_in_its_hours_and_draws_on_every_kind() -> None:
    made = random_plan(random.Random(3), START, 48, KINDS)
    faults = made.faults.values()
    assert {one.kind for one in faults} == set(KINDS)
    assert all(START <= one.starts_ms < one.ends_ms <= START + 48 * 3_600_000 for one in faults)
    assert {one.kind for one in random_plan(random.Random(3), START, 48).faults.values()} == set(RECOVERABLE)
    with pytest.raises(ValueError, match="no-such"):
        random_plan(random.Random(3), START, 1, ["no-such"])


_TRACE = """
import random
from mm.exchange.venue.faults.random_plan import random_plan
from mm.exchange.venue.faults.kinds import KINDS
plan = random_plan(random.Random(7), 0, 6, set(KINDS))
for ms in range(0, 6 * 3_600_000, 20_000):
    for name in ("order.place", "order.cancel", "order.status", "time"):
        print(plan.on_request(name, ms))
    for stream in ("ethusdc@depth@100ms", "userData"):
        print(plan.on_event(stream, ms), plan.closes(stream, ms), plan.silence(stream, ms))
    print(plan.due(ms), plan.clock_skew_ms(ms), plan.book_fault(ms))
"""


def test_the_same_seed_gives_the_same_fates_whatever_the_hash_seed() -> None:
    told = set()
    for hash_seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", _TRACE]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)  # noqa: S603 - our own code
        told.add(done.stdout)
    assert len(told) == 1
    assert len(told.pop()) > 100_000
