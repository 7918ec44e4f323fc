"""The public tape: aggregates of a taker, and trades, bars and statistics that go on after a restart."""

import random
import sqlite3
from pathlib import Path

from mm.exchange.venue.bar_history import KEPT
from mm.exchange.venue.flow import Flow
from mm.exchange.venue.intervals import INTERVALS
from mm.exchange.venue.scenarios import SCENARIOS
from mm.exchange.venue.store import Store
from mm.exchange.venue.tape import PRINTS_KEPT
from mm.exchange.venue.tape_store import _PRUNE_EVERY
from tests.unit.exchange.venue.world import SYMBOL, World, d


def print_one(world: World, number: int, *, step_ms: int = 1000) -> None:
    world.now += step_ms
    market = world.venue.market(SYMBOL)
    world.venue.matching.print_recorded(market, 300_000 + number % 50, 1 + number % 9, buyer_is_maker=number % 2 == 0)


def everything(world: World) -> tuple[object, ...]:
    venue = world.venue
    return (
        venue.trades(SYMBOL, 1000),
        venue.aggregate_trades(SYMBOL, 1000),
        *(venue.klines(SYMBOL, interval, 1000) for interval in INTERVALS.values()),
        venue.ticker_24h(SYMBOL),
        venue.rolling_ticker(SYMBOL, 3_600_000),
        venue.day_ticker(SYMBOL),
        venue.average_price(SYMBOL),
        venue.last_price(SYMBOL),
    )


def test_trades_bars_and_statistics_go_on_after_a_kill(tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    maker, taker = world.account("maker"), world.account("taker")
    for number in range(400):
        print_one(world, number, step_ms=7_000)
        world.venue.commit()
    for price in ("3000", "3000", "3001"):
        world.sell(maker, price, "0.01")
    world.market(taker, "BUY", "0.03")  # an account's trade takes the tape along at once
    again = World(Store(tmp_path / "venue.db"))  # nobody closed the first one
    again.now = world.now
    assert everything(again) == everything(world)
    for each in (world, again):
        for number in range(50):
            print_one(each, number, step_ms=900)
        each.venue.commit()
    for interval in INTERVALS.values():
        ours, theirs = again.venue.klines(SYMBOL, interval, 1000), world.venue.klines(SYMBOL, interval, 1000)
        assert [(bar.open_ms, bar.quote_volume, bar.trades) for bar in ours] == [
            (bar.open_ms, bar.quote_volume, bar.trades) for bar in theirs
        ]
    ids = [trade.trade_id for trade in again.venue.trades(SYMBOL, 1000)]
    assert ids == sorted(set(ids))
    wholes = [each.aggregate_id for each in again.venue.aggregate_trades(SYMBOL, 1000)]
    assert wholes == sorted(set(wholes))


def test_a_kill_costs_at_most_a_second_of_the_markets_own_trades(tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    flow = Flow(world.venue, SYMBOL, SCENARIOS["ordinary"], random.Random(4), d("3000"))
    for _ in range(300):
        flow.advance(world.now)
        world.now += 100
    again = World(Store(tmp_path / "venue.db"))
    lost = [trade for trade in world.venue.trades(SYMBOL, 1000) if trade not in again.venue.trades(SYMBOL, 1000)]
    assert all(trade.time_ms >= world.now - 1_200 for trade in lost)
    assert again.venue.trades(SYMBOL, 1000)


def test_the_database_keeps_no_more_than_the_tape(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    world = World(Store(path))
    for number in range(_PRUNE_EVERY * 30):
        print_one(world, number)
        if number % 29 == 0:
            world.venue.commit()
    assert len(world.venue.market(SYMBOL).tape.prints) == PRINTS_KEPT
    world.venue.close()
    with sqlite3.connect(path) as db:
        (prints,) = db.execute("SELECT count(*) FROM prints").fetchone()
        assert PRINTS_KEPT <= prints < PRINTS_KEPT * 1.2
        for width, most in KEPT.items():
            (bars,) = db.execute("SELECT count(*) FROM bars WHERE width_ms = ?", (width,)).fetchone()
            assert 0 < bars <= most * 1.2, width
    db.close()


def test_one_taker_at_one_price_is_one_aggregate_whoever_the_makers_are() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    for price, size in (("3000", "0.01"), ("3000", "0.02"), ("3001", "0.05")):
        world.sell(maker, price, size)
    world.market(taker, "BUY", "0.04")
    world.market(taker, "BUY", "0.02")
    first, second, third = world.venue.aggregate_trades(SYMBOL)
    assert (first.quantity, second.quantity, third.quantity) == (d("0.03"), d("0.01"), d("0.02"))
    assert (first.first_trade_id, first.last_trade_id) == (1, 2)
    assert world.venue.aggregate_trade(SYMBOL, second.aggregate_id) == second
    assert world.venue.aggregate_trade(SYMBOL, 99) is None
    assert world.venue.aggregate_trades(SYMBOL, from_id=second.aggregate_id, limit=1) == (second,)


def test_another_market_under_the_same_name_begins_an_empty_tape_at_the_last_price(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    world = World(Store(path))
    for number in range(20):
        print_one(world, number)
    last = world.venue.last_price(SYMBOL)
    world.venue.forget_tape(SYMBOL)
    for each in (world, World(Store(path))):
        assert each.venue.trades(SYMBOL) == ()
        assert each.venue.klines(SYMBOL) == ()
        assert each.venue.last_price(SYMBOL) == last
    print_one(world, 1)
    assert [trade.trade_id for trade in world.venue.trades(SYMBOL)] == [21]
