"""Words of risk that engine, ledger and screens share."""

from dataclasses import dataclass
from enum import StrEnum


class TradingState(StrEnum):
    """HALTED: no new order. REDUCING: only orders that bring the position closer to zero. ACTIVE: all."""

    HALTED = "HALTED"
    REDUCING = "REDUCING"
    ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class RiskBaseline:
    """Where equity stood, restored from the ledger at start (1e-8 quote units).

    Loss limits count from these; none is reset by a restart. `day` is the local date of the trading day
    that `day_start_units` belongs to, ISO.
    """

    day: str
    day_start_units: int
    stage_start_units: int
    peak_units: int
    capital_units: int
