from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.instrument import from_units, to_units
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
