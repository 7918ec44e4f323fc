"""The gate's `min_edge` never refuses what the strategy quotes."""

import random
from decimal import Decimal
from fractions import Fraction

from mm.domain.book import Book
from mm.domain.fill import FeeRates
from mm.domain.order import Side
from mm.domain.position import Position
from mm.strategy.registry import build_strategy
from mm.strategy.spread import least_edge
from tests.fakes.snapshots import CAPITAL, FEES, eth, snapshot, strategy_settings

SEED = 20_261_128


def test_the_profile_of_100_may_lean_to_half_its_spread() -> None:
    # 0.0011 of fee and edge, less half of the half spread of 0.0011.
    assert least_edge(strategy_settings(), FEES) == Fraction(55, 100_000)
    assert least_edge(strategy_settings(inventory_skew=Decimal(0)), FEES) == Fraction(11, 10_000)
    assert least_edge(strategy_settings(base_spread=Decimal("0.02")), FEES) == 0


def test_no_quote_of_the_strategy_stands_closer_than_the_least_edge() -> None:
    print(f"seed {SEED}")  # noqa: T201 - shown when it fails
    rng = random.Random(SEED)
    seen = 0
    for _ in range(500):
        settings = strategy_settings(
            base_spread=Decimal(rng.choice(["0.0005", "0.002", "0.0021", "0.005"])),
            inventory_skew=Decimal(rng.choice(["0", "0.3", "0.5", "1"])),
            min_edge=Decimal(rng.choice(["0", "0.0002", "0.001"])),
            levels=rng.choice([1, 3]),
            level_spacing=Decimal(rng.choice(["0", "0.001"])),
        )
        fees = FeeRates(maker=Decimal(rng.choice(["0", "0.00075", "0.001"])), taker=Decimal("0.001"))
        bid = rng.randint(299_000, 301_000)
        gap = rng.choice([1, 2, 20, 2_000])
        book = Book(((bid, rng.randint(1, 999)),), ((bid + gap, rng.randint(1, 999)),))
        base = rng.choice([0, eth("0.002"), eth("0.005"), eth("0.01")])
        now = snapshot(book=book, fees=fees, position=Position(base_units=base, cash_units=CAPITAL))
        quote = build_strategy(settings, max_position_units=eth("0.02")).quote(now)
        fair, edge = Fraction(quote.fair_ticks), least_edge(settings, fees)
        for level in quote.levels:
            away = fair - level.ticks if level.side is Side.BUY else level.ticks - fair
            assert away >= edge * fair
            seen += 1
    assert seen > 500
