"""The emergency level of the stage, and what comes next, for people."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mm.domain.instrument import from_units
from mm.domain.risk import RiskBaseline
from mm.ledger.queries import LedgerQueries
from mm.risk.emergency import LEVEL_CODES, level_bounds
from mm.risk.settings import LevelSettings

NEXT = {
    1: "watched every 15 minutes",
    2: "everything halts, half the position is sold; after a resume half the capital and a wider spread",
    3: "emergency stop; the stage is over and must be qualified for again",
}


@dataclass(frozen=True, slots=True)
class LevelAhead:
    """A level not reached yet: it begins when the loss is greater than `above` (quote)."""

    level: int
    above: Decimal
    what: str


def level_reached(ledger: LedgerQueries, stage_since: datetime | None) -> int:
    """The highest since the stage began (None: always), in the present account epoch; 0: none."""
    runs = {run.run_id for run in ledger.runs(account_epoch=None)}
    events = ledger.risk_events(start=stage_since, kinds=("event",))
    codes = {event.code for event in events if event.run_id in runs}
    return max((level for level, code in enumerate(LEVEL_CODES, start=1) if code in codes), default=0)


def levels_ahead(levels: LevelSettings, baseline: RiskBaseline, reached: int) -> list[LevelAhead]:
    bounds = level_bounds(levels, baseline.capital_units)
    return [
        LevelAhead(level, from_units(bound), NEXT[level])
        for level, bound in enumerate(bounds, start=1)
        if level > reached
    ]


def level_loss(baseline: RiskBaseline, equity: Decimal) -> Decimal:
    """The loss that levels count, in quote; a gain is negative."""
    return from_units(max(baseline.day_start_units, baseline.stage_start_units)) - equity
