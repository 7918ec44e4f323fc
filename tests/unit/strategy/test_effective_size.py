"""Worked by hand at 3000.00: selling after a 2 % fall at 2940 needs 5 / 0.294 = 17.006…, 18 lots; the fee of 0.1 %
of 18 lots leaves 17.982, so 19 must be bought (18.981 → 18)."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.fill import FeeRates
from mm.strategy.effective_size import EffectiveSize, Sellable, SizeRules, net_lots
from tests.fakes.snapshots import ETHUSDC, FEES, eth, strategy_settings

NO_FEE = FeeRates(Decimal(0), Decimal(0))


def size_at(ticks: int = 300_000, cap: str = "0.01", fees: FeeRates = FEES, **changes: Any) -> EffectiveSize:
    return SizeRules(strategy_settings(**changes), ETHUSDC, fees, eth(cap)).at(ticks)


def test_the_plans_size_is_raised_and_says_so() -> None:
    size = size_at()
    assert (size.lots, size.smallest, size.reason) == (19, 19, "raised")
    assert size.explanation == (
        "base_size 0.001 ETH is 3.00 USDC, too small for the exchange's minimum of 5 USDC an order;"
        " each quote is raised to 0.0019 ETH (5.70 USDC), the smallest that is still sellable after its fee"
        " and a fall of 2 %."
    )


def test_each_ingredient_counts() -> None:
    assert size_at(fees=NO_FEE).lots == 18
    assert size_at(dust_margin=Decimal(0)).lots == 18  # 5 / 0.3 = 16.67 → 17, and one for the fee
    assert size_at(dust_margin=Decimal(0), fees=NO_FEE).lots == 17
    assert size_at(ticks=150_000).lots == 36  # 5 / 0.147 = 34.01 → 35, and one for the fee


def test_exactly_the_minimum_notional_is_sellable() -> None:
    # 20 lots at 2500.00 are exactly 5 USDC.
    assert size_at(ticks=250_000, dust_margin=Decimal(0), fees=NO_FEE).lots == 20
    assert size_at(ticks=249_999, dust_margin=Decimal(0), fees=NO_FEE).lots == 21
    assert Sellable(ETHUSDC, Decimal(0)).at(20, 250_000)
    assert not Sellable(ETHUSDC, Decimal(0)).at(20, 249_999)
    assert not Sellable(ETHUSDC, Decimal("0.0001")).at(20, 250_000)


def test_a_large_enough_size_is_left_alone() -> None:
    size = size_at(base_size=Decimal("0.0019"))
    assert (size.lots, size.reason) == (19, "configured")
    assert size.explanation == "each quote is base_size, 0.0019 ETH, 5.70 USDC."
    assert size_at(base_size=Decimal("0.00205")).lots == 20  # floored to a lot


def test_reject_refuses_to_buy() -> None:
    size = size_at(min_notional="reject")
    assert (size.lots, size.smallest, size.reason) == (0, 19, "min_notional")
    assert "nothing is bought" in size.explanation
    assert size_at(min_notional="reject", base_size=Decimal("0.0019")).lots == 19
    assert size_at(min_notional="reject", base_size=Decimal("0.0018")).lots == 0


def test_max_position_binds() -> None:
    assert size_at(cap="0.0019").lots == 19
    blocked = size_at(cap="0.0018")
    assert (blocked.lots, blocked.reason) == (0, "max_position")
    assert "max_position is 0.0018 ETH" in blocked.explanation
    cut = size_at(base_size=Decimal("0.02"))
    assert (cut.lots, cut.reason) == (100, "max_position")
    assert cut.explanation == "base_size 0.02 ETH is cut to 0.0100 ETH, the most allowed."


def test_the_exchanges_largest_and_smallest_order_bind() -> None:
    few = replace(ETHUSDC, max_lots=30)
    assert SizeRules(strategy_settings(base_size=Decimal("0.01")), few, FEES, eth("1")).at(300_000).lots == 30
    none = SizeRules(strategy_settings(), replace(ETHUSDC, max_lots=18), FEES, eth("1")).at(300_000)
    assert (none.lots, none.reason) == (0, "max_lots")
    many = replace(ETHUSDC, min_lots=100)
    assert SizeRules(strategy_settings(), many, FEES, eth("1")).at(300_000).lots == 101  # sold: 100
    assert not Sellable(many, Decimal(0)).at(99, 300_000)
    assert Sellable(many, Decimal(0)).at(100, 300_000)


def test_no_size_exists_without_a_price() -> None:
    with pytest.raises(ValueError, match="no size exists"):
        size_at(ticks=0)
    with pytest.raises(ValueError, match="no size exists"):
        size_at(fees=FeeRates(Decimal(1), Decimal(1)))


def test_the_fee_rounds_against_us() -> None:
    assert net_lots(1000, ETHUSDC, Decimal("0.001")) == 999
    assert net_lots(1000, ETHUSDC, Decimal("0.0010000001")) == 998
    assert net_lots(19, ETHUSDC, Decimal("0.001")) == 18
    assert net_lots(19, ETHUSDC, Decimal(0)) == 19


@given(
    ticks=st.integers(1_000, 2_000_000),
    fee=st.decimals(0, Decimal("0.02"), places=6),
    margin=st.decimals(0, Decimal("0.5"), places=4),
    minimum=st.decimals(Decimal("0.1"), 50, places=2),
)
def test_smallest_is_sellable_and_one_less_is_not(ticks: int, fee: Decimal, margin: Decimal, minimum: Decimal) -> None:
    rules = replace(ETHUSDC, min_notional=minimum)
    settings = strategy_settings(dust_margin=margin)
    lots = SizeRules(settings, rules, FeeRates(fee, fee), 0).smallest(ticks)

    def survives(bought: int) -> bool:
        net = bought - Fraction(fee) * bought
        sold = net // 1  # whole lots; the fee's own 1e-8 rounding is checked above
        price = Fraction(ticks, 100) * (1 - Fraction(margin))
        return sold >= 1 and sold * price / 10_000 >= Fraction(minimum)

    assert survives(lots)
    # The fee is rounded up to 1e-8, which may demand one lot more than exact arithmetic does.
    assert not survives(lots - 1) or net_lots(lots - 1, rules, fee) < (lots - 1 - Fraction(fee) * (lots - 1)) // 1
