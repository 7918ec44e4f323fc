"""The daily review, sections 1 to 5 of P-2.2: figures, goals, findings and suggestions. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from mm.review.facts import DayFacts
from mm.review.figure import Figure
from mm.review.findings import Finding, findings
from mm.review.metrics import Metrics, metrics


@dataclass(frozen=True, slots=True)
class Goal:
    """`met` None: too little is known. `bound` and the figure share a unit; `above`: met when above it."""

    name: str
    plan: str
    bound: Decimal
    above: bool
    figure: Figure

    @property
    def met(self) -> bool | None:
        if self.figure.value is None:
            return None
        return self.figure.value > self.bound if self.above else self.figure.value < self.bound


@dataclass(frozen=True, slots=True)
class Note:
    """What the operator wrote."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Market:
    """What the bot traded on. `warning` non-empty where it is no market to judge profit by."""

    name: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class DailyReview:
    """One trading day. `partial` says why the day is not a whole one (empty: it is)."""

    day: date
    start: datetime
    end: datetime
    partial: str
    environment: str
    profiles: tuple[str, ...]
    stages: tuple[str, ...]
    markets: tuple[Market, ...]
    metrics: Metrics
    goals: tuple[Goal, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]


def daily_review(
    facts: DayFacts, day: date, environment: str, markets: Sequence[Market], notes: Sequence[Note]
) -> DailyReview:
    figures = metrics(facts)
    return DailyReview(
        day=day,
        start=moment(facts.start),
        end=moment(facts.end),
        partial=partial(facts),
        environment=environment,
        profiles=_distinct(run.profile for run in facts.runs),
        stages=_distinct(run.stage for run in facts.runs),
        markets=tuple(markets),
        metrics=figures,
        goals=goals(figures),
        findings=findings(figures, has_runs=bool(facts.runs)),
        notes=tuple(notes),
    )


def goals(figures: Metrics) -> tuple[Goal, ...]:
    """The plan's goals for 100 USDC, as the share of the capital that they are."""
    return (
        Goal("PnL of the day", "P-2.2", figures.money.capital / 1000, above=True, figure=figures.money.day_pnl),
        Goal("return of the day", "P-2.2", Decimal("0.001"), above=True, figure=figures.money.day_return),
        Goal("max drawdown", "P-2.2", Decimal("0.05"), above=False, figure=figures.money.max_drawdown),
        Goal("order accuracy", "P-2.3", Decimal("0.995"), above=True, figure=figures.trading.accuracy),
        Goal("stability", "P-2.3", Decimal("0.999"), above=True, figure=figures.operation.stability),
    )


def partial(facts: DayFacts) -> str:
    """Why the day is not a whole one, in words; empty when it is."""
    reasons: list[str] = []
    if facts.runs:
        first = min(run.started for run in facts.runs)
        if first > facts.start and facts.first_day:
            reasons.append(f"trading began at {moment(first):%Y-%m-%d %H:%M} UTC")
    if facts.until < facts.end:
        reasons.append(f"it closes at {moment(facts.end):%Y-%m-%d %H:%M} UTC")
    return "; ".join(reasons)


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(at // 10**9, UTC)


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order of their first appearance."""
    return tuple(dict.fromkeys(words))
