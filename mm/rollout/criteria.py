"""The criteria for leaving a stage, each with its id in the rollout plan. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from math import sqrt
from statistics import mean, stdev

from mm.rollout.evidence import Evidence
from mm.rollout.stages import CAPS, Stage

NOT_RECORDED = "not recorded yet by this version"
SHARPE_DAYS = 30
"""Daily returns needed before a Sharpe ratio says anything; before that the criterion gates nothing."""
FEWEST_ORDERS = 100
"""Orders needed before an accuracy of 99.5 % can be told from 99 %."""
MOST_CRASHES = 3
"""More of them are a major fault (P-2.4)."""


class Judgement(StrEnum):
    PASS = "pass"  # noqa: S105 - a judgement, no password
    FAIL = "fail"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One criterion judged: plan id, what it demands, the judgement, and the evidence it rests on."""

    plan: str
    demand: str
    judgement: Judgement
    evidence: str


Judge = Callable[[Evidence], tuple[Judgement, str]]


@dataclass(frozen=True, slots=True)
class Criterion:
    plan: str
    demand: str
    judge: Judge

    def verdict(self, evidence: Evidence) -> Verdict:
        return Verdict(self.plan, self.demand, *self.judge(evidence))


def criteria(stage: Stage) -> tuple[Criterion, ...]:
    """What must be shown before the step from `stage` to the next one; none after the last stage."""
    dwell = CAPS[stage].dwell
    if dwell is None:
        return ()
    if stage is Stage.TESTNET:
        return (
            Criterion("P-1.2", "48 h in one stretch with 0 crashes", _uncrashed(dwell)),
            Criterion("P-1.2", "every function exercised", _counted("functions_exercised", "functions")),
            Criterion("P-1.2", "order accuracy 100 %", _accuracy(Decimal(1), strict=False)),
            Criterion("P-1.2", "risk controls trigger (drills)", _counted("drills_passed", "drills")),
            Criterion("P-1.2", "alerts arrive on every channel", _counted("alerts_proved", "channels")),
        )
    steps = (
        Criterion("P-3.1", f"{_hours(dwell)} h in the stage", _dwell(dwell)),
        Criterion("P-3.2", "cumulative PnL > 0", _profit),
        Criterion("P-3.2", "no major fault", _faults),
        Criterion("P-3.2", "CPU < 50 %", _below("cpu_share", "0.5", "mean CPU")),
        Criterion("P-3.2", "memory < 70 %", _below("memory_share", "0.7", "largest memory share")),
        Criterion("P-3.2", "risk parameters of the new tier", _next_risk),
        Criterion("P-3.2", "alerts working", _counted("alerts_proved", "channels")),
        Criterion("P-3.2", "Sharpe > 1 where there is enough data", _sharpe),
    )
    if stage is not Stage.USDC_100:
        return steps
    return (
        Criterion("P-2.3", "72 h without a major problem", _uncrashed(dwell)),
        Criterion("P-2.3", "daily mean above 0.1 % of the capital", _daily_mean),
        Criterion("P-2.3", "max drawdown < 5 %", _below("max_drawdown", "0.05", "max drawdown")),
        Criterion("P-2.3", "order accuracy > 99.5 %", _accuracy(Decimal("0.995"), strict=True)),
        Criterion("P-2.3", "stability > 99.9 %", _stability),
        *steps,
    )


def judge(evidence: Evidence) -> tuple[Verdict, ...]:
    """Every criterion for leaving `evidence.stage`, judged."""
    return tuple(criterion.verdict(evidence) for criterion in criteria(evidence.stage))


def all_pass(verdicts: tuple[Verdict, ...]) -> bool:
    """True when there is something to judge and all of it passed: insufficient is no pass."""
    return bool(verdicts) and all(verdict.judgement is Judgement.PASS for verdict in verdicts)


def _verdict(*, passed: bool, text: str) -> tuple[Judgement, str]:
    return (Judgement.PASS if passed else Judgement.FAIL), text


def _missing(what: str) -> tuple[Judgement, str]:
    return Judgement.INSUFFICIENT, what


def _uncrashed(dwell: timedelta) -> Judge:
    def judge_it(evidence: Evidence) -> tuple[Judgement, str]:
        if evidence.crashes is None or evidence.runs == 0:
            return _missing("no run in this stage yet")
        text = (
            f"longest stretch {_hours(evidence.longest_clean)} h of {_hours(dwell)} h, "
            f"{evidence.crashes} crashes in {evidence.runs} runs"
        )
        if evidence.longest_clean >= dwell and not evidence.open_halts and not evidence.level3:
            return Judgement.PASS, text
        if evidence.crashes or evidence.level3:
            return Judgement.FAIL, text
        if evidence.open_halts:
            return Judgement.FAIL, f"{text}, {evidence.open_halts} halts open"
        return _missing(text)

    return judge_it


def _dwell(dwell: timedelta) -> Judge:
    def judge_it(evidence: Evidence) -> tuple[Judgement, str]:
        text = f"{_hours(evidence.ran)} h run of {_hours(dwell)} h"
        return (Judgement.PASS, text) if evidence.ran >= dwell else _missing(text)

    return judge_it


def _accuracy(bound: Decimal, *, strict: bool) -> Judge:
    def judge_it(evidence: Evidence) -> tuple[Judgement, str]:
        if evidence.order_accuracy is None:
            return _missing("no order whose end is known")
        text = f"{_percent(evidence.order_accuracy)} of {evidence.orders} orders"
        met = evidence.order_accuracy > bound if strict else evidence.order_accuracy >= bound
        if met and evidence.orders < FEWEST_ORDERS:
            return _missing(f"{text}; at least {FEWEST_ORDERS} orders are needed")
        return _verdict(passed=met, text=text)

    return judge_it


def _counted(field: str, noun: str) -> Judge:
    def judge_it(evidence: Evidence) -> tuple[Judgement, str]:
        counted: tuple[int, int] | None = getattr(evidence, field)
        if counted is None:
            return _missing(NOT_RECORDED)
        done, of = counted
        if of == 0:
            return _missing(f"no {noun} to prove")
        return _verdict(passed=done >= of, text=f"{done} of {of} {noun}")

    return judge_it


def _below(field: str, bound: str, noun: str) -> Judge:
    def judge_it(evidence: Evidence) -> tuple[Judgement, str]:
        value: Decimal | None = getattr(evidence, field)
        if value is None:
            return _missing(f"no {noun} recorded")
        return _verdict(passed=value < Decimal(bound), text=f"{noun} {_percent(value)}")

    return judge_it


def _profit(evidence: Evidence) -> tuple[Judgement, str]:
    if evidence.cumulative_pnl is None:
        return _missing("no equity recorded")
    return _verdict(passed=evidence.cumulative_pnl > 0, text=f"{evidence.cumulative_pnl:+.4f} USDC")


def _daily_mean(evidence: Evidence) -> tuple[Judgement, str]:
    if evidence.daily_mean is None:
        return _missing("no equity recorded")
    goal = evidence.capital / 1000
    text = f"{evidence.daily_mean:+.4f} USDC a day over {_hours(evidence.elapsed)} h, goal above {goal.normalize():f}"
    if evidence.elapsed < timedelta(days=1):
        return _missing(f"{text}; less than one day")
    return _verdict(passed=evidence.daily_mean > goal, text=text)


def _stability(evidence: Evidence) -> tuple[Judgement, str]:
    if evidence.stability is None:
        return _missing("no heartbeat recorded")
    return _verdict(
        passed=evidence.stability > Decimal("0.999"),
        text=f"heartbeats fresh {_percent(evidence.stability)} of {_hours(evidence.ran)} h",
    )


def _faults(evidence: Evidence) -> tuple[Judgement, str]:
    known = (evidence.crashes, evidence.open_halts, evidence.level3)
    if evidence.runs == 0 or any(count is None for count in known):
        return _missing("no run in this stage yet" if evidence.runs == 0 else NOT_RECORDED)
    crashes, halts, stops = known
    return _verdict(
        passed=(crashes or 0) <= MOST_CRASHES and not halts and not stops,
        text=f"{crashes} crashes, {halts} halts open, {stops} emergency stops",
    )


def _next_risk(evidence: Evidence) -> tuple[Judgement, str]:
    if evidence.next_risk_fits is None:
        return _missing(evidence.next_risk_text or NOT_RECORDED)
    return _verdict(passed=evidence.next_risk_fits, text=evidence.next_risk_text)


def _sharpe(evidence: Evidence) -> tuple[Judgement, str]:
    """Mean over standard deviation of daily returns, × √365 (a market without holidays)."""
    days = len(evidence.daily_returns)
    if days < SHARPE_DAYS:
        return Judgement.PASS, f"not enough data: {days} of {SHARPE_DAYS} complete days; gates nothing yet"
    returns = [float(value) for value in evidence.daily_returns]
    spread = stdev(returns)
    if spread == 0:
        return _verdict(passed=mean(returns) > 0, text=f"every one of {days} days alike")
    ratio = mean(returns) / spread * sqrt(365)
    return _verdict(passed=ratio > 1, text=f"{ratio:.2f} over {days} days")


def _hours(value: timedelta) -> str:
    # Floored: 47.99 h must not read as 48.
    return f"{(Decimal(int(value.total_seconds())) / 3600).quantize(Decimal('0.1'), ROUND_FLOOR).normalize():f}"


def _percent(share: Decimal) -> str:
    # Floored at two places: 99.999 % must not read as 100 %.
    return f"{(share * 100).quantize(Decimal('0.01'), ROUND_FLOOR)} %"
