"""How a run begins and ends: accounts, capital, what is never touched, and what a crash leaves behind."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.domain.errors import LedgerError, NotProven
from mm.domain.instrument import UNITS, to_units
from mm.ledger.queries import LedgerQueries
from mm.runner.startup import NoJournal, Run, RunSpec
from tests.fakes.world import START_NS, World

Story = Callable[[World], Coroutine[Any, Any, None]]


class Spec:
    """Changes what the next runs are told."""

    def __init__(self, world: World, **changes: Any) -> None:
        plain = world.spec

        def changed(run_for: timedelta | None) -> RunSpec:
            return replace(plain(run_for), **changes)

        world.spec = changed  # type: ignore[method-assign]  # for this world only


def play(folder: Path, story: Story, **more: Any) -> World:
    clock = SimulatedClock(START_NS)
    made: list[World] = []

    async def main() -> None:
        made.append(World(folder, clock, **more))
        await story(made[0])

    run_virtual(main(), clock=clock)
    return made[0]


async def short(world: World, seconds: float = 30) -> Run:
    async with world.run(timedelta(seconds=seconds)) as run:
        await run.go()
    return run


def trades_of(world: World) -> int:
    return len(world.venue.account_trades(world.account.uid))


async def until_it_traded(world: World) -> None:
    while not trades_of(world):
        await short(world, 60)


def runs(world: World) -> list[tuple[int, str]]:
    with LedgerQueries(world.home.ledger) as ledger:
        return [(run.account_epoch, run.account_uid) for run in ledger.runs()]


def open_anew(world: World, usdc: str = "100", **more: Decimal) -> None:
    """Another account from now on, as after a reset."""
    held = {"USDC": Decimal(usdc), **more}
    world.account = world.venue.open_account(held, Decimal("0.001"), Decimal("0.001"), "another key")
    world.exchange.uid = world.account.uid


def test_another_account_begins_a_new_epoch_with_its_capital(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await until_it_traded(world)
        open_anew(world)
        async with world.run(timedelta(seconds=1)) as run:
            recovered = run.runner.engine.setup.recovery
            assert (recovered.position.base_units, recovered.position.cash_units) == (0, 100 * UNITS)
            assert recovered.last_trade_id == 0
            assert recovered.last_seq > 0  # ids are unique for ever
            await run.go()

    world = play(tmp_path, story)
    assert runs(world)[-1] == (2, str(world.account.uid))
    assert {epoch for epoch, _ in runs(world)[:-1]} == {1}


def test_another_account_is_refused_where_money_is_real(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await short(world)
        Spec(world, may_replace_account=False)
        await short(world)  # its own account is no other one
        open_anew(world)
        with pytest.raises(LedgerError, match="the ledger belongs to account"):
            await short(world)
        assert not world.home.armed.exists()

    play(tmp_path, story)


@pytest.mark.parametrize("allowed", [True, False])
def test_an_account_that_forgot_the_last_trade_was_wiped(tmp_path: Path, allowed: bool) -> None:
    async def story(world: World) -> None:
        await until_it_traded(world)
        Spec(world, may_replace_account=allowed)

        async def nothing(_symbol: str, _from_id: int, _limit: int = 1000) -> tuple[()]:
            return ()

        world.exchange.trades = nothing  # type: ignore[method-assign, assignment]  # forgotten
        if not allowed:
            with pytest.raises(LedgerError, match="wiped"):
                await short(world, 1)
            return
        async with world.run(timedelta(seconds=1)) as run:
            assert run.runner.engine.account.position.base_units == 0

    world = play(tmp_path, story)
    assert runs(world)[-1][0] == (2 if allowed else 1)


def test_a_changed_capital_is_booked_as_a_flow_and_is_no_profit(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await until_it_traded(world)
        async with world.run(timedelta(seconds=1)) as run:
            day_start = run.runner.engine.risk.baseline.day_start_units
            await run.go()
            before = run.runner.engine.account.position  # at its end: it may trade in its second
        Spec(world, capital_units=to_units(Decimal(130)))
        async with world.run(timedelta(seconds=1)) as run:
            after = run.runner.engine.account.position
            assert after.cash_units - before.cash_units == 30 * UNITS
            assert after.base_units == before.base_units
            assert run.runner.engine.risk.baseline.day_start_units == day_start + 30 * UNITS
            await run.go()

    play(tmp_path, story)


def test_what_the_account_held_before_is_never_touched(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        open_anew(world, "5000", ETH=Decimal(3))
        async with world.run(timedelta(minutes=4)) as run:
            kept = {held.asset: held.units for held in run.runner.engine.setup.recovery.balances}
            assert kept == {"USDC": 4_900 * UNITS, "ETH": 3 * UNITS}
            await run.go()
            assert run.runner.engine.account.position.base_units >= 0
        usdc, eth = Decimal(0), Decimal(0)
        for balance in world.venue.account(world.account.uid).balances:
            usdc += balance.free + balance.locked if balance.asset == "USDC" else 0
            eth += balance.free + balance.locked if balance.asset == "ETH" else 0
        assert eth >= 3
        assert usdc >= 4_900

    assert trades_of(play(tmp_path, story)) > 0


def test_a_run_that_crashes_leaves_the_latch_for_the_emergency_stop(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run(timedelta(minutes=5)) as run:

            async def broken() -> None:
                await asyncio.sleep(20)
                world.exchange.reads_fail = True
                raise KeyError("broken")

            run.runner.dispatcher.spawn(broken())
            with pytest.raises(NotProven):
                await run.go()
        assert world.home.armed.exists()

    world = play(tmp_path, story)
    with LedgerQueries(world.home.ledger) as ledger:
        last = ledger.last_run()
        assert last is not None
        assert not last.clean
        assert last.outcome is not None
        assert last.outcome.startswith("crashed: own orders may be left")


def test_a_clean_end_takes_the_latch_away(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run(timedelta(seconds=20)) as run:
            assert world.home.armed.exists()
            await run.go()

    world = play(tmp_path, story)
    assert not world.home.armed.exists()
    assert world.home.disarmed.exists()


def test_a_run_without_a_journal_trades_all_the_same(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        Spec(world, keep_journal=False)
        async with world.run(timedelta(seconds=20)) as run:
            assert (await run.go()).clean

    world = play(tmp_path, story)
    assert not world.home.journal.exists() or not list(world.home.journal.iterdir())
    assert world.exchange.placed
    journal = NoJournal()
    journal.sync()
    journal.close()


def test_a_ledger_that_fails_behind_the_engines_back_halts(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run(timedelta(minutes=1)) as run:
            going = asyncio.create_task(run.go())
            while not world.own_open():
                await asyncio.sleep(1)
            run._ledger._host._writer.fail("disk full")  # type: ignore[attr-defined]  # as its writer would
            await asyncio.sleep(1)
            assert world.own_open() == []
            assert [cause for cause, _ in world.control.halts] == ["ledger"]
            await going

    play(tmp_path, story)
