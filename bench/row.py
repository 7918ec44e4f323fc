"""One line of the table: what was measured, against what, and whether the goal was met."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bench.times import Spread


class Judged(StrEnum):
    """What a goal is about."""

    RATIO = "ratio"
    MEDIAN = "median"
    P99 = "p99"


@dataclass(frozen=True, slots=True)
class Goal:
    """`limit` is the most allowed, or the least when `at_least`; in the row's unit unless it is a ratio's."""

    judged: Judged
    limit: float
    at_least: bool = False

    def is_met_by(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """`reference` names what `beside` measured. A ratio is measured / beside, of medians."""

    name: str
    unit: str
    measured: Spread
    reference: str = ""
    beside: Spread | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.beside is None else self.measured.median / self.beside.median

    @property
    def judged_value(self) -> float | None:
        """What the goal is held against; None without a goal. Raises ValueError for a ratio without a reference."""
        if self.goal is None:
            return None
        if self.goal.judged is Judged.RATIO:
            if self.ratio is None:
                raise ValueError(f"{self.name}: a ratio needs a reference")
            return self.ratio
        return self.measured.median if self.goal.judged is Judged.MEDIAN else self.measured.p99

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing where no goal is set."""
        value = self.judged_value
        if self.goal is None or value is None:
            return ""
        return "met" if self.goal.is_met_by(value) else "missed"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "measured": _spread_json(self.measured),
            "reference": self.reference,
            "beside": None if self.beside is None else _spread_json(self.beside),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "goal": None if self.goal is None else goal_text(self.goal, self.unit),
            "verdict": self.verdict or None,
            "note": self.note,
        }


def goal_text(goal: Goal, unit: str) -> str:
    sign = "≥" if goal.at_least else "≤"
    if goal.judged is Judged.RATIO:
        return f"ratio {sign} {goal.limit:g}"
    prefix = "p99 " if goal.judged is Judged.P99 else ""
    return f"{prefix}{sign} {goal.limit:g} {unit}"


def _spread_json(spread: Spread) -> dict[str, Any]:
    return {"median": round(spread.median, 3), "p99": round(spread.p99, 3), "count": spread.count}
