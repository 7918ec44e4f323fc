"""Strategies by the name they have in a profile."""

from collections.abc import Callable

from mm.strategy.base import Strategy
from mm.strategy.market_making import MarketMaking
from mm.strategy.settings import StrategySettings

STRATEGIES: dict[str, Callable[[StrategySettings, int], Strategy]] = {"market_making": MarketMaking}


def build_strategy(settings: StrategySettings, max_position_units: int) -> Strategy:
    """The strategy a profile names. `max_position_units`: risk.max_position in 1e-8 base units."""
    return STRATEGIES[settings.name](settings, max_position_units)
