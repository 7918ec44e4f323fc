"""What `steady` says is certain, against the quote itself at many places within the bounds."""

import random
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from mm.domain.book import Book
from mm.domain.order import Side
from mm.domain.position import Position
from mm.domain.snapshot import Snapshot
from mm.strategy.market_making import MarketMaking
from tests.fakes.snapshots import CAPITAL, NOW, SECOND, eth, own, snapshot, strategy_settings


def _strategy(chance: random.Random) -> MarketMaking:
    given = strategy_settings(
        levels=chance.choice([1, 2, 4]),
        level_spacing=Decimal(chance.choice(["0.0005", "0.00001"])),
        fair_value=chance.choice(["mid", "microprice"]),
        base_size=Decimal(chance.choice(["0.001", "0.0017", "0.004"])),
        min_notional=chance.choice(["raise", "raise", "reject"]),
        price_ceiling=Decimal(chance.choice(["0", "0", "3003.5", "3003"])),
        price_floor=Decimal(chance.choice(["0", "2996.5", "2997"])),
        fill_delay=timedelta(seconds=5),
    )
    return MarketMaking(given, eth("0.01"))


def _picture(chance: random.Random) -> Snapshot:
    held = chance.choice(
        [0, eth("0.0017"), eth("0.0082"), eth("0.0083"), eth("0.0099"), chance.randrange(eth("0.011"))]
    )
    cash = chance.choice([CAPITAL, CAPITAL // 20, chance.randrange(CAPITAL)])
    sides = chance.sample([Side.BUY, Side.SELL], chance.randint(0, 2))
    orders = tuple(
        own(side, 300_000 - side.sign * 300, chance.randint(1, 30), number=n) for n, side in enumerate(sides)
    )
    return snapshot(
        book=Book(((299_999, 5),), ((300_000, 5),)),
        position=Position(base_units=held, cash_units=cash),
        own_orders=orders,
        last_buy_mono=chance.choice([0, NOW - 3 * SECOND, NOW - 9 * SECOND]),
        last_sell_mono=chance.choice([0, NOW - 4 * SECOND]),
    )


def _check(number: int) -> bool:
    chance = random.Random(number)
    strategy, picture = _strategy(chance), _picture(chance)
    low, high = 299_999 - chance.choice([0, 5, 60, 9_000]), 300_000 + chance.choice([0, 5, 60, 9_000])
    steady = strategy.steady(picture, low, high)
    if steady is None:
        return False
    assert steady.until_mono > picture.mono
    for _ in range(12):
        bid = chance.choice([low, high - 1, chance.randint(low, high - 1)])
        ask = chance.choice([bid + 1, high, chance.randint(bid + 1, high)])
        book = Book(((bid, chance.randint(1, 9_999)),), ((ask, chance.randint(1, 9_999)),))
        mono = chance.randint(picture.mono, min(steady.until_mono - 1, picture.mono + 30 * SECOND))
        wished = strategy.quote(picture._replace(book=book, others=book, mono=mono)).levels
        assert [(each.side, each.level) for each in wished] == [(each.side, each.level) for each in steady.levels]
        for wish, bounds in zip(wished, steady.levels, strict=True):
            assert bounds.lowest <= wish.ticks <= bounds.highest
            assert wish.lots >= bounds.lots
    return True


@seed(20261122)
@settings(max_examples=600, deadline=None)
@given(st.integers(0, 2**48))
def test_the_quote_stays_within_what_is_said_to_be_certain(number: int) -> None:
    _check(number)


def test_there_mostly_is_an_answer() -> None:
    """Otherwise the property above would be true of nothing."""
    assert sum(_check(number) for number in range(300)) > 150


def test_a_delay_after_a_fill_ends_what_is_certain() -> None:
    picture = snapshot(last_buy_mono=NOW - SECOND)
    steady = MarketMaking(strategy_settings(), eth("0.01")).steady(picture, 299_900, 300_100)
    assert steady is not None
    assert steady.levels == ()
    assert steady.until_mono == NOW + 4 * SECOND
