"""The figures of a trading day. Pure; every definition stands in docs/review.md."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal

from mm.domain.order import OrderStatus
from mm.domain.order_outcome import ended_abnormally
from mm.review.facts import DayFacts, OrderFacts, RiskFacts
from mm.review.figure import (
    ENOUGH_FOR_P95,
    ENOUGH_FOR_P99,
    Figure,
    average,
    count,
    insufficient,
    percentile,
    share,
)
from mm.review.money import Money, money
from mm.review.uptime import crashes, run_spans, stability

AT_EXCHANGE = frozenset({OrderStatus.OPEN, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class Trading:
    """Section 1: orders. `fill_rate` is the share of placed orders with any execution, `size_filled` that of their
    lots, `spread` the mean own quoted spread as a fraction of the mid."""

    intents: Figure
    placed: Figure
    filled: Figure
    partly_filled: Figure
    cancelled: Figure
    rejected: Figure
    not_sent: Figure
    refused: Figure
    live: Figure
    fills: Figure
    fill_rate: Figure
    size_filled: Figure
    spread: Figure
    accuracy: Figure
    abnormal: Figure


@dataclass(frozen=True, slots=True)
class Speed:
    """Latency of one kind in milliseconds."""

    mean: Figure
    p95: Figure
    p99: Figure


@dataclass(frozen=True, slots=True)
class Operation:
    """Section 4. `stability` share of due time with fresh heartbeats; CPU as a share of one core."""

    run_hours: Figure
    runs: Figure
    crashes: Figure
    stability: Figure
    cpu_mean: Figure
    cpu_max: Figure
    memory_max: Figure
    lag_max: Figure


@dataclass(frozen=True, slots=True)
class Metrics:
    trading: Trading
    money: Money
    risk: dict[str, int]
    refusals: dict[str, int]
    latency: dict[str, Speed]
    operation: Operation


def metrics(facts: DayFacts) -> Metrics:
    refusals = Counter(event.code for event in facts.risk if event.kind == "refusal")
    triggers = Counter(event.code for event in facts.risk if _is_trigger(event))
    return Metrics(
        trading=_trading(facts, sum(refusals.values())),
        money=money(facts),
        risk=dict(sorted(triggers.items())),
        refusals=dict(sorted(refusals.items())),
        latency=_latency(facts),
        operation=_operation(facts),
    )


def _is_trigger(event: RiskFacts) -> bool:
    """A control that acted. (A halt is recorded as an event too; information and resumes trigger nothing.)"""
    return event.kind == "event" and event.severity != "info" and not event.code.startswith("resume")


def is_abnormal(order: OrderFacts, live_runs: frozenset[str]) -> bool | None:
    """True: its end is unknown or not as meant. None: it is still on its way in a run that lives."""
    if not order.status.is_final:
        return None if order.run_id in live_runs and order.status is not OrderStatus.UNKNOWN else True
    return ended_abnormally(order.status, order.reason)


def accuracy(orders: "tuple[OrderFacts, ...] | list[OrderFacts]", live_runs: frozenset[str]) -> tuple[Figure, int]:
    """The share of ended orders that ended as meant, and how many did not."""
    verdicts = [verdict for order in orders if (verdict := is_abnormal(order, live_runs)) is not None]
    wrong = sum(verdicts)
    return share(len(verdicts) - wrong, len(verdicts)), wrong


def _trading(facts: DayFacts, refused: int) -> Trading:
    orders = list(facts.orders)
    total = len(orders)
    placed = [order for order in orders if order.status in AT_EXCHANGE or order.exchange_id]
    executed = [order for order in placed if order.executed_lots > 0]
    live_runs = frozenset(run.run_id for run in facts.runs if run.live)
    correct, wrong = accuracy(orders, live_runs)
    fills = sum(1 for row in facts.fills if facts.start <= row.fill.time_ms * 1_000_000 < facts.end)

    def ended(*statuses: OrderStatus) -> Figure:
        return count(sum(order.status in statuses for order in orders), total)

    return Trading(
        intents=count(total),
        placed=count(len(placed), total),
        filled=ended(OrderStatus.FILLED),
        partly_filled=count(sum(order.executed_lots < order.lots for order in executed), len(placed)),
        cancelled=ended(OrderStatus.CANCELED, OrderStatus.EXPIRED),
        rejected=ended(OrderStatus.REJECTED),
        not_sent=ended(OrderStatus.NOT_SENT, OrderStatus.NOT_PLACED),
        refused=count(refused),
        live=count(sum(not order.status.is_final for order in orders), total),
        fills=count(fills),
        fill_rate=share(len(executed), len(placed)),
        size_filled=share(sum(o.executed_lots for o in placed), sum(o.lots for o in placed)),
        spread=_spread(facts),
        accuracy=correct,
        abnormal=count(wrong, correct.samples),
    )


def _spread(facts: DayFacts) -> Figure:
    """Mean of own quoted spread / mid over snapshots in which both sides were quoted."""
    return average(
        [
            Decimal(point.spread_ticks) * 2 / (point.bid_ticks + point.ask_ticks)
            for point in facts.equity
            if point.spread_ticks > 0 and point.bid_ticks > 0 and point.ask_ticks > 0
        ],
        "share",
    )


def _latency(facts: DayFacts) -> dict[str, Speed]:
    kinds: dict[str, list[int]] = defaultdict(list)
    for row in facts.latencies:
        kinds[row.kind].append(row.micros)
    milli = Decimal("0.001")
    return {
        kind: Speed(
            average([value * milli for value in values], "ms", places=3),
            percentile(values, 95, ENOUGH_FOR_P95, "ms", milli),
            percentile(values, 99, ENOUGH_FOR_P99, "ms", milli),
        )
        for kind, values in sorted(kinds.items())
    }


def _operation(facts: DayFacts) -> Operation:
    spans = run_spans(facts.runs, facts.start, min(facts.end, facts.until))
    run_time = sum(end - start for start, end in spans)
    beats = list(facts.beats)
    samples = len(beats)

    def highest(values: list[Decimal], unit: str) -> Figure:
        return Figure(max(values), samples, unit) if values else insufficient(unit)

    return Operation(
        run_hours=Figure((Decimal(run_time) / 3_600_000_000_000).quantize(Decimal("1e-4")), len(facts.runs), "h"),
        runs=count(len(facts.runs)),
        crashes=count(crashes(facts.runs, facts.start, facts.end), len(facts.runs)),
        # A start is a sign of life too; without any heartbeat it says nothing about the time after it.
        stability=stability(spans, [*(beat.at for beat in beats), *(run.started for run in facts.runs if beats)]),
        cpu_mean=average([Decimal(str(beat.cpu_percent)) / 100 for beat in beats], "share", places=4),
        cpu_max=highest([Decimal(str(beat.cpu_percent)) / 100 for beat in beats], "share"),
        memory_max=highest([Decimal(beat.rss_bytes) for beat in beats], "bytes"),
        lag_max=highest([Decimal(str(beat.lag_ms)) for beat in beats], "ms"),
    )
