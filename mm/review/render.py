"""A daily review as sections of rows, as Markdown, and as plain data for JSON. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mm.review.daily import DailyReview, Goal
from mm.review.figure import Figure
from mm.review.findings import Finding

SCHEMA = "daily-review/1"


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    value: str
    samples: str
    goal: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: tuple[Row, ...]
    lines: tuple[str, ...] = ()


def sections(review: DailyReview) -> tuple[Section, ...]:
    """Sections 1 to 5 of P-2.2."""
    return (
        Section("1. Orders", tuple(_orders(review))),
        Section("2. Profit and loss", tuple(_profit(review))),
        Section("3. Risk", tuple(_risk(review))),
        Section("4. System", tuple(_system(review))),
        Section("5. Problems, suggestions, improvements", (), tuple(_words(review))),
    )


def heading(review: DailyReview) -> tuple[str, ...]:
    """What, where, on which market: the lines above the sections."""
    ran = f"profile {', '.join(review.profiles)}, stage {', '.join(review.stages)}" if review.profiles else "no run"
    lines = [
        f"Daily review {review.day.isoformat()} · {review.environment} · {ran}",
        f"{review.start:%Y-%m-%d %H:%M} to {review.end:%Y-%m-%d %H:%M} UTC"
        + (f" · partial: {review.partial}" if review.partial else ""),
    ]
    named = (f"Market {market.name}" + (f": {market.warning}" if market.warning else "") for market in review.markets)
    return (*lines, *named)


def markdown(review: DailyReview) -> str:
    first, *others = heading(review)
    lines = [f"# {first}", ""]
    for other in others:
        lines += [other, ""]
    for section in sections(review):
        lines += [f"## {section.title}", ""]
        if section.rows:
            lines += ["| figure | value | samples | goal |", "| --- | ---: | ---: | --- |"]
            lines += [f"| {row.name} | {row.value} | {row.samples} | {row.goal} |" for row in section.rows]
            lines.append("")
        if section.lines:
            lines += [f"- {line}" for line in section.lines]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def as_dict(review: DailyReview) -> dict[str, object]:
    """The stored and printed form; every figure as {value, samples, unit}, null where insufficient."""
    figures = review.metrics
    return {
        "schema": SCHEMA,
        "day": review.day.isoformat(),
        "start": review.start,
        "end": review.end,
        "partial": bool(review.partial),
        "partial_reason": review.partial,
        "environment": review.environment,
        "profiles": list(review.profiles),
        "stages": list(review.stages),
        "markets": [{"name": market.name, "warning": market.warning} for market in review.markets],
        "capital": figures.money.capital,
        "orders": _figures(figures.trading),
        "pnl": {**_figures(figures.money), "fees": {a: f.as_dict() for a, f in figures.money.fees.items()}},
        "risk": {"triggers": figures.risk, "refusals": figures.refusals},
        "latency": {kind: _figures(speed) for kind, speed in figures.latency.items()},
        "operation": _figures(figures.operation),
        "goals": [_goal(goal) for goal in review.goals],
        "findings": [{"severity": f.severity, "text": f.text, "suggestion": f.suggestion} for f in review.findings],
        "notes": [{"at": note.at, "by": note.by, "text": note.text} for note in review.notes],
    }


def shown(figure: Figure) -> str:
    """For people: money with four places, shares in per cent, `insufficient` where too little is known."""
    if figure.value is None:
        return "insufficient"
    form = _FORMS.get(figure.unit)
    return form.format(figure.value) if form else _scaled(figure.value, figure.unit)


_FORMS = {"count": "{:.0f}", "USDC": "{:+.4f} USDC", "ms": "{:.2f} ms", "h": "{:.2f} h", "bps": "{:.2f} bps"}


def _scaled(value: Decimal, unit: str) -> str:
    if unit == "share":
        return f"{value * 100:.3f} %"
    return f"{value / 1_000_000:.1f} MB" if unit == "bytes" else f"{value:.8f} {unit}"


def _figures(holder: object) -> dict[str, object]:
    """Every `Figure` of a dataclass with slots, by name."""
    names: tuple[str, ...] = getattr(type(holder), "__slots__", ())
    return {name: value.as_dict() for name in names if isinstance(value := getattr(holder, name), Figure)}


def _goal(goal: Goal) -> dict[str, object]:
    return {
        "name": goal.name,
        "plan": goal.plan,
        "bound": goal.bound,
        "direction": "above" if goal.above else "below",
        "value": goal.figure.value,
        "samples": goal.figure.samples,
        "met": goal.met,
    }


def _row(name: str, figure: Figure, goal: str = "") -> Row:
    return Row(name, shown(figure), str(figure.samples), goal)


def _unsigned(name: str, figure: Figure) -> Row:
    """For what is no gain or loss."""
    return Row(name, shown(figure).removeprefix("+"), str(figure.samples))


def _goal_text(review: DailyReview, name: str) -> str:
    goal = next(each for each in review.goals if each.name == name)
    bound = shown(Figure(goal.bound, 0, goal.figure.unit)).lstrip("+")
    met = {True: "met", False: "missed", None: "open"}[goal.met]
    return f"{'>' if goal.above else '<'} {_short(bound)}: {met}"


def _short(text: str) -> str:
    number, _, unit = text.partition(" ")
    return f"{Decimal(number).normalize():f} {unit}"


def _orders(review: DailyReview) -> Iterator[Row]:
    orders = review.metrics.trading
    yield _row("orders decided", orders.intents)
    yield _row("placed", orders.placed)
    yield _row("filled", orders.filled)
    yield _row("partly filled", orders.partly_filled)
    yield _row("cancelled", orders.cancelled)
    yield _row("rejected by the exchange", orders.rejected)
    yield _row("never placed", orders.not_sent)
    yield _row("refused by risk", orders.refused)
    yield _row("still live", orders.live)
    yield _row("fills", orders.fills)
    yield _row("fill rate, by orders", orders.fill_rate)
    yield _row("fill rate, by size", orders.size_filled)
    yield _row("average quoted spread", orders.spread)
    yield _row("order accuracy", orders.accuracy, _goal_text(review, "order accuracy"))


def _profit(review: DailyReview) -> Iterator[Row]:
    books = review.metrics.money
    yield _row("PnL of the day", books.day_pnl, _goal_text(review, "PnL of the day"))
    yield _row("return of the day", books.day_return, _goal_text(review, "return of the day"))
    yield _row("cumulative PnL", books.cumulative_pnl)
    yield _row("cumulative return", books.cumulative_return)
    yield _row("realised", books.realised)
    for asset, fee in books.fees.items():
        yield _unsigned(f"fees in {asset}", fee)
    yield _unsigned("equity at the end", books.end_equity)
    yield _row("position at the end", books.end_base)
    yield _row("markout after 60 s", books.markout)


def _risk(review: DailyReview) -> Iterator[Row]:
    books, figures = review.metrics.money, review.metrics
    yield _row("max drawdown", books.max_drawdown, _goal_text(review, "max drawdown"))
    yield _unsigned("largest single loss", books.largest_loss)
    for code, times in figures.risk.items():
        yield Row(f"trigger {code}", str(times), str(times))
    if not figures.risk:
        yield Row("risk triggers", "0" if review.profiles else "insufficient", "0")
    for code, times in figures.refusals.items():
        yield Row(f"refusal {code}", str(times), str(times))


def _system(review: DailyReview) -> Iterator[Row]:
    operation = review.metrics.operation
    for kind, speed in review.metrics.latency.items():
        yield _row(f"{kind}, mean", speed.mean)
        yield _row(f"{kind}, P95", speed.p95)
        yield _row(f"{kind}, P99", speed.p99)
    if not review.metrics.latency:
        yield Row("latency", "insufficient", "0")
    yield _row("stability", operation.stability, _goal_text(review, "stability"))
    yield _row("run time", operation.run_hours)
    yield _row("runs", operation.runs)
    yield _row("runs not ended in order", operation.crashes)
    yield _row("CPU of one core, mean", operation.cpu_mean)
    yield _row("CPU of one core, most", operation.cpu_max)
    yield _row("memory, most", operation.memory_max)
    yield _row("event loop lag, most", operation.lag_max)


def _words(review: DailyReview) -> Iterator[str]:
    for finding in review.findings:
        yield _finding(finding)
    if not review.findings:
        yield "Nothing stands out in the figures."
    for note in review.notes:
        yield f"Note by {note.by} ({note.at:%Y-%m-%d %H:%M} UTC): {note.text}"


def _finding(finding: Finding) -> str:
    word = {"problem": "Problem", "notice": "Notice", "gap": "To improve"}[finding.severity]
    return f"{word}: {finding.text}" + (f" {finding.suggestion}" if finding.suggestion else "")
