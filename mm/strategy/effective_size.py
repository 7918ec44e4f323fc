"""The size that is really quoted: the configured one, or the smallest the exchange lets the bot buy *and* sell."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from mm.domain.fill import FeeRates
from mm.domain.instrument import UNITS, Instrument
from mm.strategy.settings import StrategySettings


@dataclass(frozen=True, slots=True)
class EffectiveSize:
    """`lots` to quote, 0 when nothing may be bought. `smallest` lots that stay sellable. `reason` is `configured`,
    `raised`, `max_lots`, or, with 0 lots, `min_notional`, `max_position`, `max_lots`. `explanation` is one sentence."""

    lots: int
    smallest: int
    reason: str
    explanation: str


def net_lots(lots: int, instrument: Instrument, maker: Decimal) -> int:
    """Whole lots left of a buy when its fee was taken from the base received (rounded up to 1e-8)."""
    bought = instrument.base_units(lots)
    rate, whole = maker.as_integer_ratio()
    fee_units = -(-bought * rate // whole)
    return instrument.lots_in(bought - fee_units)


def is_sellable(lots: int, instrument: Instrument, ticks: int, fall: Decimal) -> bool:
    """Whether `lots` still meet minimum size and minimum notional after the price fell by `fall` from `ticks`."""
    if lots < max(1, instrument.min_lots):
        return False
    price = Fraction(instrument.tick_size) * ticks * (1 - Fraction(fall))
    return price * Fraction(instrument.lot_size) * lots >= Fraction(instrument.min_notional)


def smallest_lots(settings: StrategySettings, instrument: Instrument, fees: FeeRates, ticks: int) -> int:
    """Fewest lots that can be bought at `ticks`, lose their fee in base, fall by `dust_margin`, be floored to a lot
    and still be sold.

    The fee counts even when it is set to be paid in a third asset: it is taken in base once that asset runs out.
    Raises ValueError when `ticks` is not positive or the maker fee leaves nothing.
    """
    if ticks <= 0 or fees.maker >= 1:
        raise ValueError(f"no size exists at {ticks} ticks and a maker fee of {fees.maker}")
    needed = _lots_at_one_tick(instrument.tick_size, instrument.lot_size, instrument.min_notional, settings.dust_margin)
    sold = max(1, instrument.min_lots, -(-needed.numerator // (needed.denominator * ticks)))
    # A first guess from the exact rate, then up: the fee's rounding may cost one more lot.
    rate, whole = fees.maker.as_integer_ratio()
    lots = max(sold, sold * whole // (whole - rate))
    while net_lots(lots, instrument, fees.maker) < sold:
        lots += 1
    return lots


@lru_cache(maxsize=64)
def _lots_at_one_tick(tick_size: Decimal, lot_size: Decimal, min_notional: Decimal, fall: Decimal) -> Fraction:
    """Lots that are worth `min_notional` at a price of one tick after a fall; divide by the price for the real one."""
    return Fraction(min_notional) / (Fraction(tick_size) * (1 - Fraction(fall)) * Fraction(lot_size))


def effective_size(
    settings: StrategySettings, instrument: Instrument, fees: FeeRates, ticks: int, max_position_units: int
) -> EffectiveSize:
    """The size of one quote at a price of `ticks`, in lots, and why.

    `max_position_units` (1e-8 base) bounds it: what must be bought at once has to fit under the hard cap.
    """
    smallest = smallest_lots(settings, instrument, fees, ticks)
    wanted = instrument.lots_down(settings.base_size)
    cap = instrument.lots_in(max_position_units)
    facts = _Facts(settings, instrument, ticks, smallest, max_position_units)
    if wanted < smallest and settings.min_notional == "reject":
        return EffectiveSize(0, smallest, "min_notional", facts.rejected())
    lots = max(wanted, smallest)
    if smallest > cap:
        return EffectiveSize(0, smallest, "max_position", facts.over("max_position", cap))
    if smallest > instrument.max_lots:
        return EffectiveSize(0, smallest, "max_lots", facts.over("the exchange's largest order", instrument.max_lots))
    bound = min(cap, instrument.max_lots)
    if lots > bound:
        return EffectiveSize(bound, smallest, "max_position" if bound == cap else "max_lots", facts.bounded(bound))
    if lots > wanted:
        return EffectiveSize(lots, smallest, "raised", facts.raised())
    return EffectiveSize(lots, smallest, "configured", facts.configured())


@dataclass(frozen=True, slots=True)
class _Facts:
    """The sentences of `EffectiveSize.explanation`."""

    settings: StrategySettings
    instrument: Instrument
    ticks: int
    smallest: int
    max_position_units: int

    def configured(self) -> str:
        lots = self.instrument.lots_down(self.settings.base_size)
        return f"each quote is base_size, {self._size(lots)}, {self._worth(lots)}."

    def raised(self) -> str:
        return f"{self._too_small()}; each quote is raised to {self._smallest()}."

    def rejected(self) -> str:
        return f"{self._too_small()}; min_notional is reject, so nothing is bought (it would take {self._smallest()})."

    def over(self, what: str, lots: int) -> str:
        return f"nothing is bought: it takes {self._smallest()}, and {what} is {self._size(lots)}."

    def bounded(self, lots: int) -> str:
        return f"{self._base_size()} is cut to {self._size(lots)}, the most allowed."

    def _base_size(self) -> str:
        return f"base_size {self.settings.base_size} {self.instrument.base}"

    def _too_small(self) -> str:
        worth = self.settings.base_size * self.instrument.price(self.ticks)
        minimum = self.instrument.min_notional.normalize()
        quote = self.instrument.quote
        return (
            f"{self._base_size()} is {worth:.2f} {quote},"
            f" too small for the exchange's minimum of {minimum:f} {quote} an order"
        )

    def _smallest(self) -> str:
        fall = (self.settings.dust_margin * 100).normalize()
        return (
            f"{self._size(self.smallest)} ({self._worth(self.smallest)}),"
            f" the smallest that is still sellable after its fee and a fall of {fall:f} %"
        )

    def _size(self, lots: int) -> str:
        return f"{self.instrument.size(lots)} {self.instrument.base}"

    def _worth(self, lots: int) -> str:
        worth = Decimal(self.instrument.notional_units(self.ticks, lots)) / UNITS
        return f"{worth:.2f} {self.instrument.quote}"
