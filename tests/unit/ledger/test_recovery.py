"""Start-up numbers: exact, and the same after any number of restarts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from mm.domain.actions import RecordOrder, RecordRisk
from mm.domain.errors import LedgerError
from mm.domain.instrument import UNITS
from mm.domain.order import OrderStatus
from mm.domain.position import Position
from mm.domain.records import BalanceBaseline, CapitalFlow, Recovery, RunStart
from mm.ledger.ledger import SqliteLedger
from mm.ledger.recording import Recordable
from mm.ledger.recovery import _regrid
from tests.unit.ledger.making import ETHUSDC, HOUR, SECOND, START, a_fill, a_run, an_intent, at, day_of, equity, seen

Rows = Sequence[tuple[int, Recordable]]


def after(
    path: Path,
    run: RunStart,
    rows: Rows = (),
    *,
    now: datetime = START,
    intents: Sequence[int] = (),
    stage_since: datetime | None = None,
    baseline: Sequence[BalanceBaseline] = (),
) -> Recovery:
    """One run that records `rows`, then what a run at `now` recovers."""

    async def scenario() -> Recovery:
        ledger = SqliteLedger.open(path, on_failure=pytest.fail, inline=True)
        try:
            await ledger.begin_run(run, baseline)
            if intents:
                await ledger.commit_intents([an_intent(seq) for seq in intents])
            for moment, row in rows:
                ledger.record(moment, [row])
            await ledger.flush()
            since = None if stage_since is None else at(stage_since)
            return await ledger.recovery(run.account_epoch, day_of(now), since)
        finally:
            await ledger.close()

    return asyncio.run(scenario())


def test_a_new_account_starts_with_its_capital(tmp_path: Path) -> None:
    held = [BalanceBaseline("BNB", 3), BalanceBaseline("PEPE", 2**70)]
    recovery = after(tmp_path / "ledger.db", a_run(), baseline=held)
    assert recovery.position == Position(cash_units=100 * UNITS)
    assert recovery.baseline.day == "2026-11-10"
    assert recovery.baseline.day_start_units == recovery.baseline.stage_start_units == 100 * UNITS
    assert recovery.baseline.peak_units == recovery.baseline.capital_units == 100 * UNITS
    assert (recovery.last_trade_id, recovery.last_seq, recovery.orders) == (0, 0, ())
    assert recovery.balances == tuple(held)


def test_position_is_that_of_all_fills_in_the_order_of_trade_ids(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    fills = [a_fill(1, lots=20, fee=2000), a_fill(2, buy=False, ticks=310_000, lots=7, fee=217), a_fill(3, lots=3)]
    after(path, a_run(), [(at(START), seen(fill)) for fill in (fills[1], fills[0])])
    recovery = after(path, a_run("run-2"), [(at(START), seen(fills[2]))])
    expected = Position(cash_units=100 * UNITS)
    for fill in fills:
        expected = expected.after(fill, ETHUSDC)
    assert recovery.position == expected
    assert recovery.last_trade_id == 3
    assert [fill.trade_id for fill in recovery.known_fills] == [1, 2, 3]


def test_orders_without_an_end_come_back_and_client_ids_are_never_used_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ids = {seq: an_intent(seq).client_id for seq in (1, 2, 40, 41)}
    rows = [
        (at(START), RecordOrder(ids[1], OrderStatus.FILLED, "x1", 20, "stream")),
        (at(START), seen(replace(a_fill(1), client_id=ids[1]))),
        (at(START), RecordOrder(ids[2], OrderStatus.UNKNOWN, "", 0, "place")),
        (at(START), RecordOrder(ids[40], OrderStatus.OPEN, "x40", 6, "stream")),
    ]
    after(path, a_run(), rows, intents=(1, 2, 40, 41))
    recovery = after(path, a_run("run-2"))
    found = [(order.intent, order.status, order.exchange_id, order.executed_lots) for order in recovery.orders]
    assert found == [
        (an_intent(2), OrderStatus.UNKNOWN, "", 0),
        (an_intent(40), OrderStatus.OPEN, "x40", 6),
        (an_intent(41), OrderStatus.PENDING, "", 0),
    ]
    assert recovery.last_seq == 41
    wiped = after(path, a_run("run-3", account_epoch=2, uid="u2"))
    assert (wiped.orders, wiped.last_seq, wiped.last_trade_id) == ((), 41, 0)


def test_an_ended_order_comes_back_until_all_its_fills_are_on_record(tmp_path: Path) -> None:
    """The answer to a cancel told that it had traded; the process died before the trade itself was read."""
    path = tmp_path / "ledger.db"
    order = an_intent(1)
    rows: Rows = [
        (at(START), RecordOrder(order.client_id, OrderStatus.CANCELED, "x1", 8, "cancel")),
        (at(START), seen(replace(a_fill(1, lots=3), client_id=order.client_id))),
    ]
    after(path, a_run(), rows, intents=(1,))
    (found,) = after(path, a_run("run-2")).orders
    assert (found.intent, found.exchange_id, found.executed_lots) == (order, "x1", 8)
    last = [(at(START), seen(replace(a_fill(2, lots=5), client_id=order.client_id)))]
    assert after(path, a_run("run-3"), last).orders == ()


def test_trades_are_read_from_before_the_oldest_order_that_may_miss_one(tmp_path: Path) -> None:
    """A fill lost in a gap of the stream may have a far lower id than one that was seen after it."""
    path = tmp_path / "ledger.db"
    order = an_intent(1)
    early, late = at(START) - 120 * SECOND, at(START) + 30 * SECOND
    rows = [
        (late, seen(a_fill(90_000, moment=early))),
        (late, seen(a_fill(95_000, moment=late))),
        (late, RecordOrder(order.client_id, OrderStatus.OPEN, "x1", 0, "place")),
    ]
    recovery = after(path, a_run(), rows, intents=(1,))
    assert recovery.read_trades_from == 90_001
    assert {fill.trade_id for fill in recovery.known_fills} >= {95_000}
    ended = [(late, RecordOrder(order.client_id, OrderStatus.CANCELED, "x1", 0, "cancel"))]
    assert after(path, a_run("run-2"), ended).read_trades_from == 94_501


def test_every_recorded_fill_that_is_read_again_is_known(tmp_path: Path) -> None:
    """Else it would be counted twice."""
    path = tmp_path / "ledger.db"
    moment = at(START) + HOUR
    fills = [a_fill(trade_id, moment=moment + trade_id) for trade_id in range(1, 1201)]
    rows = [(moment, seen(fill)) for fill in fills]
    recovery = after(path, a_run(), rows, intents=(1,))  # its order is PENDING since before all of them
    assert recovery.read_trades_from == 0
    assert [fill.trade_id for fill in recovery.known_fills] == list(range(1, 1201))


def test_a_number_whose_commit_failed_is_not_given_again(tmp_path: Path) -> None:
    """The end of that order is on record; a second one of its name would look ended while it rests in the market."""
    path = tmp_path / "ledger.db"
    failed = (at(START), RecordOrder(an_intent(40).client_id, OrderStatus.NOT_SENT, "", 0, "commit", "disk full"))
    assert after(path, a_run(), [failed], intents=(39,)).last_seq == 40


@pytest.mark.parametrize("believed", [OrderStatus.NOT_PLACED, OrderStatus.NOT_SENT, OrderStatus.REJECTED])
def test_an_order_that_the_exchange_has_after_all_is_live_again_in_the_ledger_too(
    tmp_path: Path, believed: OrderStatus
) -> None:
    path = tmp_path / "ledger.db"
    name = an_intent(1).client_id
    rows = [
        (at(START), RecordOrder(name, believed, "", 0, "query", "absent past the fence")),
        (at(START), RecordOrder(name, OrderStatus.OPEN, "x1", 0, "stream")),
    ]
    after(path, a_run(), rows, intents=(1,))
    (found,) = after(path, a_run("run-2")).orders
    assert (found.status, found.exchange_id) == (OrderStatus.OPEN, "x1")


def test_the_peak_is_that_of_the_last_record_even_when_the_clock_was_set_back(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ahead = START + timedelta(hours=3)
    after(path, a_run(), [(at(ahead), equity(101 * UNITS, peak=101 * UNITS))])
    later = [(at(START) + HOUR, equity(104 * UNITS, peak=104 * UNITS))]
    recovery = after(path, a_run("run-2"), later, now=START + timedelta(hours=1))
    assert recovery.baseline.peak_units == 104 * UNITS


def test_the_same_trade_id_of_another_account_is_another_fill(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    after(path, a_run(), [(at(START), seen(a_fill(1, lots=20)))])
    recovery = after(path, a_run("run-2", account_epoch=2, uid="u2"), [(at(START), seen(a_fill(1, lots=5)))])
    assert recovery.position.base_units == ETHUSDC.base_units(5)
    assert recovery.position.cash_units == 100 * UNITS - ETHUSDC.notional_units(300_000, 5)


def test_a_restart_within_the_day_resets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    rows = [
        (at(START), equity(100 * UNITS)),
        (at(START) + HOUR, equity(103 * UNITS, peak=104 * UNITS)),
        (at(START) + 2 * HOUR, equity(98 * UNITS, peak=104 * UNITS)),
    ]
    first = after(path, a_run(), rows, now=START + timedelta(hours=3))
    again = after(path, a_run("run-2", started=START + timedelta(hours=3)), now=START + timedelta(hours=3))
    assert first.baseline == again.baseline
    assert again.baseline.day_start_units == 100 * UNITS
    assert again.baseline.stage_start_units == 100 * UNITS
    assert again.baseline.peak_units == 104 * UNITS


def test_a_day_that_began_while_the_bot_was_off_counts_from_the_last_snapshot_before_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    # The trading day closes at 22:00 in Berlin, 21:00 UTC.
    close = datetime(2026, 11, 10, 21, 0, tzinfo=UTC)
    rows = [(at(close) - SECOND, equity(97 * UNITS, peak=101 * UNITS)), (at(close), equity(90 * UNITS))]
    after(path, a_run(), rows)
    next_day = after(path, a_run("run-2", started=close + timedelta(days=1, hours=-1)), now=close + timedelta(hours=20))
    assert next_day.baseline.day == "2026-11-11"
    assert next_day.baseline.day_start_units == 97 * UNITS
    third_day = after(path, a_run("run-3", started=close + timedelta(days=1)), now=close + timedelta(days=1))
    assert third_day.baseline.day_start_units == 90 * UNITS
    assert third_day.baseline.stage_start_units == 100 * UNITS


def test_a_deposit_moves_every_baseline_and_is_no_profit(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    rows: Rows = [
        (at(START) + HOUR, equity(102 * UNITS)),
        (0, CapitalFlow(at(START) + 2 * HOUR, "USDC", 50 * UNITS, 50 * UNITS, "deposit")),
        (at(START) + 3 * HOUR, equity(151 * UNITS, peak=152 * UNITS)),
    ]
    recovery = after(path, a_run(), rows)
    assert recovery.position.cash_units == 150 * UNITS
    assert recovery.baseline.stage_start_units == 150 * UNITS
    assert recovery.baseline.day_start_units == 150 * UNITS
    assert recovery.baseline.peak_units == 152 * UNITS


def test_a_larger_capital_is_booked_as_a_flow_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    after(path, a_run(), [(at(START), equity(97 * UNITS, peak=105 * UNITS))])
    later = START + timedelta(hours=1)
    for name in ("run-2", "run-3"):
        recovery = after(path, a_run(name, capital=200, stage="200", started=later), now=later)
        assert recovery.position.cash_units == 200 * UNITS
        assert recovery.baseline.capital_units == 200 * UNITS
        # 97 at the end of the stage before, and 100 more.
        assert recovery.baseline.stage_start_units == 197 * UNITS
        assert recovery.baseline.peak_units == 197 * UNITS


def test_a_stage_entered_again_counts_from_its_new_beginning(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    after(path, a_run(stage="100"), [(at(START), equity(90 * UNITS, peak=100 * UNITS))])
    since = START + timedelta(hours=1)
    recovery = after(path, a_run("run-2", stage="100", started=since), stage_since=since)
    assert recovery.baseline.stage_start_units == 90 * UNITS
    assert recovery.baseline.peak_units == 90 * UNITS


def test_a_stage_that_begins_within_the_first_day_does_not_end_the_days_loss(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    after(path, a_run(), [(at(START), equity(94 * UNITS, peak=100 * UNITS))])
    since = START + timedelta(hours=1)
    recovery = after(path, a_run("run-2", stage="100", started=since), stage_since=since, now=since)
    assert recovery.baseline.stage_start_units == 94 * UNITS
    assert recovery.baseline.day_start_units == 100 * UNITS


def test_a_clock_that_was_set_back_begins_neither_losses_nor_levels_anew(tmp_path: Path) -> None:
    """The stage is said to have begun in what is now the future."""
    path = tmp_path / "ledger.db"
    rows: Rows = [
        (at(START), equity(100 * UNITS)),
        (at(START) + SECOND, equity(94 * UNITS, peak=100 * UNITS)),
        (at(START) + SECOND, RecordRisk("level_2", "critical", "lost 6 USDC")),
    ]
    after(path, a_run(), rows)
    now = START + timedelta(hours=2)
    recovery = after(path, a_run("run-2", started=now), stage_since=START + timedelta(hours=5), now=now)
    assert recovery.baseline.stage_start_units == 100 * UNITS
    assert recovery.history.level == 2


def test_recovery_needs_the_account_epoch_of_the_run(tmp_path: Path) -> None:
    async def scenario() -> None:
        ledger = SqliteLedger.open(tmp_path / "ledger.db", on_failure=pytest.fail, inline=True)
        await ledger.begin_run(a_run(account_epoch=2), [])
        with pytest.raises(LedgerError, match="account epoch"):
            await ledger.recovery(1, day_of(START))
        await ledger.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("changed", "match"),
    [({"account_epoch": 1, "account_uid": "u1"}, "is over"), ({"symbol": "BTCUSDC"}, "traded ETHUSDC")],
)
def test_an_account_neither_goes_back_nor_changes_its_symbol(
    tmp_path: Path, changed: dict[str, object], match: str
) -> None:
    path = tmp_path / "ledger.db"
    after(path, a_run(account_epoch=2))
    with pytest.raises(LedgerError, match=match):
        after(path, replace(a_run("run-2", account_epoch=2), **changed))  # type: ignore[arg-type]  # fields by name


def test_accounts_and_epochs_as_the_next_start_sees_them(tmp_path: Path) -> None:
    async def scenario() -> None:
        ledger = SqliteLedger.open(tmp_path / "ledger.db", on_failure=pytest.fail)
        assert await ledger.last_account() is None
        first = await ledger.begin_run(a_run(account_epoch=3, uid="u9"), [])
        assert (first.new_ledger, first.new_account, first.run.epoch) == (True, True, 1)
        assert await ledger.last_account() == (3, "u9")
        tag = ledger.tag()
        await ledger.close()
        ledger = SqliteLedger.open(tmp_path / "ledger.db", on_failure=pytest.fail, new_tag=lambda: "zzzzzz")
        second = await ledger.begin_run(a_run("run-2", account_epoch=3, uid="u9"), [])
        assert (second.new_ledger, second.new_account, second.run.epoch) == (False, False, 2)
        assert ledger.tag() == tag != "zzzzzz"
        await ledger.close()

    asyncio.run(scenario())


def test_a_live_order_is_told_on_the_new_grid() -> None:
    assert _regrid(300_000, Decimal("0.01"), Decimal("0.10")) == 30_000
    with pytest.raises(LedgerError, match="grid"):
        _regrid(300_001, Decimal("0.01"), Decimal("0.10"))
