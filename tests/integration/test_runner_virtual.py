"""Runs of the whole core in virtual time against the venue in process."""

import asyncio
import gzip
import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.domain.errors import HaltedError, InstanceRunning
from mm.domain.events import HaltRequested, ResumeRequested
from mm.domain.risk import TradingState
from mm.ledger.queries import LedgerQueries
from mm.runner.latch import trip
from mm.runner.replay import replay_journal
from mm.runner.startup import Run
from tests.fakes.world import START_NS, World

Story = Callable[[World], Coroutine[Any, Any, None]]


def play(folder: Path, story: Story, **world: Any) -> World:
    """Run the story in virtual time, then check what must always hold."""
    clock = SimulatedClock(START_NS)
    made: list[World] = []

    async def main() -> None:
        made.append(World(folder, clock, **world))
        await story(made[0])

    run_virtual(main(), clock=clock)
    check_invariants(made[0])
    return made[0]


def check_invariants(world: World) -> None:
    """I1 and I2: each venue order has one earlier intent; I3: fills equal by trade id; I4: position within the cap."""
    with LedgerQueries(world.home.ledger) as ledger:
        intents = {order.client_id: order for order in ledger.orders()}
        fills = ledger.fills()
    orders = world.venue.all_orders(world.account.uid, "ETHUSDC", limit=1000)
    ids = [order.client_id for order in orders]
    assert len(ids) == len(set(ids))
    for order in orders:
        assert order.client_id in intents
        assert order.created_ms >= int(intents[order.client_id].decided.timestamp() * 1000) - 1
    trades = world.venue.account_trades(world.account.uid)
    assert [(f.fill.trade_id, f.side, f.price, f.size, f.quote, f.fee, f.fee_asset, f.maker) for f in fills] == [
        (t.trade_id, t.side, t.price, t.quantity, t.quote, t.commission, t.commission_asset, t.is_maker) for t in trades
    ]
    held = Decimal(0)
    for trade in trades:
        held += trade.quantity if trade.is_buyer else -trade.quantity
        assert 0 <= held <= world.risk.max_position


def state_of(run: Run) -> TradingState:
    return run.runner.engine.state


def status_of(world: World) -> dict[str, str]:
    with LedgerQueries(world.home.ledger) as ledger:
        return {order.client_id: order.status for order in ledger.orders()}


def test_a_run_trades_stops_by_itself_and_leaves_no_order(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run(timedelta(minutes=10)) as run:
            outcome = await run.go()
        assert outcome.clean
        assert outcome.why == "the time of the run is over"

    world = play(tmp_path, story)
    assert world.own_open() == []
    assert len(world.venue.account_trades(world.account.uid)) > 3
    with LedgerQueries(world.home.ledger) as ledger:
        last = ledger.last_run()
        assert last is not None
        assert last.clean
    assert not world.home.armed.exists()


def test_the_journal_replays_to_the_same_actions(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run(timedelta(minutes=5)) as run:
            await run.go()

    world = play(tmp_path, story)
    result = replay_journal(next(world.home.journal.iterdir()))
    assert result.difference is None
    assert result.complete
    assert result.events > 3000
    assert result.actions > 100


def test_a_journal_with_one_other_action_is_told_and_called_complete(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run(timedelta(minutes=2)) as run:
            await run.go()

    world = play(tmp_path, story)
    journal = next(world.home.journal.iterdir())
    lines = gzip.decompress(journal.read_bytes()).splitlines()
    changed = next(number for number, line in enumerate(lines) if number and json.loads(line)[1])
    event, _ = json.loads(lines[changed])
    lines[changed] = json.dumps([event, []]).encode()
    journal.write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))
    result = replay_journal(journal)
    assert result.difference is not None
    assert (result.difference.number, result.difference.recorded) == (changed, ())
    assert result.difference.replayed
    assert result.complete


def test_a_second_run_goes_on_where_the_first_one_stood(tmp_path: Path) -> None:
    positions = []

    async def story(world: World) -> None:
        for _ in range(3):
            async with world.run(timedelta(minutes=3)) as run:
                positions.append(run.runner.engine.account.position)
                await run.go()
                positions.append(run.runner.engine.account.position)
            await asyncio.sleep(60)

    play(tmp_path, story)
    assert positions[1] == positions[2]
    assert positions[3] == positions[4]
    assert positions[0].cash_units == 100 * 10**8


def kill_at(seconds: float) -> Story:
    """A run that vanishes in the middle of whatever it does, and one that finds out what it left."""

    async def story(world: World) -> None:
        async with world.run() as run:
            alive = asyncio.create_task(run.runner.run())
            await asyncio.sleep(seconds)
            # As SIGKILL would: nothing is cancelled, nothing is written any more.
            run.runner.dispatcher.spawn = lambda work: work.close()  # type: ignore[method-assign]
            alive.cancel()
            await asyncio.gather(alive, return_exceptions=True)
        left = world.own_open()
        async with world.run(timedelta(minutes=2)) as run:
            assert (await run.go()).clean
        assert world.own_open() == [], left

    return story


@pytest.mark.parametrize("seconds", [0.05, 10.05, 10.15, 47.3, 63.77, 121.0])
def test_a_killed_run_is_recovered_by_the_next(tmp_path: Path, seconds: float) -> None:
    play(tmp_path, kill_at(seconds))


def test_an_order_that_executed_without_an_answer_is_found_and_never_sent_twice(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        silent: set[str] = set()

        def fault(intent: Any) -> str:
            if len(silent) < 2:
                silent.add(intent.client_id)
                return "unanswered"
            return ""

        world.exchange.fault = fault
        async with world.run(timedelta(minutes=3)) as run:
            await run.go()
        assert len(silent) == 2
        assert world.exchange.placed.count(next(iter(silent))) == 1

    world = play(tmp_path, story)
    assert set(status_of(world).values()) <= {"FILLED", "CANCELED"}


def test_a_lost_request_is_called_absent_only_past_the_fence(tmp_path: Path) -> None:
    lost: list[str] = []
    during: list[int] = []

    async def story(world: World) -> None:
        def fault(intent: Any) -> str:
            if not lost:
                lost.append(intent.client_id)
                return "lost"
            return ""

        world.exchange.fault = fault
        async with world.run(timedelta(minutes=3)) as run:
            going = asyncio.create_task(run.go())
            while not lost:
                await asyncio.sleep(0.1)
            for _ in range(20):
                await asyncio.sleep(1)
                during.append(run.runner.engine.orders.get(lost[0]).status.is_final)  # type: ignore[union-attr]
            await going

    world = play(tmp_path, story)
    # 5 s without an answer, then the fence of 13 s counted from the sending.
    assert during == [False] * 12 + [True] * 8
    assert status_of(world)[lost[0]] == "NOT_PLACED"


def test_the_stop_latch_stops_a_run(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run() as run:
            going = asyncio.create_task(run.go())
            async with asyncio.timeout(120):
                while not world.own_open():  # a quote may be filled or replaced at any one moment
                    await asyncio.sleep(0.1)
            trip(world.home)
            outcome = await going
            assert outcome.why == "the stop latch fell"
        with pytest.raises(HaltedError):
            async with world.run():
                pass

    play(tmp_path, story)


def test_a_halt_pulls_the_quotes_and_stays_until_a_person_resumes(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        clock = world.clock
        async with world.run(timedelta(minutes=3)) as run:
            going = asyncio.create_task(run.go())
            await asyncio.sleep(30)
            halt = HaltRequested(at=clock.now(), mono=clock.monotonic(), cause="tried", detail="a test")
            world.control.waiting.append(halt)
            await asyncio.sleep(60)
            assert state_of(run) is TradingState.HALTED
            assert world.own_open() == []
            assert world.control.halts == [("tried", "a test")]
            resume = ResumeRequested(at=clock.now(), mono=clock.monotonic(), by="Ann", note="seen")
            world.control.waiting.append(resume)
            await asyncio.sleep(20)
            assert state_of(run) is TradingState.ACTIVE
            seen = 0
            for _ in range(600):  # a fill keeps its side out for a while, and a quote may be about to be replaced
                await asyncio.sleep(0.1)
                seen += bool(world.own_open())
            assert seen > 200
            await going

    play(tmp_path, story)


def test_a_second_instance_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with world.run(timedelta(seconds=30)) as run:
            with pytest.raises(InstanceRunning):
                async with world.run():
                    pass
            await run.go()

    play(tmp_path, story)


def test_orders_of_others_are_left_alone(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        from mm.exchange.venue.views import NewOrder

        by_hand = NewOrder(
            symbol="ETHUSDC", side="BUY", type="LIMIT", time_in_force="GTC",
            quantity=Decimal("0.01"), price=Decimal(1000), client_id="by-hand",
        )  # fmt: skip
        async with world.run(timedelta(minutes=2)) as run:
            world.venue.place(world.account.uid, by_hand)
            await run.go()
        assert world.own_open() == ["by-hand"]
        world.venue.cancel(world.account.uid, "ETHUSDC", orig_client_id="by-hand")

    clock = SimulatedClock(START_NS)

    async def main() -> None:
        await story(World(tmp_path, clock))

    run_virtual(main(), clock=clock)
