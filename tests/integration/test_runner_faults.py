"""What breaks inside a run: the bot must end up without orders, without a forgotten one and without a lost fill."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.domain.errors import AuthenticationRefused, ExchangeError, LedgerError, NotProven
from mm.domain.events import BookSeen, FillSeen, OrderNotSent
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.ledger.queries import LedgerQueries
from mm.ports import Account, EventSink
from mm.runner.startup import RunSpec
from tests.fakes.world import START_NS, World, day_at, utc
from tests.integration.test_runner_virtual import play, status_of


class Broken(Exception):
    pass


class DyingResources:
    """Fails at its `count`-th sample: the task that beats dies, all others live on."""

    def __init__(self, count: int) -> None:
        self.left = count

    def sample(self) -> tuple[float, int]:
        self.left -= 1
        if not self.left:
            raise Broken
        return 0.0, 0


def test_a_task_that_dies_ends_the_run_and_nothing_is_placed_while_orders_are_taken_down(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run() as run:
            run.runner._resources = DyingResources(6)
            with pytest.raises(Broken):
                await run.go()
        died = world.clock.now() - START_OF_CLEARING
        late = [o for o in world.venue.all_orders(world.account.uid, "ETHUSDC") if o.created_ms * 1_000_000 > died]
        assert late == []
        assert world.own_open() == []

    play(tmp_path, story)


START_OF_CLEARING = 12_000_000_000
"""Nanoseconds: clearing lasts the fence of 13 s at least."""


@pytest.mark.parametrize("kind", [BookSeen, FillSeen])
def test_an_event_that_could_not_be_processed_ends_the_run_even_when_its_source_goes_on(
    tmp_path: Path, kind: type[Any]
) -> None:
    """As the streams do: they take every error for the end of a connection and dial again."""

    async def story(world: World) -> None:
        through = world.exchange.run

        async def careless(sink: EventSink) -> None:
            def quiet(event: Any) -> None:
                try:
                    sink(event)
                except Broken:
                    return

            await through(quiet)

        world.exchange.run = careless  # type: ignore[method-assign]
        async with world.run() as run:
            going = asyncio.create_task(run.go())
            await asyncio.sleep(20)
            engine = run.runner.engine

            def broken(_event: Any) -> Any:
                engine._handlers.pop(kind)  # once: what follows finds a state that nobody can vouch for
                engine._handlers[kind] = lambda _: ()
                raise Broken

            engine._handlers[kind] = broken
            with pytest.raises(Broken):
                await going
        assert world.own_open() == []

    # A fill that broke the engine is not in the ledger of this run; the next one reads it.
    async def twice(world: World) -> None:
        await story(world)
        del world.exchange.run
        async with world.run(timedelta(minutes=1)) as run:
            await run.go()

    play(tmp_path, twice)


def test_clearing_does_not_give_up_at_the_first_answer_that_did_not_come(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        through = world.exchange.open_orders
        failures = iter(range(10))

        async def flaky(symbol: str) -> Any:
            if dying.left <= 0 and next(failures, None) is not None:
                raise ExchangeError("HTTP 502")
            return await through(symbol)

        dying = DyingResources(6)
        async with world.run() as run:
            run.runner._resources = dying
            world.exchange.open_orders = flaky  # type: ignore[method-assign]
            with pytest.raises(Broken):
                await run.go()
        assert world.own_open() == []

    play(tmp_path, story)


def test_clearing_ends_when_the_key_is_refused_and_claims_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        through = world.exchange.open_orders
        dying = DyingResources(6)

        async def refused(symbol: str) -> Any:
            if dying.left <= 0:
                raise AuthenticationRefused("revoked")
            return await through(symbol)

        async with world.run() as run:
            run.runner._resources = dying
            world.exchange.open_orders = refused  # type: ignore[method-assign]

            async def full(*_: Any, **__: Any) -> None:
                raise LedgerError("the disk is full")  # which must not be told in place of orders that are left

            run._ledger.end_run = full  # type: ignore[method-assign]
            with pytest.raises(NotProven):
                await run.go()
            assert world.home.armed.exists()
        del world.exchange.open_orders
        async with world.run(timedelta(seconds=30)) as run:
            await run.go()

    play(tmp_path, story)


def test_an_order_whose_commit_took_too_long_is_not_sent(tmp_path: Path) -> None:
    """Its price was decided on a market that is gone."""

    async def story(world: World) -> None:
        async with world.run(timedelta(minutes=1)) as run:
            through = run._ledger.commit_intents
            told = []

            async def slow(intents: Any) -> None:
                await asyncio.sleep(2.1)
                await through(intents)

            run._ledger.commit_intents = slow  # type: ignore[method-assign]
            run.runner.dispatcher.on_processed = lambda event, _: told.append(event)
            await run.go()
        assert world.exchange.placed == []
        assert {event.code for event in told if isinstance(event, OrderNotSent)} >= {"stale"}
        assert set(status_of(world).values()) == {"NOT_SENT"}

    play(tmp_path, story)


def test_a_lost_ledger_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    """It would believe the bot flat, and take its orders for those of another."""

    async def story(world: World) -> None:
        async with world.run(timedelta(minutes=2)) as run:
            await run.go()
        hidden = world.home.path / "hidden"
        world.home.ledger.rename(hidden)
        with pytest.raises(LedgerError, match="is gone"):
            async with world.run():
                pass
        assert not world.home.ledger.exists()
        hidden.rename(world.home.ledger)

    play(tmp_path, story)


def test_another_symbol_is_refused_and_not_taken_for_a_wiped_account(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run(timedelta(minutes=3)) as run:
            await run.go()
        assert world.venue.account_trades(world.account.uid)
        spec = world.spec

        def other_symbol(run_for: timedelta | None) -> RunSpec:
            return replace(spec(run_for), symbol="BTCUSDC")

        async def none(symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
            return ()

        async def rules(symbol: str) -> Instrument:
            return replace(world.exchange._grid, symbol=symbol)

        world.spec = other_symbol  # type: ignore[method-assign]
        world.exchange.trades = none  # type: ignore[method-assign]
        world.exchange.instrument = rules  # type: ignore[method-assign]
        world.exchange.fee_rates = fees  # type: ignore[method-assign]
        with pytest.raises(LedgerError, match="traded ETHUSDC"):
            async with world.run():
                pass

    play(tmp_path, story)


async def fees(symbol: str) -> FeeRates:
    return FeeRates(Decimal("0.001"), Decimal("0.001"))


def test_a_clock_that_is_set_begins_no_trading_day(tmp_path: Path) -> None:
    """The day's loss would count from a new start, and the limit would be passed twice."""

    async def story(world: World) -> None:
        ahead = 25 * 3600 * 1_000_000_000
        async with world.run() as run:
            going = asyncio.create_task(run.go())
            await asyncio.sleep(30)
            day = run.runner.engine.risk.baseline.day

            async def measured() -> tuple[int, float]:
                return -ahead // 1_000_000, 1.0

            world.exchange.resync_clock = measured  # type: ignore[method-assign]
            world.clock.step(ahead)
            days = []
            for _ in range(70):
                await asyncio.sleep(2)
                days.append(run.runner.engine.risk.baseline.day)
            assert set(days) == {day}
            world.clock.step(-ahead)
            del world.exchange.resync_clock
            await asyncio.sleep(240)  # the true close lies in between
            assert run.runner.engine.risk.baseline.day > day
            run.runner.stop("enough")
            await going

    clock = SimulatedClock(START_NS + 5 * 3600 * 1_000_000_000)  # 6 min 40 s before the close

    async def main() -> None:
        await story(World(tmp_path, clock, scenario="ordinary"))

    run_virtual(main(), clock=clock)


def test_a_run_that_starts_with_a_wrong_clock_goes_by_the_exchange_s_day(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        today = day_at(utc(world.clock)).day.isoformat()
        ahead = 24 * 3600 * 1_000_000_000

        async def measured() -> tuple[int, float]:
            return -ahead // 1_000_000, 1.0

        world.exchange.resync_clock = measured  # type: ignore[method-assign]
        world.clock.step(ahead)
        async with world.run(timedelta(seconds=20)) as run:
            assert run.runner.engine.risk.baseline.day == today
            await run.go()
            assert run.runner.engine.risk.baseline.day == today
        assert world.exchange.placed == []  # a clock that is off by a day halts

    play(tmp_path, story)


def test_an_account_wiped_before_its_first_trade_begins_anew(tmp_path: Path) -> None:
    """Else its open order would stay open in the ledger for ever, and every run unreconciled."""

    async def story(world: World) -> None:
        async with world.run() as run:
            alive = asyncio.create_task(run.runner.run())
            while not world.own_open():
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.05)
            run.runner.dispatcher.spawn = lambda work: work.close()  # type: ignore[method-assign]
            alive.cancel()
            await asyncio.gather(alive, return_exceptions=True)
        assert not world.venue.account_trades(world.account.uid)
        wiped = world.venue.open_account({"USDC": Decimal(100)}, Decimal("0.001"), Decimal("0.001"), "another")
        first, world.exchange.uid = world.exchange.uid, wiped.uid
        own = world.exchange.account

        async def same_uid() -> Account:
            return replace(await own(), uid=str(first))

        world.exchange.account = same_uid  # type: ignore[method-assign]
        async with world.run(timedelta(seconds=20)) as run:
            await run.go()
        with LedgerQueries(world.home.ledger) as ledger:
            assert [run.account_epoch for run in ledger.runs()] == [1, 2]
        world.account = wiped

    clock = SimulatedClock(START_NS)

    async def main() -> None:
        await story(World(tmp_path, clock))

    run_virtual(main(), clock=clock)
