"""Loss limits on equity. A limit is crossed when the loss is *greater than* it (rollout plan, ambiguity 7)."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mm.domain.instrument import from_units, to_units
from mm.domain.risk import Acceptance, RiskBaseline
from mm.risk.settings import RiskSettings

DAILY_LOSS = "daily_loss"
DRAWDOWN = "drawdown"
STAGE_LOSS = "stage_loss_5pct"
STAGE_LOSS_RED = "stage_loss_10pct"
DAY_LOSS_RED = "day_loss_10pct"
RED = frozenset({STAGE_LOSS_RED, DAY_LOSS_RED})
"""Level 3: emergency stop. Nobody can accept these losses and go on within the stage."""

ORANGE = frozenset({DAILY_LOSS, DRAWDOWN, STAGE_LOSS})
"""Level 2: everything stands until a person resumes."""


@dataclass(frozen=True, slots=True)
class LossLimits:
    """The part of the risk settings that looks at equity; `daily_loss_units` in 1e-8 quote."""

    daily_loss_units: int
    max_drawdown: Fraction
    orange: Fraction = Fraction(5, 100)
    red: Fraction = Fraction(10, 100)

    @classmethod
    def of(cls, settings: RiskSettings) -> "LossLimits":
        return cls(
            to_units(settings.daily_loss_limit),
            Fraction(settings.max_drawdown_limit),
            Fraction(settings.levels.orange),
            Fraction(settings.levels.red),
        )


@dataclass(frozen=True, slots=True)
class LossBounds:
    """The same limits in 1e-8 quote for one capital. Percentages are of the capital with which the stage began; one
    that is no whole unit is floored, which changes nothing for whole losses that must be greater than it."""

    daily: int
    drawdown: int
    orange: int
    red: int

    @classmethod
    def of(cls, limits: LossLimits, capital_units: int) -> "LossBounds":
        return cls(
            daily=limits.daily_loss_units,
            drawdown=int(capital_units * limits.max_drawdown),
            orange=int(capital_units * limits.orange),
            red=int(capital_units * limits.red),
        )

    @property
    def narrowest(self) -> int:
        return min(self.daily, self.drawdown, self.orange, self.red)


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss against its limit in 1e-8 quote; `level` 2 halts, 3 stops. A gain is a negative loss."""

    code: str
    loss_units: int
    limit_units: int
    level: int

    @property
    def is_crossed(self) -> bool:
        return self.loss_units > self.limit_units

    def describe(self, quote: str) -> str:
        return f"lost {from_units(self.loss_units)} {quote}, limit {from_units(self.limit_units)} {quote}"


def losses(limits: LossLimits, baseline: RiskBaseline, equity_units: int) -> tuple[Loss, ...]:
    """All losses at this equity."""
    bounds = LossBounds.of(limits, baseline.capital_units)
    day = baseline.day_start_units - equity_units
    stage = baseline.stage_start_units - equity_units
    return (
        Loss(DAILY_LOSS, day, bounds.daily, 2),
        Loss(DRAWDOWN, max(baseline.peak_units, equity_units) - equity_units, bounds.drawdown, 2),
        Loss(STAGE_LOSS, stage, bounds.orange, 2),
        Loss(STAGE_LOSS_RED, stage, bounds.red, 3),
        Loss(DAY_LOSS_RED, day, bounds.red, 3),
    )


def accepted_losses(limits: LossLimits, baseline: RiskBaseline, accepted: Acceptance | None) -> dict[str, int]:
    """What a person accepted before a restart: the level 2 losses that stood then. One that has shrunk to half its
    limit since is accepted no more, and that of the daily loss ended with its day."""
    if accepted is None:
        return {}
    best = {loss.code: loss.loss_units for loss in losses(limits, baseline, accepted.best_units)}
    return {
        loss.code: loss.loss_units
        for loss in losses(limits, baseline, accepted.equity_units)
        if loss.is_crossed
        and loss.code in ORANGE
        and 2 * best[loss.code] > loss.limit_units
        and (accepted.is_today or loss.code != DAILY_LOSS)
    }


def worst_loss(baseline: RiskBaseline, equity_units: int) -> int:
    """The greatest of all losses at this equity, without their limits."""
    return max(baseline.day_start_units, baseline.stage_start_units, baseline.peak_units) - equity_units


@dataclass(frozen=True, slots=True)
class LimitDistance:
    """How much of a limit is used: `share` 1 is at the limit; a gain uses nothing."""

    name: str
    value: Decimal
    limit: Decimal
    unit: str
    share: Decimal


def distance(name: str, value: Decimal, limit: Decimal, unit: str) -> LimitDistance:
    used = max(Decimal(0), value) / limit if limit else Decimal(1)
    return LimitDistance(name, value, limit, unit, round(used, 4))


def loss_distances(
    limits: LossLimits, baseline: RiskBaseline, equity_units: int, quote: str
) -> tuple[LimitDistance, ...]:
    """For screens: each loss, its limit, and the share of it that is used."""
    return tuple(
        distance(loss.code, from_units(loss.loss_units), from_units(loss.limit_units), quote)
        for loss in losses(limits, baseline, equity_units)
    )
