"""Bars played as a market: what is on record is honoured, and what an order gets is on the safe side by default."""

import random
from decimal import Decimal
from pathlib import Path

import pytest

from mm.domain.instrument import to_units
from mm.exchange.venue.bar_replay import STEPS_A_MINUTE, BarReplay
from mm.exchange.venue.bars import BarsBroken, read_bars
from mm.exchange.venue.recorded_book import QueueModel
from tests.unit.exchange.venue.world import SYMBOL, World, d

HEAD = "open_time,open,high,low,close,volume\n"
TWO = "2023-03-11 09:00:00,3000,3001,2998,2999.5,12.34567\n2023-03-11 09:01:00,2999.5,3010,2999,3008,0.00005\n"


class Bars:
    def __init__(self, folder: Path, text: str, *, queue: QueueModel = "conservative", seed: int = 1) -> None:
        self.world = World()
        self.uid = self.world.account("maker", fee=Decimal(0))
        self.file = folder / "x_ethusdc_1m.csv"
        self.file.write_text(HEAD + text)
        self.replay = BarReplay(self.world.venue, SYMBOL, [self.file], random.Random(seed), queue)
        self.replay.advance(self.world.now)

    def minutes(self, count: float) -> None:
        for _ in range(int(count * STEPS_A_MINUTE)):
            self.world.now += 60_000 // STEPS_A_MINUTE
            self.replay.advance(self.world.now)
            bid, ask = (self.world.venue.market(SYMBOL).book.best(buy=buy) for buy in (True, False))
            assert bid is not None
            assert ask is not None
            assert bid < ask

    def executed(self) -> Decimal:
        return sum((t.quantity for t in self.world.venue.account_trades(self.uid)), Decimal(0))


def test_the_venues_own_bars_are_the_ones_played(tmp_path: Path) -> None:
    bars = Bars(tmp_path, TWO)
    bars.minutes(3)
    assert bars.replay.finished
    trades = bars.world.venue.trades(SYMBOL, 1000)
    first, second = trades[:-1], trades[-1:]
    prices = [trade.price for trade in first]
    assert (prices[0], max(prices), min(prices), prices[-1]) == (d("3000"), d("3001"), d("2998"), d("2999.5"))
    # What is finer than a lot (0.0001) waits for the next bar: 0.00007 + 0.00005.
    assert sum(trade.quantity for trade in first) == d("12.3456")
    assert [trade.quantity for trade in second] == [d("0.0001")]


def test_a_hole_between_bars_is_skipped(tmp_path: Path) -> None:
    bars = Bars(tmp_path, "2023-03-11 09:00:00,90,91,89,90,1\n2023-03-11 11:00:00,95,96,94,95,1\n")
    bars.minutes(1.5)
    last = bars.world.venue.last_price(SYMBOL)
    assert last is not None
    assert d("94") <= last <= d("96")


@pytest.mark.parametrize(("queue", "filled"), [("conservative", False), ("proportional", False), ("optimistic", True)])
def test_a_touch_fills_only_the_optimist(tmp_path: Path, queue: QueueModel, filled: bool) -> None:
    """The low is touched with less than waits there: a twentieth of the bar's volume."""
    for seed in range(1, 6):
        bars = Bars(tmp_path, "2023-03-11 09:00:00,3000,3000,2990,2999,100\n", queue=queue, seed=seed)
        bars.world.buy(bars.uid, "2990", "0.0020", kind="LIMIT_MAKER")
        bars.minutes(1)
        assert (bars.executed() > 0) is filled, f"seed {seed}"


@pytest.mark.parametrize("queue", ["conservative", "optimistic"])
def test_a_price_beyond_an_orders_fills_it_at_its_own(tmp_path: Path, queue: QueueModel) -> None:
    bars = Bars(tmp_path, "2023-03-11 09:00:00,3000,3000,2990,2999,100\n", queue=queue)
    bars.world.buy(bars.uid, "2995", "0.01", kind="LIMIT_MAKER")
    bars.minutes(1)
    assert bars.executed() == d("0.01")
    assert {trade.price for trade in bars.world.venue.account_trades(bars.uid)} == {d("2995")}


def test_a_level_that_is_no_longer_displayed_still_waits_in_front(tmp_path: Path) -> None:
    """The price leaves and comes back: an order that had joined behind five seconds of volume is still behind it."""
    text = "2023-03-11 09:00:00,3000,3005,3000,3005,100\n2023-03-11 09:01:00,3005,3005,2999.99,3001,100\n"
    for seed in range(1, 6):
        bars = Bars(tmp_path, text, seed=seed)
        bars.world.buy(bars.uid, "2999.99", "0.0020", kind="LIMIT_MAKER")
        bars.minutes(2)
        assert bars.executed() == 0, f"seed {seed}"


def test_a_price_off_the_grid_ends_the_market(tmp_path: Path) -> None:
    with pytest.raises(BarsBroken, match="off the grid"):
        Bars(tmp_path, "2023-03-11 09:00:00,3000.001,3001,2998,2999,1\n")
    bars = Bars(tmp_path, TWO.replace(",3008,", ",3008.001,"))
    bars.minutes(0.5)
    for _ in range(2):
        bars.world.now += 60_000
        with pytest.raises(BarsBroken, match="off the grid"):
            bars.replay.advance(bars.world.now)


def test_a_moment_after_the_last_bar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(HEAD + TWO)
    with pytest.raises(ValueError, match="no bar to play"):
        BarReplay(World().venue, SYMBOL, [tmp_path / "x.csv"], random.Random(1), from_ms=1_900_000_000_000)


def test_an_hour_of_the_crash_of_august_2024_is_played_as_recorded(shared_data: Path) -> None:
    """Highest and lowest price and volume of each recorded minute come out of the venue's own trades."""
    files, crash_ms = [shared_data / "binance_spot_ethusdt_1m_2020-2024_runs.parquet"], 1_722_819_600_000
    world = World()
    replay = BarReplay(world.venue, SYMBOL, files, random.Random(5), from_ms=crash_ms)
    carried = 0
    wanted = read_bars(files, crash_ms)
    for _ in range(60):
        seen = []
        for _ in range(STEPS_A_MINUTE):
            before = world.venue.trades(SYMBOL, 1)
            replay.advance(world.now)
            world.now += 60_000 // STEPS_A_MINUTE
            seen += [t for t in world.venue.trades(SYMBOL, 1) if t not in before]
        bar = next(wanted)
        prices = [to_units(trade.price) for trade in seen]
        assert (prices[0], max(prices), min(prices), prices[-1]) == (bar.open, bar.high, bar.low, bar.close)
        volume = sum(to_units(trade.quantity) for trade in seen)
        assert volume == bar.volume + carried - (bar.volume + carried) % 10_000
        carried = (bar.volume + carried) % 10_000
