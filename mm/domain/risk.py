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


@dataclass(frozen=True, slots=True)
class TradeSums:
    """What own fills earned against the mid they met, and what they cost in fees; 1e-8 quote, summed over a time."""

    spread_units: int = 0
    fee_units: int = 0
    fills: int = 0


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Equity when a person last lifted a halt, and the highest since (1e-8 quote, later flows counted in).
    `is_today`: within the present trading day."""

    equity_units: int
    best_units: int
    is_today: bool


@dataclass(frozen=True, slots=True)
class OrderCount:
    """Orders that ended within one minute of UTC (since 1970)."""

    minute: int
    ended: int
    abnormal: int


@dataclass(frozen=True, slots=True)
class StageHistory:
    """What the ledger remembers of the stage in this account epoch, beside the marks of `RiskBaseline`.

    `level` the highest emergency level reached (0: none); `stage`, `day` own fills since the stage, the trading day
    began; `accepted` None when nobody resumed. `crashes` runs without a clean end and `orders` those that ended in the
    last 24 hours, each since a person lifted the halt of that name; `orders_without_fill` placed in the trading day
    since its last fill.
    """

    level: int = 0
    stage: TradeSums = TradeSums()
    day: TradeSums = TradeSums()
    accepted: Acceptance | None = None
    crashes: int = 0
    orders: tuple[OrderCount, ...] = ()
    orders_without_fill: int = 0
