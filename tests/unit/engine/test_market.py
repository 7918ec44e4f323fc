"""The reference price is slow, made of trades alone, and weighted by time."""

import pytest

from mm.domain.events import BookSeen, MarketTradeSeen
from mm.engine.market import Market
from tests.fakes.desk import book
from tests.fakes.snapshots import SECOND


def trade(market: Market, ticks: int, mono: int) -> float:
    market.on_trade(MarketTradeSeen(at=0, mono=mono, ticks=ticks, lots=1, buyer_is_maker=False, trade_id=0))
    return market.reference_ticks


def test_there_is_no_reference_before_a_trade_and_the_first_one_is_it() -> None:
    market = Market()
    market.on_book(BookSeen(at=0, mono=1, book=book()))
    assert market.reference_ticks == 0
    assert market.last_trade_ticks == 0
    assert trade(market, 300_000, 7) == 300_000
    assert market.last_trade_ticks == 300_000


def test_after_a_half_life_half_of_the_way_is_gone() -> None:
    market = Market()
    trade(market, 300_000, 5 * SECOND)
    assert trade(market, 310_000, 65 * SECOND) == pytest.approx(305_000)
    assert trade(market, 310_000, 125 * SECOND) == pytest.approx(307_500)
    assert trade(market, 300_000, 185 * SECOND) == pytest.approx(303_750)


def test_a_sweep_in_one_moment_hardly_moves_it_but_does() -> None:
    market = Market()
    trade(market, 300_000, SECOND)
    for _ in range(100):
        trade(market, 310_000, SECOND)
    # A hundred shares of a millisecond: 1 − 2^(−0.1/60) of the way.
    assert market.reference_ticks == pytest.approx(300_000 + 10_000 * (1 - 2 ** (-0.1 / 60)))
    assert market.last_trade_ticks == 310_000


def test_a_clock_that_seems_to_run_back_counts_as_one_moment() -> None:
    market = Market()
    trade(market, 300_000, 60 * SECOND)
    assert trade(market, 310_000, 0) == pytest.approx(300_000 + 10_000 * (1 - 2 ** (-0.001 / 60)))


def test_a_dropped_book_is_gone_until_the_next_one() -> None:
    market = Market()
    market.on_book(BookSeen(at=0, mono=1, book=book()))
    assert (market.is_up, market.book, market.book_mono) == (True, book(), 1)
    market.drop_book()
    assert not market.is_up
    assert market.book.best_bid == market.book.best_ask == 0
