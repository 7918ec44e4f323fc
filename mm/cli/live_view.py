"""What a run looks like while it runs: a screen on a terminal, plain lines elsewhere."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import structlog
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mm.domain.actions import Action
from mm.domain.events import Event, TimerFired
from mm.domain.instrument import from_units
from mm.domain.order import OrderStatus, OwnOrder, Side
from mm.domain.records import Latency
from mm.domain.risk import TradingState
from mm.runner.loop import Runner
from mm.runner.telling import Told, tell

_KEPT_LINES = 10
_KEPT_LATENCIES = 2000
_STATE_STYLE = {
    TradingState.ACTIVE: "bold green",
    TradingState.REDUCING: "bold yellow",
    TradingState.HALTED: "bold red",
}
_LEVEL_STYLE = {"info": "", "warning": "yellow", "error": "bold red"}


@dataclass(frozen=True, slots=True)
class Heading:
    """What does not change in a run; `market` says what a local market is good for."""

    environment: str
    profile: str
    stage: str
    run_id: str
    market: str
    operator: str


class RunWatch:
    """Collects what the views show; writes each told line to the log."""

    def __init__(self, runner: Runner, heading: Heading) -> None:
        self.runner = runner
        self.heading = heading
        self.lines: deque[Told] = deque(maxlen=_KEPT_LINES)
        self.latencies: dict[str, deque[int]] = {}
        self.on_line: Any = None
        self._log = structlog.get_logger().bind(run=heading.run_id)
        runner.dispatcher.on_processed = self._processed
        runner.dispatcher.on_latency = self._measured

    def _processed(self, event: Event, actions: Sequence[Action]) -> None:
        for told in tell(event, actions, self.runner.engine.setup.instrument):
            self.lines.append(told)
            self._log.log(_LEVELS[told.level], told.text)
            if self.on_line is not None:
                self.on_line(told)
        if self.on_line is not None and isinstance(event, TimerFired) and event.name == "tick":
            self.on_line(Told(event.at, "info", self.summary()))

    def _measured(self, latency: Latency) -> None:
        kept = self.latencies.setdefault(latency.kind, deque(maxlen=_KEPT_LATENCIES))
        kept.append(latency.micros)

    def percentiles(self, kind: str) -> tuple[float, float, float] | None:
        """Median, P95, P99 in milliseconds of the last measurements; None without any."""
        found = sorted(self.latencies.get(kind, ()))
        if not found:
            return None
        p50, p95, p99 = (found[min(len(found) - 1, int(len(found) * share))] / 1000 for share in (0.5, 0.95, 0.99))
        return p50, p95, p99

    def summary(self) -> str:
        """One line of state, for places without a screen."""
        engine = self.runner.engine
        snapshot = engine.snapshot()
        instrument, book = snapshot.instrument, snapshot.book
        quotes = ", ".join(
            f"{order.side} {instrument.size(order.lots)} at {instrument.price(order.ticks)}"
            for order in snapshot.own_orders
            if order.status is OrderStatus.OPEN
        )
        day = from_units(snapshot.equity_units - snapshot.baseline.day_start_units)
        market = (
            f"{instrument.price(book.best_bid)}/{instrument.price(book.best_ask)}" if book.is_two_sided else "no book"
        )
        return (
            f"{engine.state} market {market}; quotes {quotes or 'none'}; "
            f"position {from_units(snapshot.position.base_units):f} {instrument.base}; "
            f"equity {from_units(snapshot.equity_units):.4f} {instrument.quote}; day {day:+.4f}"
        )


_LEVELS = {"info": 20, "warning": 30, "error": 40}


def screen(watch: RunWatch) -> RenderableType:
    """The live view as one renderable."""
    panels = Table.grid(expand=True)
    panels.add_column(ratio=1)
    panels.add_column(ratio=1)
    panels.add_row(Group(_market(watch), _money(watch)), Group(_risk(watch), _latency(watch)))
    return Group(_head(watch), panels, _events(watch))


def _head(watch: RunWatch) -> RenderableType:
    heading, state = watch.heading, watch.runner.engine.state
    line = Text.assemble(
        ("mm ", "bold"),
        (f" {heading.environment} ", "reverse bold red" if heading.environment == "mainnet" else "reverse"),
        f"  profile {heading.profile}  stage {heading.stage}  run {heading.run_id}  ",
        (str(state), _STATE_STYLE[state]),
    )
    lines: list[RenderableType] = [line]
    if heading.market:
        lines.append(Text(f"market: {heading.market}", style="yellow"))
    if heading.operator:
        lines.append(Text(f"on duty: {heading.operator}"))
    return Group(*lines)


def _grid(rows: Sequence[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim")
    grid.add_column(justify="right")
    for name, value in rows:
        grid.add_row(name, value)
    return grid


def _market(watch: RunWatch) -> Panel:
    engine = watch.runner.engine
    snapshot = engine.snapshot()
    instrument, book = snapshot.instrument, snapshot.book
    rows: list[tuple[str, str]] = []
    asks = [_quote(order, instrument) for order in snapshot.own_orders if order.side is Side.SELL]
    bids = [_quote(order, instrument) for order in snapshot.own_orders if order.side is Side.BUY]
    rows += [("own ask", quote) for quote in asks] or [("own ask", "none")]
    rows.append(("ask", str(instrument.price(book.best_ask)) if book.asks else "none"))
    fair = Decimal(str(engine.quote.fair_ticks)) * instrument.tick_size
    rows.append(("fair", f"{fair:.2f}" if engine.quote.fair_ticks else "none"))
    rows.append(("bid", str(instrument.price(book.best_bid)) if book.bids else "none"))
    rows += [("own bid", quote) for quote in bids] or [("own bid", "none")]
    age = max(0, watch.runner.clock.monotonic() - snapshot.book_mono) // 1_000_000
    rows.append(("book age", f"{age} ms" if snapshot.book_mono else "none"))
    return Panel(_grid(rows), title=instrument.symbol, title_align="left")


def _quote(order: OwnOrder, instrument: Any) -> str:
    mark = "" if order.status is OrderStatus.OPEN and not order.cancelling else f" {order.status.lower()}"
    return (
        f"{instrument.size(order.lots)} @ {instrument.price(order.ticks)}{' cancelling' if order.cancelling else mark}"
    )


def _money(watch: RunWatch) -> Panel:
    snapshot = watch.runner.engine.snapshot()
    quote = snapshot.instrument.quote
    equity, baseline = snapshot.equity_units, snapshot.baseline
    day = from_units(equity - baseline.day_start_units)
    stage = from_units(equity - baseline.stage_start_units)
    rows = [
        ("position", f"{from_units(snapshot.position.base_units):f} {snapshot.instrument.base}"),
        ("equity", f"{from_units(equity):.4f} {quote}"),
        ("PnL of the day", f"{day:+.4f} {quote}"),
        ("PnL of the stage", f"{stage:+.4f} {quote}"),
        ("realised", f"{from_units(snapshot.position.realised_units):+.4f} {quote}"),
    ]
    return Panel(_grid(rows), title="money", title_align="left")


def _risk(watch: RunWatch) -> Panel:
    engine = watch.runner.engine
    rows = [("state", str(engine.state))]
    rows += [("", cause) for cause in engine.risk.causes[:3]]
    for limit in engine.risk.distances(engine.snapshot()):
        used, most = (_short(number) for number in (limit.value, limit.limit))
        rows.append((limit.name.replace("_", " "), f"{used} of {most} {limit.unit}"))
    return Panel(_grid(rows), title="risk", title_align="left")


def _short(number: Decimal) -> str:
    """Four decimals at most, none for whole numbers."""
    return f"{number.quantize(Decimal('0.0001')).normalize():f}"


def _latency(watch: RunWatch) -> Panel:
    rows = []
    for kind in ("commit", "place", "cancel"):
        found = watch.percentiles(kind)
        rows.append((kind, "none yet" if found is None else "{:.1f} / {:.1f} / {:.1f}".format(*found)))
    rows.append(("", "P50 / P95 / P99 ms"))
    return Panel(_grid(rows), title="latency", title_align="left")


def _events(watch: RunWatch) -> Panel:
    lines = [Text(f"{clock_text(told.at)} {told.text}", style=_LEVEL_STYLE[told.level]) for told in watch.lines]
    return Panel(Group(*lines) if lines else Text("nothing yet"), title="last events", title_align="left")


def clock_text(at: int) -> str:
    """Local time of day of a UTC ns moment."""
    return datetime.fromtimestamp(at // 1_000_000_000, tz=UTC).astimezone().strftime("%H:%M:%S")
