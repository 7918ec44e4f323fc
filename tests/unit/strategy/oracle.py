"""Sizes, prices and bands by their formulas in Decimal and Fraction, as plainly as they can be written."""

from decimal import Decimal
from fractions import Fraction

from mm.domain.fill import FeeRates
from mm.domain.instrument import UNITS, Instrument
from mm.strategy.inventory import deviation, quote_shift
from mm.strategy.settings import StrategySettings
from mm.strategy.spread import quoted_spread


def is_sellable(lots: int, rules: Instrument, ticks: int, fall: Decimal) -> bool:
    if lots < max(1, rules.min_lots):
        return False
    price = Fraction(rules.tick_size) * ticks * (1 - Fraction(fall))
    return price * Fraction(rules.lot_size) * lots >= Fraction(rules.min_notional)


def left_of(lots: int, rules: Instrument, maker: Decimal) -> int:
    """Whole lots after the fee, rounded up to 1e-8, was taken from the base that was bought."""
    bought = Fraction(rules.lot_size) * lots * UNITS
    fee = -(-bought * Fraction(maker) // 1)
    return int((bought - fee) // (Fraction(rules.lot_size) * UNITS))


def smallest(settings: StrategySettings, rules: Instrument, fees: FeeRates, ticks: int) -> int:
    lots = max(1, rules.min_lots)
    while not is_sellable(left_of(lots, rules, fees.maker), rules, ticks, settings.dust_margin):
        lots += 1
    return lots


def effective(
    settings: StrategySettings, rules: Instrument, fees: FeeRates, ticks: int, cap_units: int
) -> tuple[int, int, str]:
    least = smallest(settings, rules, fees, ticks)
    wanted = int(Fraction(settings.base_size) // Fraction(rules.lot_size))
    cap = cap_units // int(Fraction(rules.lot_size) * UNITS)
    if wanted < least and settings.min_notional == "reject":
        return 0, least, "min_notional"
    if least > cap:
        return 0, least, "max_position"
    if least > rules.max_lots:
        return 0, least, "max_lots"
    lots = max(wanted, least)
    if lots > min(cap, rules.max_lots):
        return min(cap, rules.max_lots), least, "max_position" if cap <= rules.max_lots else "max_lots"
    return lots, least, "raised" if lots > wanted else "configured"


def places(settings: StrategySettings, fees: FeeRates, held_units: int) -> list[tuple[Fraction, Fraction]]:
    """Bid and ask of each level as multiples of the fair value."""
    half = Fraction(quoted_spread(settings, fees)) / 2
    most = Fraction(settings.max_inventory) * UNITS
    deviated = deviation(held_units, most * Fraction(settings.inventory_target), int(most))
    shift = quote_shift(deviated, Fraction(settings.inventory_skew), half)
    spacing = Fraction(settings.level_spacing)
    return [
        (1 - half - level * spacing + shift, 1 + half + level * spacing + shift) for level in range(settings.levels)
    ]


def is_in_band(settings: StrategySettings, rules: Instrument, ticks: int, *, buys: bool) -> bool:
    price = rules.tick_size * ticks
    if settings.price_ceiling and price > settings.price_ceiling:
        return False
    return not buys or price >= settings.price_floor
