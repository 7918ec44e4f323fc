"""Tells of emergency levels and watches over the loss they stand for (P-6.1 to P-6.3)."""

from mm.domain.actions import Action, OpenIncident, RecordRisk
from mm.domain.fill import Fill
from mm.domain.instrument import from_units
from mm.domain.risk import TradeSums
from mm.engine.setup import EngineSetup
from mm.risk.attribution import Attribution, sums_after
from mm.risk.emergency import LEVEL_CODES, RED
from mm.risk.engine import RiskEngine

WATCH_NS = 15 * 60 * 1_000_000_000
_SEVERITY = ("warning", "error", "critical")


class EmergencyPlan:
    """`told` the level that is on record. Own fills are summed up as they come, so that an analysis costs nothing."""

    def __init__(self, setup: EngineSetup, risk: RiskEngine) -> None:
        history = setup.recovery.history
        self._instrument = setup.instrument
        self._risk = risk
        self._stage, self._day = history.stage, history.day
        self._next_watch = 0
        self.told = history.level

    def on_fill(self, fill: Fill, mid_ticks: float) -> None:
        self._stage = sums_after(self._stage, fill, mid_ticks, self._instrument)
        self._day = sums_after(self._day, fill, mid_ticks, self._instrument)

    def new_day(self) -> None:
        self._day = TradeSums()

    def announce(self, equity_units: int, mono: int) -> list[Action]:
        """One record a level, lower ones first, also where a loss leapt over them."""
        level, analysis = self._risk.emergency.level, self.analysis(equity_units)
        actions: list[Action] = [
            RecordRisk(LEVEL_CODES[reached], _SEVERITY[reached], analysis) for reached in range(self.told, level)
        ]
        if level == RED:
            actions.append(OpenIncident(LEVEL_CODES[RED - 1], analysis))
        self.told = level
        self._next_watch = mono + WATCH_NS
        return actions

    def watch(self, equity_units: int, mono: int) -> list[Action]:
        """Every 15 minutes while a level stands, and once when a run begins in one."""
        if not self.told or mono < self._next_watch:
            return []
        self._next_watch = mono + WATCH_NS
        return [RecordRisk("watch", "warning", f"level {self.told}: {self.analysis(equity_units)}")]

    def analysis(self, equity_units: int) -> str:
        """Of the greater loss: the trading day's or the stage's."""
        base, quote = self._risk.baseline, self._instrument.quote
        is_day = base.day_start_units > base.stage_start_units
        start, since = (base.day_start_units, "the day") if is_day else (base.stage_start_units, "the stage")
        found = Attribution.of(equity_units - start, self._day if is_day else self._stage)
        capital = from_units(base.capital_units).normalize()
        return f"since {since} began, of {capital:f} {quote}: {found.describe(quote)}"
