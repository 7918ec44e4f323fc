"""Runs in virtual time while the exchange misbehaves: whatever it does, ledger and venue agree in the end."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mm.domain.order import OrderIntent
from mm.domain.risk import TradingState
from mm.exchange.venue import in_process
from mm.runner.startup import Run
from tests.fakes.world import World
from tests.integration.test_runner_virtual import play, status_of

FINAL = {"FILLED", "CANCELED", "EXPIRED", "REJECTED", "NOT_SENT", "NOT_PLACED"}
Meanwhile = Callable[[World, Run], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def _four_books_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten would take more than twice the time and show nothing else."""
    monkeypatch.setattr(in_process, "_STEP_SECONDS", 0.25)


def state(run: Run) -> TradingState:
    return run.runner.engine.state


def trade(folder: Path, meanwhile: Meanwhile, *, minutes: float = 3, seed: int = 1) -> World:
    """A run with something going on beside it; afterwards nothing is open and everything has an end."""

    async def story(world: World) -> None:
        async with world.run(timedelta(minutes=minutes)) as run:
            going = asyncio.create_task(run.go())
            beside = asyncio.create_task(meanwhile(world, run))
            outcome = await going
            await beside
            assert outcome.clean
            assert outcome.why == "the time of the run is over"

    world = play(folder, story, seed=seed)
    assert world.own_open() == []
    assert set(status_of(world).values()) <= FINAL
    return world


def test_fills_missed_while_the_streams_were_down_are_read_afterwards(tmp_path: Path) -> None:
    missed: list[int] = []

    async def meanwhile(world: World, run: Run) -> None:
        def never(_client_id: str) -> str:
            return "lost"

        await asyncio.sleep(40)
        world.exchange.cancel_fault = never  # so that the quotes stay where the market finds them
        trades = len(world.venue.account_trades(world.account.uid))
        await world.exchange.cut(30)
        missed.append(len(world.venue.account_trades(world.account.uid)) - trades)
        assert state(run) is TradingState.HALTED
        world.exchange.cancel_fault = lambda _client_id: ""
        await asyncio.sleep(5)
        assert state(run) is TradingState.ACTIVE

    for seed in range(1, 8):
        trade(tmp_path / str(seed), meanwhile, minutes=1.5, seed=seed)
        if missed[-1]:
            return
    pytest.fail("no seed had a fill during the cut: the test shows nothing")


@pytest.mark.parametrize("fault", ["lost", "unanswered", "not_sent"])
def test_cancels_without_an_answer_are_repeated_until_the_end_is_known(tmp_path: Path, fault: str) -> None:
    spoiled: list[str] = []

    async def meanwhile(world: World, _run: Run) -> None:
        def every_first(client_id: str) -> str:
            if client_id in spoiled:
                return ""
            spoiled.append(client_id)
            return fault

        world.exchange.cancel_fault = every_first

    trade(tmp_path, meanwhile, minutes=2)
    assert len(spoiled) > 3


def test_orders_that_the_limiter_holds_back_are_no_orders(tmp_path: Path) -> None:
    held: list[str] = []

    async def meanwhile(world: World, _run: Run) -> None:
        def every_second(intent: OrderIntent) -> str:
            if len(held) >= len(world.exchange.placed):
                return ""
            held.append(intent.client_id)
            return "not_sent"

        world.exchange.fault = every_second

    world = trade(tmp_path, meanwhile, minutes=2)
    assert held
    assert {status_of(world)[client_id] for client_id in held} == {"NOT_SENT"}
    assert not set(held) & set(world.exchange.placed)


def test_reports_late_twice_and_out_of_order_change_nothing(tmp_path: Path) -> None:
    async def meanwhile(world: World, _run: Run) -> None:
        world.exchange.disorder = random.Random(7)

    world = trade(tmp_path, meanwhile)
    assert len(world.venue.account_trades(world.account.uid)) > 2


def test_an_exchange_that_cannot_be_read_for_a_while_is_waited_for(tmp_path: Path) -> None:
    async def meanwhile(world: World, run: Run) -> None:
        await asyncio.sleep(55)
        world.exchange.reads_fail = True
        await asyncio.sleep(20)
        assert state(run) is TradingState.HALTED
        assert world.own_open() == []
        world.exchange.reads_fail = False
        await asyncio.sleep(5)
        assert state(run) is TradingState.ACTIVE

    trade(tmp_path, meanwhile, minutes=2)


@pytest.mark.parametrize("seed", range(20))
def test_mixed_faults(tmp_path: Path, seed: int) -> None:
    """The seed is in the test's name; it decides the market, the faults and their moments."""
    chance = random.Random(seed)

    async def meanwhile(world: World, _run: Run) -> None:
        exchange = world.exchange
        exchange.disorder = chance if chance.random() < 0.5 else None
        exchange.fault = lambda _: chance.choices(["", "lost", "unanswered", "not_sent"], [12, 1, 1, 1])[0]
        exchange.cancel_fault = lambda _: chance.choices(["", "lost", "unanswered", "not_sent"], [6, 1, 1, 1])[0]
        for _ in range(3):
            await asyncio.sleep(chance.uniform(5, 30))
            if chance.random() < 0.5:
                await exchange.cut(chance.uniform(1, 15))
            else:
                exchange.reads_fail = True
                await asyncio.sleep(chance.uniform(1, 15))
                exchange.reads_fail = False

    trade(tmp_path, meanwhile, minutes=3, seed=seed)
