"""P-6.1 to P-6.3 from beginning to end in virtual time: a falling market, three levels, restarts in between.

The levels are tightened, so that an ordinary slide reaches them within hours.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from mm.domain.errors import StageOver
from mm.domain.events import ResumeRequested
from mm.domain.instrument import to_units
from mm.domain.order import Side
from mm.domain.risk import TradingState
from mm.ledger.queries import LedgerQueries
from mm.risk.settings import LevelSettings, RiskSettings
from mm.runner.replay import replay_journal
from mm.runner.startup import Run
from tests.fakes.world import World
from tests.integration.test_runner_virtual import play

LEVELS = LevelSettings(yellow=Decimal("0.001"), orange=Decimal("0.003"), red=Decimal("0.005"))


async def until(world: World, what: Callable[[], bool], hours: float = 12) -> None:
    for _ in range(int(hours * 720)):
        if what():
            return
        await world.clock.sleep(5)
    raise AssertionError("it did not come to it")


def told(world: World, *codes: str) -> list[str]:
    with LedgerQueries(world.home.ledger) as ledger:
        return [event.code for event in ledger.risk_events(kinds=("event",)) if event.code in codes]


def detail(world: World, code: str) -> str:
    with LedgerQueries(world.home.ledger) as ledger:
        return next(event.detail for event in ledger.risk_events(kinds=("event",)) if event.code == code)


def level(run: Run) -> int:
    return run.runner.engine.risk.emergency.level


def test_three_levels_in_order_with_half_the_position_and_capital_in_between(tmp_path: Path) -> None:
    held: list[Decimal] = []

    async def story(world: World) -> None:
        world.strategy = world.strategy.model_copy(
            update={"base_size": Decimal("0.0025"), "inventory_target": Decimal(1)}
        )
        world.risk = RiskSettings(daily_loss_limit=Decimal(5), max_position=Decimal("0.01"), levels=LEVELS)
        async with world.run() as run:
            going = world.start(run)
            engine = run.runner.engine
            await until(world, lambda: level(run) >= 2)
            await world.clock.sleep(60)
            await run.flush()
            assert engine.state is TradingState.HALTED
            assert 0 <= engine.account.position.base_units <= held_at_level_2(world) // 2
            world.control.waiting.append(
                ResumeRequested(at=world.clock.now(), mono=world.clock.monotonic(), by="Li", note="seen")
            )
            await until(world, lambda: engine.state is not TradingState.HALTED, hours=0.1)
            assert engine.risk.limits.max_position_units == to_units(Decimal("0.005"))
            assert engine.risk.limits.capital_units == to_units(Decimal(50))
            run.runner.stop("for the day")
            await going
        async with world.run() as run:
            going = world.start(run)
            engine = run.runner.engine
            assert (level(run), engine.risk.is_halved) == (2, True)
            await until(world, lambda: "starting" not in engine.risk.causes, hours=0.1)
            assert engine.risk.halts == {}  # the loss that was accepted before the restart is accepted after it
            await until(world, lambda: level(run) == 3, hours=48)
            await going
            held.append(max([Decimal(0), *after_resume(world)]))
        with pytest.raises(StageOver):
            async with world.run():
                pass

    world = play(tmp_path, story, scenario="trend-down")
    codes = told(world, "level_1", "level_2", "level_3", "halving", "halved", "resumed")
    assert codes == ["level_1", "level_2", "halving", "halved", "resumed", "level_3"]
    assert [kind for kind, _ in world.control.incidents] == ["level_3"]
    assert 0 < held[0] <= Decimal("0.005")
    assert "spread captured" in detail(world, "level_1")
    with LedgerQueries(world.home.ledger) as ledger:
        sales = [order for order in ledger.orders() if order.purpose == "reduce"]
        assert sales
        assert {(order.side, order.type) for order in sales} == {(Side.SELL, "LIMIT")}
        assert ledger.runs()[-1].clean  # refused, no crash
    for journal in sorted(world.home.journal.iterdir()):
        assert replay_journal(journal).difference is None


def held_at_level_2(world: World) -> int:
    with LedgerQueries(world.home.ledger) as ledger:
        (reached,) = (event.at for event in ledger.risk_events(kinds=("event",)) if event.code == "level_2")
        held = ledger.positions(end=reached, last=1)[-1].base
    assert held > 0
    return to_units(held)


def after_resume(world: World) -> list[Decimal]:
    """What was held after each fill that came after the resume."""
    with LedgerQueries(world.home.ledger) as ledger:
        (resumed,) = (event.at for event in ledger.risk_events(kinds=("event",)) if event.code == "resumed")
        return [row.base for row in ledger.positions(start=resumed)]
