from dataclasses import replace

from mm.domain.order import Side
from mm.domain.position import Position
from mm.domain.risk import TradeSums
from mm.risk.attribution import Attribution, sums_after
from tests.fakes.desk import fill_of, intent
from tests.fakes.snapshots import CAPITAL, ETHUSDC, eth, usdc

BUY = fill_of(intent(1, Side.BUY, 299_700, 20), 1, fee=eth("0.000002"))
SELL = fill_of(intent(2, Side.SELL, 300_300, 10), 2, fee=usdc("0.003003"))


def test_a_round_trip_by_hand() -> None:
    # 0.002 ETH bought 3.00 below the mid earn 0.006, 0.001 sold 3.00 above it earn 0.003.
    sums = sums_after(sums_after(TradeSums(), BUY, 300_000, ETHUSDC), SELL, 300_000, ETHUSDC)
    assert sums == TradeSums(usdc("0.009"), eth("0.000002") * 2997 + usdc("0.003003"), 2)


def test_a_mid_between_two_ticks_is_exact() -> None:
    assert sums_after(TradeSums(), BUY, 299_700.5, ETHUSDC).spread_units == usdc("0.00001")


def test_a_fill_without_a_book_earns_no_spread_but_costs_its_fee() -> None:
    assert sums_after(TradeSums(), SELL, 0.0, ETHUSDC) == TradeSums(0, usdc("0.003003"), 1)


def test_a_fee_in_a_third_asset_counts_at_its_worth() -> None:
    paid = replace(BUY, fee_asset="BNB", fee_units=5, fee_quote_units=usdc("0.004"))
    assert sums_after(TradeSums(), paid, 300_000, ETHUSDC).fee_units == usdc("0.004")


def test_parts_sum_to_the_profit_and_the_rest_is_what_prices_did() -> None:
    """Bought at 2997, the mid 3000; marked at a bid of 2990: 0.001998 ETH lost 7 each less what was captured."""
    position = Position(cash_units=CAPITAL).after(BUY, ETHUSDC)
    pnl = position.equity_units(ETHUSDC, 299_000) - CAPITAL
    found = Attribution.of(pnl, sums_after(TradeSums(), BUY, 300_000, ETHUSDC))
    assert found.spread_units + found.revaluation_units + found.fee_units == found.pnl_units == pnl
    # All base that was bought, fee included, moved from the mid of 3000 to 2990; the fee's own part fell by 7.
    assert found.revaluation_units == -usdc("10") * 20 // 10_000 + eth("0.000002") * 7
