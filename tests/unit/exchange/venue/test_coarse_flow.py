"""The coarse market alone: reproducible, never crossed, and when it fills an account's order."""

import math
import random
from dataclasses import replace
from decimal import Decimal

import pytest

from mm.exchange.venue.coarse_flow import STEP_MS, CoarseFlow
from mm.exchange.venue.scenarios import SCENARIOS, Scenario
from mm.exchange.venue.views import OrderView
from tests.unit.exchange.venue.world import SYMBOL, World, d

STILL = replace(
    SCENARIOS["calm"],
    annual_volatility=1e-6,
    slow_touch=0.0,
    sweeps_per_minute=0.0,
    bursts_per_minute=240.0,
    burst_orders=0.1,
    small_share=1.0,
    small=(3000.0, 0.3),
)
"""The fair price stands in the middle between two ticks; aggressors of about one ETH come and only take the touch."""


class Market:
    """A world with a coarse market; 3000.00 and 3000.01 are its first touch."""

    def __init__(self, scenario: Scenario, seed: int = 1, symbol: str = SYMBOL) -> None:
        self.world = World(symbol=symbol)
        self.venue = self.world.venue
        self.flow = CoarseFlow(self.venue, symbol, scenario, random.Random(seed), d("3000.005"))
        self.book = self.flow.book
        self.flow.advance(self.world.now)

    def pass_ms(self, ms: int, *, by: int = STEP_MS) -> None:
        until = self.world.now + ms
        while self.world.now < until:
            self.world.now += min(by, until - self.world.now)
            self.flow.advance(self.world.now)

    def best(self) -> tuple[int, int]:
        bid, ask = self.book.best(buy=True), self.book.best(buy=False)
        assert bid is not None
        assert ask is not None
        return bid, ask

    @property
    def mid(self) -> float:
        return sum(self.best()) / 200

    def seen(self) -> tuple[object, ...]:
        """Trades without their times, and the book."""
        trades = [
            (each.trade_id, each.price, each.quantity, each.buyer_is_maker) for each in self.venue.trades(SYMBOL, 1000)
        ]
        return (*trades, self.venue.depth(SYMBOL, 1000))

    def executed(self, uid: int, order: OrderView) -> Decimal:
        return self.venue.order(uid, SYMBOL, order.order_id).executed


@pytest.mark.parametrize("scenario", ["ordinary", "thin"])
def test_the_same_seed_gives_the_same_market(scenario: str) -> None:
    first, same, other = (Market(SCENARIOS[scenario], seed) for seed in (7, 7, 8))
    for market in (first, same, other):
        market.pass_ms(40_000)
    assert first.seen() == same.seen()
    assert first.seen() != other.seen()


@pytest.mark.parametrize("by", [100, 1000, 7300, 60_000])
def test_one_big_advance_is_as_many_small_ones_but_for_the_times_of_trades(by: int) -> None:
    """What happens in one call is stamped with that call's moment."""
    fine, rough = Market(SCENARIOS["ordinary"], 3), Market(SCENARIOS["ordinary"], 3)
    fine.pass_ms(60_000)
    rough.pass_ms(60_000, by=by)
    assert fine.seen() == rough.seen()
    assert len(fine.venue.trades(SYMBOL, 1000)) > 50


def test_after_a_pause_of_more_than_a_minute_only_its_last_minute_has_happened() -> None:
    paused, steady = Market(SCENARIOS["ordinary"], 3), Market(SCENARIOS["ordinary"], 3)
    steady.pass_ms(60_000)
    paused.pass_ms(3_600_000, by=3_600_000)
    assert paused.seen() == steady.seen()
    for market in (steady, paused):
        market.pass_ms(STEP_MS)
    assert paused.seen() == steady.seen()


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_the_book_is_never_crossed_even_with_an_accounts_quotes_in_it(scenario: str) -> None:
    market = Market(SCENARIOS[scenario], 11)
    uid = market.world.account("maker", "10000000", "10000", Decimal(0))
    before = 0
    for turn in range(400):
        if turn % 20 == 0 and market.venue.market(SYMBOL).status == "TRADING":
            bid, ask = market.best()
            for away in (0, 3, 40):
                market.world.place(uid, "BUY", "0.0500", "LIMIT_MAKER", price=str(d(str(bid - away)) / 100))
                market.world.place(uid, "SELL", "0.0500", "LIMIT_MAKER", price=str(d(str(ask + away)) / 100))
        market.pass_ms(STEP_MS)
        bid, ask = market.best()
        assert bid < ask, f"seed 11, step {turn}"
        bids, asks = market.book.levels(50, buy=True), market.book.levels(50, buy=False)
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert (bids[0][0], asks[0][0]) == (bid, ask)
        assert min(lots for _, lots in bids + asks) > 0
        assert market.book.log.last_id >= before
        before = market.book.log.last_id
    fills = market.venue.account_trades(uid)
    assert len(fills) > 20, f"seed 11: {len(fills)} fills"
    assert all(fill.is_maker for fill in fills)


@pytest.mark.parametrize("seed", range(4))
def test_an_order_at_the_touch_waits_for_the_size_ahead_of_it_and_for_no_lot_more(seed: int) -> None:
    market = Market(STILL, seed)
    uid = market.world.account("maker", "10000000", "10000", Decimal(0))
    ahead = market.venue.depth(SYMBOL, 1).bids[0][1]
    order = market.world.buy(uid, "3000.00", "2.0000")
    partly = False
    for _ in range(4000):
        market.pass_ms(STEP_MS)
        own = {trade.trade_id for trade in market.venue.account_trades(uid)}
        sold = sum(
            (
                trade.quantity
                for trade in market.venue.trades(SYMBOL, 1000)
                if trade.buyer_is_maker and trade.trade_id not in own
            ),
            Decimal(0),
        )
        done = market.executed(uid, order)
        assert done == min(d("2"), max(d("0"), sold - ahead)), f"seed {seed}: {sold} sold, {ahead} stood ahead"
        partly = partly or 0 < done < 2
        if done == 2:
            break
    assert market.world.status(uid, order) == "FILLED", f"seed {seed}"
    assert partly, f"seed {seed}: aggressors of one ETH should have filled two in parts"


def test_aggressors_of_the_touch_never_reach_an_order_behind_it() -> None:
    market = Market(STILL)
    uid = market.world.account("maker", "10000000", "10000", Decimal(0))
    orders = [market.world.buy(uid, "2999.99", "0.0100"), market.world.sell(uid, "3000.02", "0.0100")]
    market.pass_ms(120_000)
    assert len(market.venue.trades(SYMBOL, 1000)) > 100
    assert market.best() == (300_000, 300_001)
    assert [market.world.status(uid, order) for order in orders] == ["NEW", "NEW"]


@pytest.mark.parametrize(
    ("side", "sells", "prices", "other"),
    [
        ("BUY", 1.0, ("2999.90", "2998.50", "2998.49"), "3000.02"),
        ("SELL", 0.0, ("3000.10", "3001.51", "3001.52"), "2999.99"),
    ],
)
def test_a_sweep_fills_what_is_within_its_reach_whole_at_its_own_price_and_nothing_beyond(
    side: str, sells: float, prices: tuple[str, ...], other: str
) -> None:
    """5 bps are 1.50."""
    swept = replace(STILL, bursts_per_minute=1e-9, sell_share=sells, sweeps_per_minute=240.0, sweep_lasting=0.0)
    market = Market(replace(swept, sweep_reach=(5e-4, 5e-4)))
    uid = market.world.account("maker", "10000000", "10000", Decimal(0))
    orders = [market.world.place(uid, side, "30.0000", price=price) for price in prices]
    orders.append(market.world.place(uid, "SELL" if side == "BUY" else "BUY", "1.0000", price=other))
    market.pass_ms(STEP_MS)
    assert [market.world.status(uid, each) for each in orders] == ["FILLED", "FILLED", "NEW", "NEW"]
    assert [trade.price for trade in market.venue.account_trades(uid)] == [d(price) for price in prices[:2]]
    assert market.best() == (300_000, 300_001)


@pytest.mark.parametrize(("side", "sign"), [("BUY", -1), ("SELL", 1)])
def test_a_quote_the_price_has_passed_is_filled_whole_at_its_own_price(side: str, sign: int) -> None:
    """The price moves by 10 bps, 3.00, against the quotes; nobody else trades."""
    moved = replace(STILL, bursts_per_minute=1e-9, informed_orders=0.0, path=((1.0, 0.0), (1.1, sign * 1e-3)))
    market = Market(moved)
    uid = market.world.account("maker", "10000000", "10000", Decimal(0))
    prices = [f"{3000 + sign * away:.2f}" for away in (2.0, 2.95, 3.1)]
    orders = [market.world.place(uid, side, "20.0000", price=price) for price in prices]
    market.pass_ms(1000)
    assert market.venue.account_trades(uid) == ()
    market.pass_ms(STEP_MS)
    assert [market.world.status(uid, order) for order in orders] == ["FILLED", "FILLED", "NEW"]
    assert [trade.price for trade in market.venue.account_trades(uid)] == [d(price) for price in prices[:2]]


def log_change(market: Market, begin: float) -> float:
    return math.log(market.mid / begin)


def test_a_gap_leaves_no_price_between_and_takes_the_bids_in_it() -> None:
    market = Market(SCENARIOS["gap"])
    uid = market.world.account("maker", "10000000", "10000", Decimal(0))
    market.pass_ms(59_750)
    before = market.mid
    bid, below = (market.world.buy(uid, f"{before * share:.2f}", "1.0000") for share in (0.985, 0.95))
    market.pass_ms(500)
    assert -0.034 < log_change(market, before) < -0.026
    assert [market.world.status(uid, each) for each in (bid, below)] == ["FILLED", "NEW"]
    market.pass_ms(541_000)
    assert -0.012 < log_change(market, before) < 0.012  # back at 600 s; ten minutes move by 0.3 %


def test_a_flash_crash_falls_and_comes_back() -> None:
    market = Market(SCENARIOS["flash-crash"])
    market.pass_ms(60_000)
    before = market.mid
    market.pass_ms(25_000)
    assert -0.095 < log_change(market, before) < -0.07
    market.pass_ms(65_000)
    assert -0.035 < log_change(market, before) < -0.005
    low = market.mid
    market.pass_ms(740_000)
    assert market.mid > low
    assert -0.015 < log_change(market, before) < 0.015


def test_a_depeg_lifts_pairs_in_usdc() -> None:
    """4.7 % after 660 s; that pairs in USDT stay: `tests/unit/soak/test_scenarios.py`."""
    market = Market(SCENARIOS["depeg"])
    before = market.mid
    market.pass_ms(660_000)
    assert 0.035 < log_change(market, before) < 0.06
