"""The size that is really quoted: the configured one, or the smallest the exchange lets the bot buy *and* sell."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from mm.domain.fill import FeeRates
from mm.domain.instrument import UNITS, Instrument
from mm.strategy.settings import StrategySettings


def net_lots(lots: int, instrument: Instrument, maker: Decimal) -> int:
    """Whole lots left of a buy when its fee was taken from the base received (rounded up to 1e-8)."""
    bought = instrument.base_units(lots)
    rate, whole = maker.as_integer_ratio()
    fee_units = -(-bought * rate // whole)
    return instrument.lots_in(bought - fee_units)


class Sellable:
    """Whether lots meet minimum size and minimum notional after the price fell by `fall`; the rules are taken apart
    into integers once."""

    def __init__(self, instrument: Instrument, fall: Decimal) -> None:
        self.min_lots = max(1, instrument.min_lots)
        one_lot_at_one_tick = Fraction(instrument.tick_size) * (1 - Fraction(fall)) * Fraction(instrument.lot_size)
        needed = Fraction(instrument.min_notional) / one_lot_at_one_tick
        self._numerator, self._denominator = needed.as_integer_ratio()

    def at(self, lots: int, ticks: int) -> bool:
        """`lots`, the price falling from `ticks`."""
        return lots >= self.min_lots and lots * ticks * self._denominator >= self._numerator

    def fewest(self, ticks: int) -> int:
        """Lots that are sellable, the price falling from `ticks` > 0."""
        return max(self.min_lots, -(-self._numerator // (self._denominator * ticks)))


class EffectiveSize(NamedTuple):
    """`lots` to quote, 0 when nothing may be bought. `smallest` lots that stay sellable. `reason` is `configured`,
    `raised`, `max_lots`, or, with 0 lots, `min_notional`, `max_position`, `max_lots`."""

    lots: int
    smallest: int
    reason: str
    ticks: int
    rules: "SizeRules"

    @property
    def explanation(self) -> str:
        """One sentence."""
        return _Facts(self.rules, self.ticks, self.smallest).explain(self)


class SizeRules:
    """What does not depend on the price: worked out once for settings, symbol, fees and `max_position_units` (1e-8
    base), which bounds the size: what must be bought at once has to fit under the hard cap."""

    def __init__(
        self, settings: StrategySettings, instrument: Instrument, fees: FeeRates, max_position_units: int
    ) -> None:
        self.settings = settings
        self.instrument = instrument
        self.cap = instrument.lots_in(max_position_units)
        self.wanted = instrument.lots_down(settings.base_size)
        self.after_a_fall = Sellable(instrument, settings.dust_margin)
        self.at_once = Sellable(instrument, Decimal(0))
        self._maker = fees.maker
        self._bought_for = (0, 0)

    def at(self, ticks: int) -> EffectiveSize:
        """The size of one quote at a price of `ticks`, in lots, and why. Raises ValueError like `smallest`."""
        smallest, wanted, cap = self.smallest(ticks), self.wanted, self.cap
        max_lots = self.instrument.max_lots
        if wanted < smallest and self.settings.min_notional == "reject":
            return EffectiveSize(0, smallest, "min_notional", ticks, self)
        if smallest > cap:
            return EffectiveSize(0, smallest, "max_position", ticks, self)
        if smallest > max_lots:
            return EffectiveSize(0, smallest, "max_lots", ticks, self)
        lots, bound = max(wanted, smallest), min(cap, max_lots)
        if lots > bound:
            return EffectiveSize(bound, smallest, "max_position" if bound == cap else "max_lots", ticks, self)
        return EffectiveSize(lots, smallest, "raised" if lots > wanted else "configured", ticks, self)

    def smallest(self, ticks: int) -> int:
        """Fewest lots that can be bought at `ticks`, lose their fee in base, fall by `dust_margin`, be floored to a
        lot and still be sold.

        The fee counts even when it is set to be paid in a third asset: it is taken in base once that asset runs out.
        Raises ValueError when `ticks` is not positive or the maker fee leaves nothing.
        """
        if ticks <= 0 or self._maker >= 1:
            raise ValueError(f"no size exists at {ticks} ticks and a maker fee of {self._maker}")
        sold = self.after_a_fall.fewest(ticks)
        if self._bought_for[0] != sold:  # the same for many prices in a row
            self._bought_for = (sold, self._bought(sold))
        return self._bought_for[1]

    def _bought(self, sold: int) -> int:
        """Fewest lots to buy so that `sold` are left after the fee."""
        # A first guess from the exact rate, then up: the fee's rounding may cost one more lot.
        rate, whole = self._maker.as_integer_ratio()
        lots = max(sold, sold * whole // (whole - rate))
        while net_lots(lots, self.instrument, self._maker) < sold:
            lots += 1
        return lots


@dataclass(frozen=True, slots=True)
class _Facts:
    """The sentences of `EffectiveSize.explanation`."""

    rules: SizeRules
    ticks: int
    smallest: int

    def explain(self, size: EffectiveSize) -> str:
        if size.reason == "configured":
            return f"each quote is base_size, {self._size(size.lots)}, {self._worth(size.lots)}."
        if size.reason == "raised":
            return f"{self._too_small()}; each quote is raised to {self._smallest()}."
        if size.reason == "min_notional":
            return (
                f"{self._too_small()}; min_notional is reject, so nothing is bought (it would take {self._smallest()})."
            )
        if size.lots:
            return f"{self._base_size()} is cut to {self._size(size.lots)}, the most allowed."
        what, most = "max_position", self.rules.cap
        if size.reason == "max_lots":
            what, most = "the exchange's largest order", self.rules.instrument.max_lots
        return f"nothing is bought: it takes {self._smallest()}, and {what} is {self._size(most)}."

    def _base_size(self) -> str:
        return f"base_size {self.rules.settings.base_size} {self.rules.instrument.base}"

    def _too_small(self) -> str:
        instrument = self.rules.instrument
        worth = self.rules.settings.base_size * instrument.price(self.ticks)
        minimum = instrument.min_notional.normalize()
        return (
            f"{self._base_size()} is {worth:.2f} {instrument.quote},"
            f" too small for the exchange's minimum of {minimum:f} {instrument.quote} an order"
        )

    def _smallest(self) -> str:
        fall = (self.rules.settings.dust_margin * 100).normalize()
        return (
            f"{self._size(self.smallest)} ({self._worth(self.smallest)}),"
            f" the smallest that is still sellable after its fee and a fall of {fall:f} %"
        )

    def _size(self, lots: int) -> str:
        return f"{self.rules.instrument.size(lots)} {self.rules.instrument.base}"

    def _worth(self, lots: int) -> str:
        worth = Decimal(self.rules.instrument.notional_units(self.ticks, lots)) / UNITS
        return f"{worth:.2f} {self.rules.instrument.quote}"
