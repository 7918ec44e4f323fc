"""The evidence a promotion is judged on, read from the ledger of the environment that counts for the stage."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from mm.domain.instrument import from_units
from mm.ledger.queries import LedgerQueries
from mm.review.facts import DayFacts
from mm.review.metrics import Metrics, metrics
from mm.review.reader import read_facts
from mm.review.uptime import longest_clean, run_spans
from mm.risk.limits import RED
from mm.rollout.evidence import Evidence
from mm.rollout.stages import CAPS, MAINNET, Stage


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is not in the ledger. `next_risk`: whether the next tier's profile fits its caps, and the words for it."""

    cores: int
    memory_bytes: int
    open_halts: int
    next_risk: tuple[bool | None, str] = (None, "")


def evidence_environment(stage: Stage) -> str:
    """Testnet qualifies on testnet, every other stage with real money; sim proves nothing."""
    return "testnet" if stage is Stage.TESTNET else MAINNET


def evidence_profiles(stage: Stage) -> tuple[str, ...]:
    """Runs of these count (ambiguity 6): on testnet its own profile and the next tier's."""
    own = CAPS[stage].profile
    following = CAPS[stage.next].profile if stage.next else None
    if stage is Stage.TESTNET:
        return tuple(name for name in ("testnet", following) if name)
    return (own,) if own else ()


def no_evidence(stage: Stage, source: str, around: Surroundings) -> Evidence:
    fits, text = around.next_risk
    return Evidence(stage=stage, source=source, capital=CAPS[stage].capital, next_risk_fits=fits, next_risk_text=text)


def read_evidence(
    ledger: LedgerQueries,
    stage: Stage,
    since: datetime | None,
    now: datetime,
    *,
    live_run: str | None,
    around: Surroundings,
) -> Evidence:
    """`since` when the stage began; None: with the ledger."""
    source = f"{evidence_environment(stage)} ledger"
    runs = ledger.runs()
    if not runs:
        return no_evidence(stage, source, around)
    start = since or runs[0].started
    facts = read_facts(ledger, start, now, now, live_run)
    counted = _counting(facts, evidence_profiles(stage)) if facts else None
    if counted is None or not counted.runs:
        return no_evidence(stage, source, around)
    return _evidence(counted, metrics(counted), stage, source, around)


def with_daily_returns(evidence: Evidence, totals: list[Decimal]) -> Evidence:
    """`totals` PnL of each complete trading day."""
    if not evidence.capital:
        return evidence
    return replace(evidence, daily_returns=tuple(total / evidence.capital for total in totals))


def _counting(facts: DayFacts, profiles: tuple[str, ...]) -> DayFacts:
    """Only runs of the profiles that count. A run that began before the stage counts from the stage's begin on."""
    runs = [run for run in facts.runs if not profiles or run.profile in profiles]
    ids = {run.run_id for run in runs}
    return replace(
        facts,
        runs=[replace(run, started=max(run.started, facts.start)) for run in runs],
        orders=[order for order in facts.orders if order.run_id in ids],
    )


def _evidence(facts: DayFacts, figures: Metrics, stage: Stage, source: str, around: Surroundings) -> Evidence:
    spans = run_spans(facts.runs, facts.start, facts.until)
    first = min(facts.runs, key=lambda run: run.started)
    cpu, memory = figures.operation.cpu_mean.value, figures.operation.memory_max.value
    fits, text = around.next_risk
    return Evidence(
        stage=stage,
        source=source,
        capital=from_units(first.capital_units),
        runs=len(facts.runs),
        ran=_span(sum(end - start for start, end in spans)),
        elapsed=_span(facts.until - first.started),
        longest_clean=_span(longest_clean(facts.runs, facts.until)),
        crashes=sum(run.crashed for run in facts.runs),
        orders=figures.trading.accuracy.samples,
        order_accuracy=figures.trading.accuracy.value,
        cumulative_pnl=figures.money.cumulative_pnl.value,
        max_drawdown=figures.money.max_drawdown.value,
        stability=figures.operation.stability.value,
        cpu_share=_share(cpu / around.cores) if cpu is not None else None,
        memory_share=_share(memory / around.memory_bytes) if memory is not None else None,
        open_halts=around.open_halts,
        level3=sum(event.code in RED for event in facts.risk),
        next_risk_fits=fits,
        next_risk_text=text,
    )


def _span(nanoseconds: int) -> timedelta:
    return timedelta(microseconds=nanoseconds // 1000)


def _share(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1e-6"), ROUND_HALF_EVEN)
