"""What the numbers of a day say by themselves, and what could be done about it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mm.review.metrics import Metrics

DRAWDOWN_NEAR = Decimal("0.04")
SLOW_PLACE_MS = 500
FEW_FILLS = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """`severity` problem | notice | gap (could not be measured). `suggestion` may be empty."""

    severity: str
    text: str
    suggestion: str = ""


def findings(figures: Metrics, *, has_runs: bool) -> tuple[Finding, ...]:
    """Problems first, then notices, then what could not be measured."""
    if not has_runs:
        return (Finding("notice", "The bot did not run on this day: nothing can be judged."),)
    found = [*_operation(figures), *_orders(figures), *_risk(figures), *_profit(figures), *_gaps(figures)]
    order = {"problem": 0, "notice": 1, "gap": 2}
    return tuple(sorted(found, key=lambda finding: order[finding.severity]))


def _operation(figures: Metrics) -> Iterator[Finding]:
    operation = figures.operation
    if operation.crashes.value:
        yield Finding(
            "problem",
            f"{operation.crashes.value} of {operation.runs.value} runs did not end in order.",
            "Read `mm logs` at the time of the last heartbeat; `mm ledger audit` shows whether anything was lost.",
        )
    stability = operation.stability.value
    if stability is not None and stability < Decimal("0.999"):
        yield Finding(
            "problem",
            f"Heartbeats were fresh {stability * 100:.2f} % of the time that should have been run.",
            "Look for pauses of the machine and of the network in `mm logs`.",
        )
    place = figures.latency.get("place")
    if place and place.p95.value is not None and place.p95.value > SLOW_PLACE_MS:
        yield Finding(
            "notice",
            f"One order in twenty took longer than {place.p95.value:.0f} ms.",
            "A machine nearer to the exchange would shorten the way.",
        )


def _orders(figures: Metrics) -> Iterator[Finding]:
    trading = figures.trading
    if trading.abnormal.value:
        yield Finding(
            "problem",
            f"{trading.abnormal.value} of {trading.abnormal.samples} orders ended unknown, unplaced or rejected.",
            "List them with `mm ledger orders`; `mm ledger audit` compares them with the exchange.",
        )
    if trading.placed.value and not trading.fills.value:
        yield Finding(
            "notice",
            f"{trading.placed.value} orders rested and none was filled.",
            "The quotes stood outside what the market traded through; a longer run or a narrower spread fills more, "
            "at a worse price.",
        )
    if figures.refusals:
        worst = max(figures.refusals, key=lambda code: figures.refusals[code])
        yield Finding(
            "notice",
            f"Risk refused {sum(figures.refusals.values())} orders, most often for {worst} "
            f"({figures.refusals[worst]} times).",
            "A refusal is the limit at work; many of one kind say that strategy and limit do not fit each other.",
        )


def _risk(figures: Metrics) -> Iterator[Finding]:
    if figures.risk:
        named = ", ".join(f"{code} {times}×" for code, times in figures.risk.items())
        yield Finding("notice", f"Risk controls were triggered: {named}.", "See causes with `mm risk show`.")
    drawdown = figures.money.max_drawdown.value
    if drawdown is not None and drawdown > DRAWDOWN_NEAR:
        yield Finding(
            "problem",
            f"Drawdown reached {drawdown * 100:.2f} % of the capital; trading halts above 5 %.",
            "Hold less inventory (`strategy.max_inventory`) or quote wider (`strategy.base_spread`).",
        )


def _profit(figures: Metrics) -> Iterator[Finding]:
    books = figures.money
    pnl = books.day_pnl.value
    if pnl is not None and pnl < 0:
        yield Finding(
            "problem",
            f"The day lost {-pnl:.4f} USDC.",
            "Compare with the expectation that `mm preflight` shows for this profile before risking more.",
        )
    markout = books.markout
    if markout.value is not None and markout.value < 0:
        yield Finding(
            "notice",
            f"A minute after a fill the mid stood {-markout.value:.2f} bps against it (mean of {markout.samples}).",
            "Quotes are picked off: a wider spread or a smaller `refresh_tolerance` costs fewer bad fills.",
        )
    fills = figures.trading.fills.samples
    if 0 < fills < FEW_FILLS:
        yield Finding("notice", f"{fills} fills are too few to tell skill from luck.")


def _gaps(figures: Metrics) -> Iterator[Finding]:
    """Improvements of the record itself: what section 1 to 4 had to leave open."""
    trading, books, operation = figures.trading, figures.money, figures.operation
    unknown = [
        name
        for name, figure in (
            ("average spread", trading.spread),
            ("fill rate", trading.fill_rate),
            ("order accuracy", trading.accuracy),
            ("PnL of the day", books.day_pnl),
            ("stability", operation.stability),
            ("markout", books.markout),
        )
        if figure.value is None
    ]
    unknown += [f"P99 of {kind} latency" for kind, speed in figures.latency.items() if speed.p99.value is None]
    if unknown:
        yield Finding("gap", f"Too few samples for: {', '.join(unknown)}.", "A longer run closes the gap.")
