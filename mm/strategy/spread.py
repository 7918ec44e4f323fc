"""The spread that is quoted: the configured one, or what the fees demand."""

from decimal import Decimal

from mm.domain.fill import FeeRates
from mm.strategy.settings import StrategySettings


def spread_floor(settings: StrategySettings, fees: FeeRates) -> Decimal:
    """2 × maker fee + min_edge: below it a round trip loses money even when both sides fill."""
    return 2 * fees.maker + settings.min_edge


def quoted_spread(settings: StrategySettings, fees: FeeRates) -> Decimal:
    """Full spread, bid to ask, as a fraction of the fair value."""
    return max(settings.base_spread, spread_floor(settings, fees))
