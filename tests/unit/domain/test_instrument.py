from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.instrument import UNITS, from_units, to_units
from tests.fakes.snapshots import ETHUSDC


def test_units_are_exact_both_ways() -> None:
    assert to_units(Decimal("0.00000001")) == 1
    assert to_units(Decimal("-2.5")) == -250_000_000
    assert from_units(123) == Decimal("0.00000123")
    assert str(from_units(600_002_000)) == "6.00002000"


@given(st.integers(-(10**20), 10**20))
def test_units_round_trip(units: int) -> None:
    assert to_units(from_units(units)) == units


@pytest.mark.parametrize("text", ["0.000000001", "1.00000000000000000000000000000001", "NaN", "sNaN", "Infinity"])
def test_units_refuse_what_they_cannot_hold(text: str) -> None:
    with pytest.raises(ValueError, match=r"finer|no amount"):
        to_units(Decimal(text))


def test_prices_and_sizes_sit_on_their_grids() -> None:
    assert ETHUSDC.ticks(Decimal("3000.01")) == 300_001
    assert ETHUSDC.lots(Decimal("0.0019")) == 19
    assert ETHUSDC.price(300_001) == Decimal("3000.01")
    assert ETHUSDC.size(19) == Decimal("0.0019")
    with pytest.raises(ValueError, match="tick size"):
        ETHUSDC.ticks(Decimal("3000.015"))
    with pytest.raises(ValueError, match="lot size"):
        ETHUSDC.lots(Decimal("0.00005"))


def test_rounding_knows_its_direction() -> None:
    assert ETHUSDC.ticks_down(Decimal("3000.019")) == 300_001
    assert ETHUSDC.ticks_up(Decimal("3000.011")) == 300_002
    assert ETHUSDC.ticks_up(Decimal("3000.01")) == ETHUSDC.ticks_down(Decimal("3000.01")) == 300_001
    assert ETHUSDC.lots_down(Decimal("0.00199")) == 19


def test_base_units_and_lots() -> None:
    assert ETHUSDC.units_per_lot == 10_000
    assert ETHUSDC.base_units(19) == 190_000
    assert ETHUSDC.lots_in(189_999) == 18
    assert ETHUSDC.lots_in(-189_999) == -18


def test_values_floor_so_that_a_long_is_never_flattered() -> None:
    assert ETHUSDC.notional_units(300_000, 19) == 570_000_000
    assert ETHUSDC.value_units(1, 300_099) == 3000  # 1e-8 ETH at 3000.99 is 3000.99 units
    assert ETHUSDC.value_units(0, 300_099) == 0


GRIDS = st.sampled_from(["0.01", "0.05", "0.00001", "0.025", "1", "10"]).map(Decimal)


@given(
    GRIDS, st.sampled_from(["0.0001", "0.00001", "1", "0.5"]).map(Decimal), st.integers(0, 10**7), st.integers(0, 10**7)
)
def test_money_is_counted_as_the_fractions_say(tick_size: Decimal, lot_size: Decimal, ticks: int, lots: int) -> None:
    rules = replace(ETHUSDC, tick_size=tick_size, lot_size=lot_size)
    price = Fraction(tick_size) * ticks
    assert rules.notional_units(ticks, lots) == price * Fraction(lot_size) * lots * UNITS // 1
    assert rules.value_units(lots, ticks) == price * lots // 1
    assert rules.ticks(rules.price(ticks)) == ticks
    assert rules.lots(rules.size(lots)) == lots
    with pytest.raises(ValueError, match="is not a multiple of the tick size"):
        rules.ticks(rules.price(ticks) + tick_size / 3)


def test_what_was_worked_out_for_one_grid_is_not_taken_over_by_another() -> None:
    assert ETHUSDC.notional_units(300_000, 19) == 570_000_000
    assert replace(ETHUSDC, tick_size=Decimal("0.1")).notional_units(300_000, 19) == 5_700_000_000
    assert replace(ETHUSDC, lot_size=Decimal("0.001")).units_per_lot == 100_000
    assert replace(ETHUSDC) == ETHUSDC
