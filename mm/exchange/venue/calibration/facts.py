"""All stylised facts of captures, and two markets' facts side by side."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from mm.exchange.venue.calibration.impact import IMPACT_STATISTICS, MARKOUT_STATISTICS
from mm.exchange.venue.calibration.prices import PRICE_STATISTICS
from mm.exchange.venue.calibration.record import MarketRecord
from mm.exchange.venue.calibration.statistic import Estimate, Statistic
from mm.exchange.venue.calibration.trading import DEPTH_STATISTICS, TRADE_STATISTICS

STATISTICS: tuple[Statistic[MarketRecord], ...] = (
    *PRICE_STATISTICS,
    *TRADE_STATISTICS,
    *DEPTH_STATISTICS,
    *IMPACT_STATISTICS,
    *MARKOUT_STATISTICS,
)
Facts = dict[str, Estimate]


def facts_of(stretches: Sequence[MarketRecord], statistics: Sequence[Statistic[MarketRecord]] = STATISTICS) -> Facts:
    """By name, of all stretches together, errors from leaving one out at a time."""
    return {statistic.name: statistic.of(stretches) for statistic in statistics}


class Row(NamedTuple):
    """One statistic of a recording beside the generated market's."""

    name: str
    unit: str
    recorded: Estimate
    generated: Estimate

    @property
    def distance(self) -> float | None:
        """The difference in its standard errors; None where they are not known."""
        first, second = self.recorded, self.generated
        if first.value is None or second.value is None or first.error is None or second.error is None:
            return None
        error = math.hypot(first.error, second.error)
        return (second.value - first.value) / error if error else None


def rows(recorded: Facts, generated: Facts, statistics: Sequence[Statistic[MarketRecord]] = STATISTICS) -> list[Row]:
    return [Row(each.name, each.unit, recorded[each.name], generated[each.name]) for each in statistics]
