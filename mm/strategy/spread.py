"""The spread that is quoted: the configured one, or what the fees demand."""

from decimal import Decimal
from fractions import Fraction

from mm.domain.fill import FeeRates
from mm.strategy.settings import StrategySettings


def spread_floor(settings: StrategySettings, fees: FeeRates) -> Decimal:
    """2 × maker fee + min_edge: below it a round trip loses money even when both sides fill."""
    return 2 * fees.maker + settings.min_edge


def least_edge(settings: StrategySettings, fees: FeeRates) -> Fraction:
    """The least distance of a quote from the fair value, as a share of it: maker fee and half of min_edge, less what
    the lean of the inventory may take. No quote of the strategy ever stands closer."""
    lean = Fraction(settings.inventory_skew) * Fraction(quoted_spread(settings, fees))
    return max(Fraction(0), (Fraction(spread_floor(settings, fees)) - lean) / 2)


def quoted_spread(settings: StrategySettings, fees: FeeRates) -> Decimal:
    """Full spread, bid to ask, as a fraction of the fair value."""
    return max(settings.base_spread, spread_floor(settings, fees))
