"""Each check exactly at its limit (passes) and one unit beyond (refuses), with what the refusal says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mm.domain.book import Book
from mm.domain.order import OrderStatus, Side
from mm.domain.quote import QuoteLevel
from mm.domain.snapshot import Snapshot
from mm.risk import checks, conduct_checks
from mm.risk.exposure import Exposure
from mm.risk.order_limits import OrderLimits
from mm.risk.refusal import Refusal
from mm.risk.situation import Check, Situation
from tests.fakes.snapshots import CAPITAL, ETHUSDC, NOW, SECOND, eth, held, own, risk_settings, snapshot, usdc

BUY = QuoteLevel(Side.BUY, 299_700, 20)
SELL = QuoteLevel(Side.SELL, 300_300, 20)


def judge(
    check: Check, order: QuoteLevel, now: Snapshot | None = None, recent: int = 0, **settings: Any
) -> Refusal | None:
    now = now or snapshot()
    limits = OrderLimits.of(risk_settings(**settings), CAPITAL)
    return check(order, Situation(now, now.others_book(), Exposure.of(now), limits, recent))


def code(refusal: Refusal | None) -> str:
    return refusal.code if refusal else ""


def sized(side: Side, lots: int, ticks: int = 300_000) -> QuoteLevel:
    return QuoteLevel(side, ticks, lots)


# --- market -----------------------------------------------------------------------------


def test_market_down() -> None:
    assert judge(checks.market_down, BUY) is None
    assert code(judge(checks.market_down, BUY, snapshot(market_ok=False))) == "market_down"


def test_a_book_is_stale_only_beyond_the_limit() -> None:
    assert judge(checks.stale_book, BUY, snapshot(book_mono=NOW - 2 * SECOND)) is None
    refusal = judge(checks.stale_book, BUY, snapshot(book_mono=NOW - 2 * SECOND - 1_000_000))
    assert refusal == Refusal(
        "stale_book", "2000", "2001", "ms", "the book is 2001 ms old, at most 2000 ms are allowed"
    )
    assert code(judge(checks.stale_book, BUY, snapshot(book_mono=NOW - 2 * SECOND - 1))) == "stale_book"
    half = timedelta(milliseconds=500)
    assert code(judge(checks.stale_book, BUY, snapshot(book_mono=NOW - SECOND), stale_after=half)) == "stale_book"
    assert judge(checks.stale_book, BUY, snapshot(book_mono=NOW - SECOND // 2), stale_after=half) is None


def test_a_book_from_the_future_is_no_fresh_book() -> None:
    assert judge(checks.stale_book, BUY, snapshot(book_mono=NOW)) is None
    assert code(judge(checks.stale_book, BUY, snapshot(book_mono=NOW + 1))) == "stale_book"


@pytest.mark.parametrize(
    ("bids", "asks", "value"),
    [((), ((300_010, 1),), "1"), (((299_990, 1),), (), "1"), ((), (), "0")],
)
def test_one_sided_book(bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], value: str) -> None:
    refusal = judge(checks.one_sided_book, BUY, snapshot(book=Book(tuple(bids), tuple(asks))))
    assert refusal is not None
    assert (refusal.code, refusal.value) == ("one_sided_book", value)


def test_a_side_made_of_own_orders_alone_is_no_side() -> None:
    book = Book(((299_990, 19),), ((300_010, 1),))
    assert code(judge(checks.one_sided_book, SELL, snapshot(book=book, own_orders=(own(Side.BUY, 299_990, 19),))))
    assert judge(checks.one_sided_book, SELL, snapshot(book=book)) is None


def test_crossed_and_locked_books() -> None:
    def at(bid: int, ask: int) -> str:
        return code(judge(checks.crossed_book, BUY, snapshot(book=Book(((bid, 1),), ((ask, 1),)))))

    assert at(300_009, 300_010) == ""
    assert at(300_010, 300_010) == "crossed_book"
    assert at(300_011, 300_010) == "crossed_book"


# --- price ---------------------------------------------------------------------------------


@pytest.mark.parametrize("side", list(Side))
def test_the_collar_holds_on_both_sides_of_the_reference(side: Side) -> None:
    def at(ticks: int) -> str:
        return code(judge(checks.price_collar, QuoteLevel(side, ticks, 20)))

    assert at(294_000) == at(306_000) == ""  # exactly 2 % of 3000.00
    assert at(293_999) == at(306_001) == "price_collar"


def test_the_collar_refusal_names_the_distance() -> None:
    refusal = judge(checks.price_collar, QuoteLevel(Side.BUY, 270_000, 20))
    assert refusal == Refusal(
        "price_collar", "0.02", "0.1", "share of reference", "price 2700.00 is 0.1 away from the reference"
    )


def test_the_collar_follows_the_reference_not_the_book() -> None:
    crash = Book(((200_000, 1),), ((200_001, 1),))
    assert code(judge(checks.price_collar, QuoteLevel(Side.BUY, 199_800, 30), snapshot(book=crash))) == "price_collar"


@pytest.mark.parametrize("reference", [0.0, -1.0, float("nan"), float("inf")])
def test_no_reference_no_order(reference: float) -> None:
    assert code(judge(checks.price_collar, BUY, snapshot(reference_ticks=reference))) == "no_reference"
    rules = replace(ETHUSDC, price_up=Decimal(5), price_down=Decimal("0.2"))
    assert judge(checks.percent_price, BUY, snapshot(reference_ticks=reference, instrument=rules)) is None


def test_the_exchanges_percent_price_filter() -> None:
    rules = replace(ETHUSDC, price_up=Decimal("1.01"), price_down=Decimal("0.99"))

    def at(ticks: int) -> str:
        return code(judge(checks.percent_price, QuoteLevel(Side.BUY, ticks, 20), snapshot(instrument=rules)))

    assert at(297_000) == at(303_000) == ""
    assert at(296_999) == at(303_001) == "percent_price"
    assert judge(checks.percent_price, QuoteLevel(Side.BUY, 1, 20)) is None  # no such filter


def test_own_orders_never_meet() -> None:
    asks = snapshot(own_orders=(own(Side.SELL, 300_200, 1), own(Side.SELL, 300_100, 1, OrderStatus.UNKNOWN)))
    assert judge(checks.self_cross, sized(Side.BUY, 20, 300_099), asks) is None
    assert code(judge(checks.self_cross, sized(Side.BUY, 20, 300_100), asks)) == "self_cross"
    assert judge(checks.self_cross, sized(Side.SELL, 20, 299_000), asks) is None
    bids = snapshot(own_orders=(own(Side.BUY, 299_800, 1), own(Side.BUY, 299_900, 1, OrderStatus.PENDING)))
    assert judge(checks.self_cross, sized(Side.SELL, 20, 299_901), bids) is None
    assert code(judge(checks.self_cross, sized(Side.SELL, 20, 299_900), bids)) == "self_cross"
    assert judge(checks.self_cross, sized(Side.BUY, 20, 300_000), bids) is None
    assert judge(checks.self_cross, sized(Side.SELL, 20, 1)) is None


# --- exchange filters ----------------------------------------------------------------------------


def test_grid_and_lot_bounds() -> None:
    rules = replace(ETHUSDC, min_lots=10, max_lots=30)

    def at(ticks: int, lots: int) -> str:
        return code(judge(checks.order_grid, QuoteLevel(Side.BUY, ticks, lots), snapshot(instrument=rules)))

    assert at(1, 10) == at(1, 30) == ""
    assert at(0, 10) == at(-1, 10) == "grid"
    assert at(1, 9) == "min_lots"
    assert at(1, 31) == "max_lots"
    assert judge(checks.order_grid, QuoteLevel(Side.BUY, 1, 1)) is None
    free = replace(ETHUSDC, min_lots=0)
    refusal = judge(checks.order_grid, QuoteLevel(Side.BUY, 1, 9), snapshot(instrument=rules))
    assert refusal == Refusal("min_lots", "10", "9", "lots", "below the smallest order")
    assert code(judge(checks.order_grid, QuoteLevel(Side.BUY, 1, 0), snapshot(instrument=free))) == "min_lots"


def test_the_exchanges_notional_bounds() -> None:
    rules = replace(ETHUSDC, max_notional=Decimal(10))

    def at(lots: int, ticks: int = 250_000) -> str:
        return code(judge(checks.exchange_notional, sized(Side.SELL, lots, ticks), snapshot(instrument=rules)))

    assert at(20) == at(40) == ""  # exactly 5 and 10
    assert at(20, 249_999) == "min_notional"
    assert at(40, 250_001) == "max_notional"
    none = snapshot(instrument=replace(ETHUSDC, max_notional=Decimal(0)))
    assert judge(checks.exchange_notional, sized(Side.BUY, 10**6), none) is None


# --- limits -----------------------------------------------------------------------------------------


def test_position_counts_what_is_held_every_live_buy_and_this_one() -> None:
    live = tuple(
        own(Side.BUY, 299_000, 10, status) for status in (OrderStatus.OPEN, OrderStatus.UNKNOWN, OrderStatus.PENDING)
    )
    now = snapshot(position=held("0.005", cash="80"), own_orders=live)
    assert judge(checks.max_position, sized(Side.BUY, 20), now) is None  # 0.005 + 0.003 + 0.002 = 0.01
    refusal = judge(checks.max_position, sized(Side.BUY, 21), now)
    assert refusal == Refusal("max_position", "0.01", "0.0101", "ETH", "position if every buy filled")


def test_one_unit_of_dust_beyond_the_cap_refuses() -> None:
    assert judge(checks.max_position, sized(Side.BUY, 20), snapshot(position=held("0.008"))) is None
    assert code(judge(checks.max_position, sized(Side.BUY, 20), snapshot(position=held("0.00800001"))))


def test_live_sells_do_not_make_room_and_sells_pass_the_cap() -> None:
    now = snapshot(position=held("0.01"), own_orders=(own(Side.SELL, 301_000, 50),))
    assert code(judge(checks.max_position, sized(Side.BUY, 1), now)) == "max_position"
    assert judge(checks.max_position, sized(Side.SELL, 50), snapshot(position=held("0.5"))) is None


def test_sells_never_exceed_what_is_held_live_sells_included() -> None:
    now = snapshot(position=held("0.005"), own_orders=(own(Side.SELL, 301_000, 30),))
    assert judge(checks.holdings, sized(Side.SELL, 20), now) is None
    refusal = judge(checks.holdings, sized(Side.SELL, 21), now)
    assert refusal is not None
    assert (refusal.code, refusal.limit, refusal.value, refusal.unit) == ("holdings", "0.005", "0.0051", "ETH")
    assert code(judge(checks.holdings, sized(Side.SELL, 50), snapshot(position=held("0.00499999")))) == "holdings"
    assert judge(checks.holdings, sized(Side.BUY, 10**6), now) is None


def test_live_buys_are_no_holdings() -> None:
    now = snapshot(own_orders=(own(Side.BUY, 299_000, 30),))
    assert code(judge(checks.holdings, sized(Side.SELL, 1), now)) == "holdings"


def test_capital_counts_cost_live_buys_and_this_one() -> None:
    # 100: cost 40 + live 29.9 + 100 lots at 3010.00 (30.1).
    now = snapshot(position=held("0.013", cost="40"), own_orders=(own(Side.BUY, 299_000, 100),))
    assert judge(checks.capital, sized(Side.BUY, 100, 301_000), now) is None
    refusal = judge(checks.capital, sized(Side.BUY, 100, 301_001), now)
    assert refusal is not None
    assert (refusal.code, refusal.limit, refusal.value, refusal.unit) == ("capital", "100", "100.0001", "USDC")
    assert judge(checks.capital, sized(Side.SELL, 10**6), now) is None


def test_one_order_is_a_third_of_the_capital_unless_set() -> None:
    # A third of 100 USDC is 33.33333333.
    assert judge(checks.order_notional, sized(Side.SELL, 100, 333_333)) is None
    assert code(judge(checks.order_notional, sized(Side.SELL, 100, 333_334))) == "order_notional"
    limit = Decimal(6)
    assert judge(checks.order_notional, sized(Side.BUY, 20), max_order_notional=limit) is None
    refusal = judge(checks.order_notional, sized(Side.BUY, 20, 300_001), max_order_notional=limit)
    assert refusal == Refusal("order_notional", "6", "6.00002", "USDC", "one order is too large")


def test_funds_must_be_free_on_the_side_that_locks_them() -> None:
    now = snapshot(free_quote_units=usdc("6"), free_base_units=eth("0.002"))
    assert judge(checks.funds, sized(Side.BUY, 20), now) is None
    assert code(judge(checks.funds, sized(Side.BUY, 20, 300_001), now)) == "funds"
    assert judge(checks.funds, sized(Side.SELL, 20), now) is None
    refusal = judge(checks.funds, sized(Side.SELL, 21), now)
    assert refusal is not None
    assert (refusal.limit, refusal.value, refusal.unit) == ("0.002", "0.0021", "ETH")


def test_open_orders_count_unknown_ones_and_the_exchanges_own_limit() -> None:
    live = tuple(own(Side.BUY, 299_000, 1, OrderStatus.UNKNOWN, n) for n in range(4))
    assert judge(checks.open_orders, BUY, snapshot(own_orders=live), max_open_orders=5) is None
    refusal = judge(checks.open_orders, BUY, snapshot(own_orders=live), max_open_orders=4)
    assert refusal == Refusal("open_orders", "4", "5", "orders", "too many orders at one time")
    few = replace(ETHUSDC, max_open_orders=4)
    assert code(judge(checks.open_orders, BUY, snapshot(own_orders=live, instrument=few))) == "open_orders"


def test_order_rate() -> None:
    assert judge(checks.order_rate, BUY, recent=9, max_orders_per_minute=10) is None
    refusal = judge(checks.order_rate, BUY, recent=10, max_orders_per_minute=10)
    assert refusal == Refusal("order_rate", "10", "11", "orders/60s", "too many new orders within a minute")


def test_every_check_of_the_module_is_in_the_list() -> None:
    public = {
        value
        for module in (checks, conduct_checks)
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
    }
    assert public - {checks.first_refusal} == set(checks.CHECKS)
    assert len(checks.CHECKS) == len(set(checks.CHECKS)) == 19


def test_limits_finer_than_a_unit_are_refused() -> None:
    with pytest.raises(ValueError, match="decimal places"):
        OrderLimits.of(risk_settings(max_position=Decimal("0.000000001")), CAPITAL)
