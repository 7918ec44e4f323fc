"""One trading pair: its grid of prices and sizes, and the exact way between Decimal and integers.

Prices are integer *ticks*, sizes integer *lots*, balances and money integer *units* of 1e-8
(Binance's own precision, so a fee taken in ETH, which is less than a lot, is still exact).
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

UNITS = 100_000_000
_ZERO = Decimal(0).scaleb(-8)


def to_units(amount: Decimal) -> int:
    """Decimal to 1e-8 units. Raises ValueError when `amount` is finer than 1e-8 or not finite."""
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    # Not amount * UNITS: the decimal context would round a long tail away before it could be refused.
    numerator, denominator = amount.as_integer_ratio()
    units, rest = divmod(numerator * UNITS, denominator)
    if rest:
        raise ValueError(f"{amount} is finer than 1e-8")
    return units


def from_units(units: int) -> Decimal:
    """1e-8 units to an exact Decimal with eight places."""
    return Decimal(units).scaleb(-8) if units else _ZERO


@dataclass(frozen=True)
class Instrument:
    """The rules of a symbol, read from exchangeInfo.

    `tick_size` in quote per base, `lot_size` in base; `min_notional`, `max_notional` in quote;
    `price_up`, `price_down`: PERCENT_PRICE_BY_SIDE multipliers against the average price
    (bid side and ask side share the wider pair; 0 means no such filter).

    No slots, so that the grid is taken apart into integers once: every order, level and mark is counted with them.
    """

    symbol: str
    base: str
    quote: str
    tick_size: Decimal
    lot_size: Decimal
    min_lots: int
    max_lots: int
    min_notional: Decimal
    max_notional: Decimal
    max_open_orders: int = 200
    price_up: Decimal = Decimal(0)
    price_down: Decimal = Decimal(0)

    @cached_property
    def units_per_lot(self) -> int:
        """Base 1e-8 units in one lot."""
        return to_units(self.lot_size)

    @cached_property
    def _tick_ratio(self) -> tuple[int, int]:
        return self.tick_size.as_integer_ratio()

    @cached_property
    def _lot_ratio(self) -> tuple[int, int]:
        return self.lot_size.as_integer_ratio()

    def ticks(self, price: Decimal) -> int:
        """Price to ticks. Raises ValueError when the price is off the grid."""
        steps = _steps(price, self._tick_ratio)
        if steps is None:
            raise ValueError(f"{price} is not a multiple of the tick size {self.tick_size}")
        return steps

    def ticks_down(self, price: Decimal) -> int:
        return int(Fraction(price) // Fraction(self.tick_size))

    def ticks_up(self, price: Decimal) -> int:
        return -int(-Fraction(price) // Fraction(self.tick_size))

    def lots(self, size: Decimal) -> int:
        """Size to lots. Raises ValueError when the size is off the grid."""
        steps = _steps(size, self._lot_ratio)
        if steps is None:
            raise ValueError(f"{size} is not a multiple of the lot size {self.lot_size}")
        return steps

    def lots_down(self, size: Decimal) -> int:
        return int(Fraction(size) // Fraction(self.lot_size))

    def price(self, ticks: int) -> Decimal:
        return self.tick_size * ticks

    def size(self, lots: int) -> Decimal:
        return self.lot_size * lots

    def lots_in(self, base_units: int) -> int:
        """Whole lots that `base_units` (1e-8) can pay for; floors, also below zero towards zero."""
        lots = abs(base_units) // self.units_per_lot
        return lots if base_units >= 0 else -lots

    def base_units(self, lots: int) -> int:
        return lots * self.units_per_lot

    def notional_units(self, ticks: int, lots: int) -> int:
        """Quote 1e-8 units of `lots` at `ticks`; exact on Binance's grids, floored otherwise."""
        numerator, denominator = self._tick_ratio
        return lots * self.units_per_lot * ticks * numerator // denominator

    def value_units(self, base_units: int, ticks: int) -> int:
        """Quote 1e-8 units that `base_units` are worth at `ticks`, floored (never flatters a long)."""
        numerator, denominator = self._tick_ratio
        return base_units * ticks * numerator // denominator


def _steps(value: Decimal, grid: tuple[int, int]) -> int | None:
    """How many steps of the grid `value` is; None when it lies between two."""
    # Whole numbers rather than Fraction: every level of every book comes through here.
    numerator, denominator = value.as_integer_ratio()
    steps, rest = divmod(numerator * grid[1], denominator * grid[0])
    return None if rest else steps
