"""What start-up reads of the stage so far: levels, where money came from, acceptances, crashes, orders."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mm.domain.actions import RecordOrder, RecordRisk
from mm.domain.instrument import UNITS
from mm.domain.order import OrderStatus
from mm.domain.records import RunStart
from mm.domain.risk import Acceptance, OrderCount, StageHistory, TradeSums
from mm.ledger.ledger import SqliteLedger
from mm.ledger.recording import Recordable
from mm.risk.attribution import sums_after
from tests.unit.ledger.making import ETHUSDC, START, a_fill, a_run, an_intent, at, day_of, equity, seen

HOUR = timedelta(hours=1)
MINUTE = 60_000_000_000


def history(
    path: Path,
    run: RunStart,
    rows: Sequence[tuple[datetime, Recordable]] = (),
    *,
    now: datetime = START,
    since: datetime | None = None,
    resumed: Mapping[str, datetime] | None = None,
    intents: Sequence[int] = (),
    clean: bool = True,
) -> StageHistory:
    """What a run recovers after it recorded `rows`; then it ends, in order or not."""

    async def scenario() -> StageHistory:
        ledger = SqliteLedger.open(path, on_failure=pytest.fail, inline=True)
        try:
            # A run that recovers a stage begins in it.
            await ledger.begin_run(run if since is None else replace(run, started=max(run.started, since)), [])
            if intents:
                await ledger.commit_intents([an_intent(seq) for seq in intents])
            for moment, row in rows:
                ledger.record(at(moment), [row])
            lifted = {cause: at(moment) for cause, moment in (resumed or {}).items()}
            stage_since = None if since is None else at(since)
            found = await ledger.recovery(run.account_epoch, day_of(now), stage_since, lifted)
            if clean:
                await ledger.end_run(at(now), "over", clean=True)
            return found.history
        finally:
            await ledger.close()

    return asyncio.run(scenario())


def test_a_new_stage_has_no_history(tmp_path: Path) -> None:
    assert history(tmp_path / "ledger.db", a_run()) == StageHistory()


def test_the_highest_level_since_the_stage_began_in_this_account_epoch(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    rows = [(START, RecordRisk("level_1", "warning", "")), (START + HOUR, RecordRisk("level_2", "error", ""))]
    assert history(path, a_run(), rows).level == 2
    assert history(path, a_run("run-2")).level == 2
    assert history(path, a_run("run-3"), since=START + HOUR).level == 2
    assert history(path, a_run("run-4"), since=START + HOUR + HOUR).level == 0
    assert history(path, a_run("run-5", account_epoch=2, uid="u2")).level == 0


def test_own_fills_since_stage_and_day_are_summed_up_as_the_engine_does(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    fill = a_fill(1, lots=20, fee=2000)
    moment = START + (timedelta(milliseconds=fill.time_ms) - timedelta(milliseconds=at(START) // 1_000_000))
    row = replace(seen(fill), mid_ticks=300_100.5)
    expected = sums_after(TradeSums(), fill, 300_100.5, ETHUSDC)
    found = history(path, a_run(), [(START, row)], since=moment - HOUR)
    assert found.stage == expected
    later = history(path, a_run("run-2"), since=moment - HOUR, now=moment + 48 * HOUR)
    assert (later.stage, later.day) == (expected, TradeSums())
    assert history(path, a_run("run-3"), since=moment + HOUR, now=moment + 48 * HOUR).stage == TradeSums()


def test_what_a_person_accepted_is_the_equity_at_the_last_resume(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    rows = [(START, equity(94 * UNITS)), (START + HOUR, equity(97 * UNITS)), (START + 2 * HOUR, equity(95 * UNITS))]
    assert history(path, a_run(), rows).accepted is None
    lifted = {"stage_loss_5pct": START + timedelta(minutes=1)}
    found = history(path, a_run("run-2"), resumed=lifted, since=START - HOUR)
    assert found.accepted == Acceptance(94 * UNITS, 97 * UNITS, is_today=True)
    other_day = history(path, a_run("run-3"), resumed=lifted, since=START - HOUR, now=START + 48 * HOUR)
    assert other_day.accepted == Acceptance(94 * UNITS, 97 * UNITS, is_today=False)
    assert history(path, a_run("run-4"), resumed=lifted, since=START + HOUR).accepted is None


def test_a_resume_that_the_running_bot_took_is_known_from_the_ledger_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    rows = [(START, equity(94 * UNITS)), (START + HOUR, RecordRisk("resumed", "info", "Li lifted daily_loss"))]
    assert history(path, a_run(), rows).accepted == Acceptance(94 * UNITS, 94 * UNITS, is_today=True)


def test_crashes_are_runs_without_a_clean_end_since_the_stage_began_or_a_person_looked(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for hour in range(3):
        history(path, a_run(f"run-{hour}", started=START + hour * HOUR), clean=False)
    assert history(path, a_run("run-3", started=START + 3 * HOUR)).crashes == 3
    assert history(path, a_run("run-4", started=START + 4 * HOUR)).crashes == 3  # run-3 ended in order
    last = a_run("run-5", started=START + 5 * HOUR)
    assert history(path, last, since=START + HOUR, clean=True).crashes == 2
    looked = {"crashes": START + timedelta(minutes=90)}
    assert history(path, a_run("run-6", started=START + 6 * HOUR), resumed=looked).crashes == 1


def test_ended_orders_are_counted_by_the_minute_and_judged_as_in_the_review(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ends = [
        (OrderStatus.FILLED, "", 0),
        (OrderStatus.REJECTED, "-2010 would_match", 0),
        (OrderStatus.REJECTED, "-1013 filter", 0),
        (OrderStatus.NOT_PLACED, "", 1),
        (OrderStatus.NOT_SENT, "limiter: full", 1),
        (OrderStatus.OPEN, "", 1),
    ]
    rows = [
        (START + timedelta(minutes=minute), RecordOrder(an_intent(seq).client_id, status, "", 0, "stream", reason))
        for seq, (status, reason, minute) in enumerate(ends, start=1)
    ]
    found = history(path, a_run(), rows, intents=range(1, 7))
    first = at(START) // MINUTE
    assert found.orders == (OrderCount(first, 3, 1), OrderCount(first + 1, 2, 1))
    assert found.orders_without_fill == 6
    looked = {"abnormal_orders": START + timedelta(seconds=59)}
    later = a_run("run-2", started=START + HOUR)
    assert history(path, later, resumed=looked).orders == (OrderCount(first + 1, 2, 1),)
    assert history(path, a_run("run-3", started=START + 25 * HOUR)).orders == ()
