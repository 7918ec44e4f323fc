"""Strings, ticks, lots and units: exact, or an error."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.instrument import Instrument, to_units
from mm.exchange.ccxt_adapter.grid import Grid, units

GRID = Grid(
    Instrument(
        symbol="ETHUSDC",
        base="ETH",
        quote="USDC",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.0001"),
        min_lots=1,
        max_lots=90_000_000,
        min_notional=Decimal(5),
        max_notional=Decimal(9_000_000),
    )
)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=8))
def test_units_agree_with_decimal(amount: Decimal) -> None:
    assert units(f"{amount:f}") == to_units(amount)


@pytest.mark.parametrize(
    ("text", "expected"), [("1", 10**8), ("-0.5", -(5 * 10**7)), ("0.000000010", 1), ("0.00000001000", 1), ("0", 0)]
)
def test_units(text: str, expected: int) -> None:
    assert units(text) == expected


@pytest.mark.parametrize("text", ["", ".", "1e-5", "nan", "0.000000001", "1,5", "- 1", "1.2.3", "٣", "1.٣"])
def test_units_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"decimal|finer"):
        units(text)


@given(st.integers(min_value=1, max_value=10**8), st.integers(min_value=1, max_value=9 * 10**7))
def test_there_and_back(ticks: int, lots: int) -> None:
    assert GRID.ticks(GRID.price_text(ticks)) == ticks
    assert GRID.lots(GRID.size_text(lots)) == lots
    assert GRID.ticks_of_float(float(GRID.price_text(ticks))) == ticks
    assert GRID.lots_of_float(float(GRID.size_text(lots))) == lots


def test_off_the_grid_is_an_error() -> None:
    with pytest.raises(ValueError, match="tick"):
        GRID.ticks("3000.001")
    with pytest.raises(ValueError, match="lot"):
        GRID.lots("0.00001")
    with pytest.raises(ValueError, match="tick"):
        GRID.ticks_of_float(3000.005)
    with pytest.raises(ValueError, match="lot"):
        GRID.lots_of_float(0.00015)


def test_texts_are_plain() -> None:
    assert (GRID.price_text(299905), GRID.size_text(1)) == ("2999.05", "0.0001")
    coarse = Grid(Instrument("AB", "A", "B", Decimal(10), Decimal(1), 1, 1000, Decimal(5), Decimal(1000)))
    assert (coarse.price_text(7), coarse.size_text(30)) == ("70", "30")
