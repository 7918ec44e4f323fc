"""The generated market: reproducible, of the volatility it claims, and costly to a resting quote."""

import hashlib
import itertools
import math
import os
import random
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.fair_price import FairPrice
from mm.exchange.venue.flow import Flow
from mm.exchange.venue.scenarios import SCENARIOS
from tests.unit.exchange.venue.world import SYMBOL, World, d

NO_FEE = Decimal(0)


class Market:
    """A world with a generated market, 100 ms at a time."""

    def __init__(self, scenario: str, seed: int) -> None:
        self.world = World()
        self.flow = Flow(self.world.venue, SYMBOL, SCENARIOS[scenario], random.Random(seed), Decimal(3000))
        self.flow.advance(self.world.now)

    def tick(self) -> None:
        self.world.now += 100
        self.flow.advance(self.world.now)

    @property
    def mid(self) -> Decimal:
        top = self.world.venue.book_ticker(SYMBOL)
        return (top.bid + top.ask) / 2


def trace(scenario: str, seed: int) -> str:
    market = Market(scenario, seed)
    for _ in range(300):
        market.tick()
    seen = repr((market.world.venue.trades(SYMBOL, 1000), market.world.venue.depth(SYMBOL, 1000)))
    return hashlib.sha256(seen.encode()).hexdigest()


def quote_around_mid(market: Market, uid: int, seconds: int, half_spread: str) -> None:
    """The naive maker: both sides ± `half_spread` around the mid, renewed every 10 s."""
    venue = market.world.venue
    for turn in range(seconds * 10):
        if turn % 100 == 0:
            for order in venue.open_orders(uid):
                venue.cancel(uid, SYMBOL, order_id=order.order_id)
            for side, sign in (("BUY", -1), ("SELL", 1)):
                price = (market.mid * (1 + sign * d(half_spread))).quantize(d("0.01"))
                try:
                    venue.place(uid, market.world.order(side, str(price), "0.0020", "LIMIT_MAKER"))
                except VenueError as refusal:
                    assert refusal.code == -2010, refusal  # noqa: PT017 - funds or a crossing may refuse, nothing else
        market.tick()


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_the_same_seed_gives_the_same_market(scenario: str) -> None:
    assert trace(scenario, 7) == trace(scenario, 7)
    assert trace(scenario, 7) != trace(scenario, 8)


def test_the_market_does_not_depend_on_the_hash_seed() -> None:
    code = "from tests.unit.exchange.venue.test_flow import trace; print(trace('lively', 3))"
    seen = {
        subprocess.run(  # noqa: S603 - this very interpreter, a constant program
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert seen == {trace("lively", 3) + "\n"}


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_the_book_looks_like_a_book(scenario: str) -> None:
    market = Market(scenario, 11)
    narrow = 0
    for _ in range(600):
        market.tick()
        book = market.world.venue.depth(SYMBOL, 1000)
        assert book.bids[0][0] < book.asks[0][0]
        narrow += book.asks[0][0] - book.bids[0][0] == d("0.01")
        assert 15 <= len(book.bids) <= 80
        assert 15 <= len(book.asks) <= 80
    assert narrow > 500 or scenario == "thin", f"seed 11: one tick wide in {narrow} of 600"
    sides = [trade.buyer_is_maker for trade in market.world.venue.trades(SYMBOL, 1000)]
    repeats = sum(a == b for a, b in itertools.pairwise(sides)) / len(sides)
    assert repeats > 0.6, f"seed 11: {repeats:.2f} of the trades follow one of the same side"


def test_ordinary_has_the_volatility_of_ether_with_fat_tails() -> None:
    squares, fourths, steps = 0.0, 0.0, 0
    # Without its slow heat, which takes weeks to average out: its mean square is 1 by construction.
    still = replace(SCENARIOS["ordinary"], heat=SCENARIOS["ordinary"].heat[:2])
    for seed in range(10):
        fair = FairPrice(still, random.Random(seed), 300_000.0)
        for _ in range(1500):
            before = fair.ticks
            fair.step(10.0)
            move = math.log(fair.ticks / before)
            squares, fourths, steps = squares + move**2, fourths + move**4, steps + 1
    annual = math.sqrt(squares / steps * 365 * 8640)
    assert 0.56 < annual < 0.70, f"seeds 0–9: {annual:.3f} a year"
    assert fourths / steps / (squares / steps) ** 2 > 4.0, "kurtosis of a normal is 3"


def test_the_traded_price_follows_that_volatility() -> None:
    squares, steps = 0.0, 0
    for seed in range(4):
        market = Market("ordinary", seed)
        before = float(market.mid)
        for turn in range(1, 2001):
            market.tick()
            if turn % 100 == 0:
                after = float(market.mid)
                squares, steps, before = squares + math.log(after / before) ** 2, steps + 1, after
    annual = math.sqrt(squares / steps * 365 * 8640)
    assert 0.3 < annual < 1.2, f"seeds 0–3, 200 s each: {annual:.3f} a year"


@pytest.mark.parametrize("seed", range(4))
def test_lively_fills_both_sides_within_two_minutes(seed: int) -> None:
    market = Market("lively", seed)
    uid = market.world.account("maker", "100", "0.03", NO_FEE)
    quote_around_mid(market, uid, 120, "0.001")
    sides = [trade.side for trade in market.world.venue.account_trades(uid)]
    assert min(sides.count("BUY"), sides.count("SELL")) >= 2, f"seed {seed}: {sides}"


def test_lively_says_that_it_is_kinder_than_the_real_market() -> None:
    lively, ordinary = SCENARIOS["lively"], SCENARIOS["ordinary"]
    assert lively.kind == "livelier than real"
    assert "kinder" in lively.description
    assert "nothing about profit" in lively.description
    assert ordinary.kind == "real-like"
    assert "calibrated on recordings" in ordinary.description


def test_in_ordinary_a_fill_is_followed_by_a_price_against_it() -> None:
    """Adverse selection: right after a fill the mid stands beyond the filled price, on average."""
    edges: list[float] = []
    for seed in range(5):
        market = Market("ordinary", seed)
        uid = market.world.account("maker", "100000", "10", NO_FEE)
        venue = market.world.venue
        for turn in range(2000):
            if turn % 100 == 0:
                for order in venue.open_orders(uid):
                    venue.cancel(uid, SYMBOL, order_id=order.order_id)
                for side, sign in (("BUY", -1), ("SELL", 1)):
                    price = (market.mid + sign * d("0.30")).quantize(d("0.01"))
                    venue.place(uid, market.world.order(side, str(price), "0.0020", "LIMIT_MAKER"))
            known = len(venue.account_trades(uid))
            market.tick()
            edges.extend(
                float(market.mid - trade.price) * (1 if trade.side == "BUY" else -1)
                for trade in venue.account_trades(uid)[known:]
            )
    assert len(edges) > 50
    assert sum(edges) / len(edges) < 0, f"seeds 0–4: {sum(edges) / len(edges):.4f} a unit over {len(edges)} fills"


def test_an_own_stale_quote_is_swept_and_the_price_goes_on_from_the_last_one() -> None:
    market = Market("ordinary", 4)
    uid = market.world.account("maker", "100000", "10", NO_FEE)
    bid = market.world.venue.book_ticker(SYMBOL).bid
    order = market.world.buy(uid, str(bid - d("0.50")), "1.0000")
    for _ in range(6000):
        market.tick()
        if market.world.status(uid, order) == "FILLED":
            break
    assert market.world.status(uid, order) == "FILLED"
    again = Flow(market.world.venue, SYMBOL, SCENARIOS["ordinary"], random.Random(1), Decimal(9999))
    again.advance(market.world.now)
    assert market.mid < 3100


@pytest.mark.parametrize("seed", range(3))
def test_over_a_long_pause_the_price_moves_on_and_passes_quotes_on_its_way(seed: int) -> None:
    market = Market("ordinary", seed)
    uid = market.world.account("maker", "100000", "10", NO_FEE)
    before, trades = market.mid, market.world.venue.ticker_24h(SYMBOL).trades
    near = [
        market.world.buy(uid, f"{before - d('0.30'):.2f}", "0.1000"),
        market.world.sell(uid, f"{before + d('0.30'):.2f}", "0.1000"),
    ]
    market.world.now += 8 * 3_600_000
    market.flow.advance(market.world.now)
    assert abs(market.mid - before) > d("0.30"), f"seed {seed}: eight hours leave the price where it was"
    assert [market.world.status(uid, order) for order in near] == ["FILLED", "FILLED"]
    assert market.world.venue.ticker_24h(SYMBOL).trades - trades < 200
    market.tick()
    assert market.world.venue.book_ticker(SYMBOL).ask - market.world.venue.book_ticker(SYMBOL).bid < d("2")
