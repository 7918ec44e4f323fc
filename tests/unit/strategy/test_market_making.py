"""Numbers worked by hand around a fair value of 3000.00 (see tests/fakes/snapshots.py)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.book import Book
from mm.domain.fill import FeeRates
from mm.domain.order import OrderStatus, Side
from mm.domain.position import Position
from mm.domain.quote import Quote, QuoteLevel
from mm.domain.snapshot import Snapshot
from mm.strategy.effective_size import SizeRules
from mm.strategy.market_making import MarketMaking
from mm.strategy.registry import build_strategy
from mm.strategy.spread import quoted_spread, spread_floor
from tests.fakes.snapshots import (
    CAPITAL,
    ETHUSDC,
    FEES,
    NOW,
    SECOND,
    eth,
    held,
    own,
    snapshot,
    strategy_settings,
    usdc,
)

CHEAP = FeeRates(maker=Decimal("0.0005"), taker=Decimal("0.001"))
"""With it the plan's 0.2 % stands above the floor of 0.12 %."""


def quote(now: Snapshot, cap: str = "0.01", **changes: Any) -> Quote:
    return build_strategy(strategy_settings(**changes), eth(cap)).quote(now)


def prices(made: Quote, side: Side) -> list[int]:
    return [level.ticks for level in made.levels if level.side is side]


def lots(made: Quote, side: Side) -> list[int]:
    return [level.lots for level in made.levels if level.side is side]


def at_target(**changes: Any) -> Snapshot:
    return snapshot(**{"position": held("0.005", cash="85"), "fees": CHEAP, **changes})


# --- prices -----------------------------------------------------------------------


def test_base_spread_is_the_full_spread_half_on_each_side() -> None:
    made = quote(at_target())
    assert made.levels == (QuoteLevel(Side.BUY, 299_700, 19, 0), QuoteLevel(Side.SELL, 300_300, 19, 0))
    assert made.fair_ticks == 300_000.0
    assert made.notes == ("size_raised",)


def test_the_quoted_spread_never_goes_below_fees_and_edge() -> None:
    # 2 × 0.1 % + 0.02 % = 0.22 %: half of it is 3.30 at 3000.00.
    made = quote(at_target(fees=FEES))
    assert (prices(made, Side.BUY), prices(made, Side.SELL)) == ([299_670], [300_330])
    assert "spread_floor" in made.notes
    assert spread_floor(strategy_settings(), FEES) == Decimal("0.0022")
    assert quoted_spread(strategy_settings(), FEES) == Decimal("0.0022")
    assert quoted_spread(strategy_settings(base_spread=Decimal("0.0022")), FEES) == Decimal("0.0022")
    assert quoted_spread(strategy_settings(base_spread=Decimal("0.004")), FEES) == Decimal("0.004")
    assert "spread_floor" not in quote(at_target(fees=FEES), base_spread=Decimal("0.0022")).notes


def test_an_empty_inventory_leans_both_quotes_up_by_half_of_the_half_spread() -> None:
    # half 3.00, skew 0.5: 1.50 up.
    assert prices(quote(snapshot(fees=CHEAP)), Side.BUY) == [299_850]


def test_a_full_inventory_leans_both_quotes_down() -> None:
    made = quote(at_target(position=held("0.01", cash="70")))
    assert prices(made, Side.SELL) == [300_150]
    assert prices(made, Side.BUY) == []
    assert "max_inventory" in made.notes


def test_half_way_to_full_shifts_half_as_much() -> None:
    made = quote(at_target(position=held("0.0075", cash="77")))
    assert (prices(made, Side.BUY), prices(made, Side.SELL)) == ([299_625], [300_225])


def test_skew_looks_at_total_holdings_locked_ones_too() -> None:
    position = held("0.005", cash="85")
    free = quote(at_target(position=position))
    locked = quote(at_target(position=position, own_orders=(own(Side.SELL, 300_300, 50),)))
    assert free.levels == locked.levels


def test_skew_can_be_turned_off() -> None:
    made = quote(at_target(position=held("0.0075", cash="77")), inventory_skew=Decimal(0))
    assert (prices(made, Side.BUY), prices(made, Side.SELL)) == ([299_700], [300_300])


def test_prices_round_away_from_the_fair_value() -> None:
    book = Book(((299_990, 1),), ((300_011, 1),))  # mid 300000.5: 299700.4995 and 300300.5005
    made = quote(at_target(book=book), fair_value="mid")
    assert (prices(made, Side.BUY), prices(made, Side.SELL)) == ([299_700], [300_301])


def test_own_orders_do_not_move_the_fair_value() -> None:
    book = Book(((299_995, 5), (299_990, 1_000)), ((300_010, 1_000),))
    mine = (own(Side.BUY, 299_995, 5),)
    assert quote(at_target(book=book, own_orders=mine)).fair_ticks == 300_000.0
    assert quote(at_target(book=book)).fair_ticks != 300_000.0
    not_sent = (own(Side.BUY, 299_995, 5, OrderStatus.PENDING),)
    assert quote(at_target(book=book, own_orders=not_sent)).fair_ticks != 300_000.0


def test_quotes_stay_passive_in_a_book_wider_than_the_spread_and_in_a_narrow_one() -> None:
    # Microprice 300039: with an empty inventory and full skew the bid would stand on the fair value itself.
    narrow = Book(((300_000, 39),), ((300_040, 1),))
    made = quote(snapshot(book=narrow, fees=CHEAP), inventory_skew=Decimal(1))
    assert prices(made, Side.BUY) == [300_039]
    locked_in = Book(((300_000, 10**18),), ((300_001, 1),))
    made = quote(snapshot(book=locked_in, fees=CHEAP), inventory_skew=Decimal(1))
    assert prices(made, Side.BUY) == [300_000]  # best ask − 1
    top_heavy = Book(((300_000, 1),), ((300_001, 10**18),))
    made = quote(at_target(book=top_heavy, position=held("0.01", cash="70")), inventory_skew=Decimal(1))
    assert prices(made, Side.SELL) == [300_001]  # best bid + 1


def test_levels_and_spacing() -> None:
    made = quote(at_target(), levels=3, level_spacing=Decimal("0.001"), max_inventory=Decimal("0.01"))
    assert prices(made, Side.SELL) == [300_300, 300_600]
    assert lots(made, Side.SELL) == [19, 31]  # 0.0050 − 19 leaves 31; 31 − 19 = 12 would be dust
    assert prices(made, Side.BUY) == [299_700, 299_400]
    assert lots(made, Side.BUY) == [19, 19]
    assert [level.level for level in made.levels] == [0, 1, 0, 1]


def test_levels_never_share_a_price() -> None:
    made = quote(at_target(), levels=3, level_spacing=Decimal(0), max_inventory=Decimal("0.02"), cap="0.02")
    assert prices(made, Side.BUY) == [299_700 + 75, 299_774, 299_773]  # held 0.005 of target 0.01: half of 1.50 up


# --- sizes, funds, inventory ---------------------------------------------------------------


def test_seeding_is_passive_with_bids_only() -> None:
    made = quote(snapshot(fees=CHEAP))
    assert lots(made, Side.BUY) == [19]
    assert prices(made, Side.SELL) == []
    assert "seeding" in made.notes


def test_bids_reach_exactly_to_max_inventory_and_no_lot_further() -> None:
    assert lots(quote(at_target(position=held("0.0081", cash="75"))), Side.BUY) == [19]
    made = quote(at_target(position=held("0.0082", cash="75")))
    assert lots(made, Side.BUY) == []  # 18 lots of room, and 18 could not be sold again
    assert "max_inventory" in made.notes


def test_max_position_bounds_bids_below_max_inventory() -> None:
    assert lots(quote(at_target(position=held("0.0041", cash="85")), cap="0.006"), Side.BUY) == [19]
    assert lots(quote(at_target(position=held("0.0042", cash="85")), cap="0.006"), Side.BUY) == []


def test_short_funds_shrink_a_bid_or_drop_it() -> None:
    # At 299700 a lot costs 0.2997: 25 lots are 7.4925.
    def bid(free: str) -> list[int]:
        return lots(quote(at_target(free_quote_units=usdc(free)), base_size=Decimal("0.003")), Side.BUY)

    assert bid("8.991") == [30]
    assert bid("8.99099999") == [29]
    assert bid("5.6943") == [19]
    assert bid("5.69429999") == []
    assert "no_funds_bid" in quote(at_target(free_quote_units=usdc("5"))).notes


def test_own_bids_that_the_wish_replaces_count_as_funds() -> None:
    mine = (own(Side.BUY, 299_700, 19),)
    made = quote(at_target(own_orders=mine, free_quote_units=0))
    assert lots(made, Side.BUY) == [19]
    sold = (own(Side.SELL, 300_300, 50),)
    assert lots(quote(at_target(own_orders=sold)), Side.SELL) == [19]


def test_partial_levels_when_funds_are_short() -> None:
    wide: dict[str, Any] = {"levels": 3, "max_inventory": Decimal("0.05"), "inventory_skew": Decimal(0)}
    made = quote(at_target(free_quote_units=usdc("12")), cap="0.05", **wide)
    assert lots(made, Side.BUY) == [19, 19]
    assert "no_funds_bid" in made.notes


@pytest.mark.parametrize(
    ("holding", "expected"),
    [
        ("0.0019", [19]),
        ("0.0020", [20]),  # 1 lot left alone would be dust
        ("0.0035", [35]),  # 16 lots × 0.3003 × 0.98 = 4.7087: dust
        ("0.0036", [19]),  # 17 lots × 0.3003 × 0.98 = 5.0030: sellable, so they may wait
        ("0.001999", [19]),  # what is no whole lot stays
        ("0.0017", [17]),
    ],
)
def test_a_remainder_that_could_not_be_sold_goes_with_the_order(holding: str, expected: list[int]) -> None:
    made = quote(at_target(position=held(holding, cash="90")), inventory_skew=Decimal(0))
    assert lots(made, Side.SELL) == expected


def test_dust_is_named_and_not_offered() -> None:
    made = quote(at_target(position=held("0.0016", cash="95")))  # 16 × 0.30 = 4.80
    assert lots(made, Side.SELL) == []
    assert "dust" in made.notes
    assert "dust" not in quote(at_target(position=held("0.0019", cash="95"))).notes


def test_asks_never_exceed_own_base_even_when_more_is_free_in_the_account() -> None:
    made = quote(at_target(position=held("0.0018", cash="95"), free_base_units=eth("5")))
    assert lots(made, Side.SELL) == [18]
    made = quote(at_target(position=held("0.0050", cash="85"), free_base_units=eth("0.0018")))
    assert lots(made, Side.SELL) == [18]


def test_the_exchanges_largest_order_bounds_asks() -> None:
    small = replace(ETHUSDC, max_lots=25)
    made = quote(at_target(instrument=small, position=held("0.0035", cash="90")))
    assert lots(made, Side.SELL) == [25]


def test_reject_buys_nothing_but_sells_what_is_held() -> None:
    made = quote(at_target(), min_notional="reject")
    assert lots(made, Side.BUY) == []
    assert lots(made, Side.SELL) == [19]
    assert "min_notional" in made.notes


# --- when not to quote ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"market_ok": False}, "market_down"),
        ({"book": Book((), ((300_010, 1),))}, "one_sided_book"),
        ({"book": Book(((299_990, 1),), ())}, "one_sided_book"),
        ({"book": Book(((300_010, 1),), ((300_010, 1),))}, "crossed_book"),
        ({"book": Book(((300_011, 1),), ((300_010, 1),))}, "crossed_book"),
        (
            {"book": Book(((299_990, 5),), ((300_010, 1),)), "own_orders": (own(Side.BUY, 299_990, 5),)},
            "one_sided_book",
        ),
    ],
)
def test_no_quote_from_an_unfit_market(changes: dict[str, Any], note: str) -> None:
    made = quote(at_target(**changes))
    assert made.levels == ()
    assert made.notes == (note,)


def test_a_filled_side_waits_and_comes_back_exactly_after_the_delay() -> None:
    def sides(**fills: int) -> set[Side]:
        return {level.side for level in quote(at_target(**fills), fill_delay=timedelta(seconds=5)).levels}

    assert sides(last_buy_mono=NOW - 5 * SECOND + 1) == {Side.SELL}
    assert sides(last_buy_mono=NOW - 5 * SECOND) == {Side.BUY, Side.SELL}
    assert sides(last_sell_mono=NOW - 5 * SECOND + 1) == {Side.BUY}
    assert sides(last_sell_mono=NOW - 5 * SECOND) == {Side.BUY, Side.SELL}
    made = quote(at_target(last_buy_mono=NOW, last_sell_mono=NOW))
    assert {"fill_delay_bid", "fill_delay_ask"} <= set(made.notes)


def test_price_band() -> None:
    def sides(**band: str) -> tuple[list[int], list[int]]:
        changes: dict[str, Any] = {name: Decimal(price) for name, price in band.items()}
        made = quote(at_target(), **changes)
        assert ("price_band" in made.notes) == (len(made.levels) < 2)
        return prices(made, Side.BUY), prices(made, Side.SELL)

    both = ([299_700], [300_300])
    assert sides(price_floor="2997.00") == both
    assert sides(price_floor="2997.01") == ([], [300_300])
    assert sides(price_ceiling="3003.00") == both
    assert sides(price_ceiling="3002.99") == ([299_700], [])
    assert sides(price_ceiling="2996.99") == ([], [])
    assert sides(price_floor="4000") == ([], [300_300])  # a floor never keeps a holder from selling


def test_the_same_snapshot_gives_the_same_quote() -> None:
    strategy, now = MarketMaking(strategy_settings(), eth("0.01")), at_target()
    assert strategy.quote(now) == strategy.quote(at_target()) == strategy.quote(now)


# --- properties --------------------------------------------------------------------------------

_SIDES = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 5_000)), min_size=1, max_size=4)


@st.composite
def _snapshots(draw: st.DrawFn) -> Snapshot:
    best_bid = draw(st.integers(50_000, 900_000))
    bids, asks = [], []
    ticks = best_bid
    for step, size in draw(_SIDES):
        bids.append((ticks, size))
        ticks -= step
    ticks = best_bid + draw(st.integers(1, 400))
    for step, size in draw(_SIDES):
        asks.append((ticks, size))
        ticks += step
    base = draw(st.integers(0, 3_000_000))
    cash = draw(st.integers(0, CAPITAL))
    return snapshot(
        book=Book(tuple(bids), tuple(asks)),
        position=Position(base_units=base, cash_units=cash),
        free_base_units=draw(st.integers(0, 2 * base + 10_000)),
        fees=FeeRates(draw(st.decimals(0, Decimal("0.005"), places=5)), Decimal("0.005")),
    )


@given(
    now=_snapshots(),
    levels=st.integers(1, 5),
    spacing=st.decimals(0, Decimal("0.01"), places=4),
    spread=st.decimals(Decimal("0.0001"), Decimal("0.2"), places=4),
    skew=st.decimals(0, 1, places=2),
    target=st.decimals(0, 1, places=2),
    cap=st.integers(0, 4_000_000),
)
def test_whatever_the_market_quotes_are_passive_affordable_and_owned(  # noqa: PLR0917 - hypothesis arguments
    now: Snapshot, levels: int, spacing: Decimal, spread: Decimal, skew: Decimal, target: Decimal, cap: int
) -> None:
    settings = strategy_settings(
        levels=levels, level_spacing=spacing, base_spread=spread, inventory_skew=skew, inventory_target=target
    )
    made = MarketMaking(settings, cap).quote(now)
    buys = [level for level in made.levels if level.side is Side.BUY]
    sells = [level for level in made.levels if level.side is Side.SELL]
    assert all(level.ticks < now.book.best_ask for level in buys)
    assert all(level.ticks > now.book.best_bid for level in sells)
    assert all(level.ticks > 0 and level.lots > 0 for level in made.levels)
    if buys and sells:
        distance = min(s.ticks for s in sells) - max(b.ticks for b in buys)
        assert distance >= Fraction(quoted_spread(settings, now.fees)) * Fraction(made.fair_ticks)
    assert len({(level.side, level.ticks) for level in made.levels}) == len(made.levels)
    bought = sum(ETHUSDC.base_units(level.lots) for level in buys)
    if buys:
        assert now.position.base_units + bought <= min(cap, eth("0.01"))
    assert sum(ETHUSDC.notional_units(level.ticks, level.lots) for level in buys) <= now.free_quote_units
    assert sum(ETHUSDC.base_units(level.lots) for level in sells) <= min(now.position.base_units, now.free_base_units)
    for level in sells:
        assert ETHUSDC.notional_units(level.ticks, level.lots) >= usdc("5")
    for level in buys:
        assert level.lots >= SizeRules(settings, ETHUSDC, now.fees, 0).smallest(level.ticks)
