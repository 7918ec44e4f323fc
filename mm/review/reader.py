"""From the ledger's rows to the facts of one trading day (or of any stretch of time)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mm.domain.instrument import Instrument, to_units
from mm.domain.order import OrderStatus, Side
from mm.ledger.history import nanoseconds
from mm.ledger.queries import LedgerQueries
from mm.ledger.reading import ANY_EPOCH
from mm.ledger.views import EquityView, OrderView, RunView
from mm.review.facts import (
    BeatFacts,
    DayFacts,
    EquityFacts,
    FillFacts,
    FlowFacts,
    LatencyFacts,
    OrderFacts,
    RiskFacts,
    RunFacts,
)


def read_facts(
    ledger: LedgerQueries, start: datetime, end: datetime, now: datetime, live_run: str | None
) -> DayFacts | None:
    """Facts of [start, end) as known at `now`; None when nothing ever ran. `live_run` the run that runs now."""
    with ledger.one_moment():
        return _read(ledger, start, end, now, live_run)


def instrument_of(run: RunView) -> Instrument:
    """Enough of one to count with: symbol, assets and grid."""
    zero = Decimal(0)
    return Instrument(run.symbol, run.base, run.quote, run.tick_size, run.lot_size, 0, 0, zero, zero)


@dataclass(frozen=True, slots=True)
class _Runs:
    """All runs, oldest first, and the grid their rows are counted in."""

    every: list[RunView]
    epoch_of: dict[str, int]
    instrument: Instrument

    def of_epoch(self, epoch: int) -> list[RunView]:
        return [run for run in self.every if run.account_epoch == epoch]


def _read(
    ledger: LedgerQueries, start: datetime, end: datetime, now: datetime, live_run: str | None
) -> DayFacts | None:
    every = ledger.runs()
    if not every:
        return None
    instrument = instrument_of(every[-1])
    began = [run for run in every if run.started < end]
    facts = [_run(ledger, run, live_run) for run in began]
    alive = [run for run in facts if run.live or (run.ended or run.last_seen) >= nanoseconds(start)]
    runs = _Runs(every, {run.run_id: run.account_epoch for run in every}, instrument)
    equity = [_equity(view, runs) for view in ledger.equity(start=start, end=end, account_epoch=ANY_EPOCH)]
    fills_of_day = ledger.fills(start=start, end=end, account_epoch=ANY_EPOCH)
    epochs = sorted(
        {run.account_epoch for run in alive}
        | {point.account_epoch for point in equity}
        | {view.account_epoch for view in fills_of_day}
    )
    return DayFacts(
        start=nanoseconds(start),
        end=nanoseconds(end),
        until=nanoseconds(now),
        instrument=instrument,
        first_day=every[0].started >= start,
        runs=alive,
        orders=[_order(view, instrument) for view in ledger.orders(start=start, end=end, account_epoch=ANY_EPOCH)],
        fills=[
            FillFacts(view.fill, view.account_epoch, float(view.mid / instrument.tick_size) if view.mid else 0.0)
            for epoch in epochs
            for view in ledger.fills(end=end, account_epoch=epoch)
        ],
        equity=equity,
        opening=[_standing(ledger, runs, epoch, start) for epoch in epochs],
        origin=[_origin(ledger, runs, epoch) for epoch in epochs],
        flows=[
            FlowFacts(nanoseconds(view.at), view.account_epoch, to_units(view.quote_worth))
            for view in ledger.capital_flows(account_epoch=ANY_EPOCH)
        ],
        risk=[
            RiskFacts(nanoseconds(view.at), view.kind, view.code, view.severity)
            for view in ledger.risk_events(start=start, end=end)
        ],
        latencies=[LatencyFacts(view.kind, view.micros) for view in ledger.latencies(start=start, end=end)],
        beats=[
            BeatFacts(nanoseconds(view.at), view.cpu_percent, view.rss_bytes, view.lag_ms)
            for view in ledger.heartbeats(start=start, end=end)
        ],
    )


def _run(ledger: LedgerQueries, run: RunView, live_run: str | None) -> RunFacts:
    seen = run.started
    if run.ended is None:
        beats = ledger.heartbeats(run_id=run.run_id, last=1)
        points = ledger.equity(run_id=run.run_id, account_epoch=ANY_EPOCH, last=1)
        seen = max([run.started, *(row.at for row in beats), *(row.at for row in points)])
    return RunFacts(
        run_id=run.run_id,
        account_epoch=run.account_epoch,
        environment=run.environment,
        profile=run.profile,
        stage=run.stage,
        scenario=run.scenario,
        capital_units=to_units(run.capital),
        started=nanoseconds(run.started),
        ended=None if run.ended is None else nanoseconds(run.ended),
        clean=run.clean,
        outcome=run.outcome or "",
        last_seen=nanoseconds(seen),
        live=run.run_id == live_run,
    )


def _order(view: OrderView, instrument: Instrument) -> OrderFacts:
    return OrderFacts(
        client_id=view.client_id,
        run_id=view.run_id,
        side=Side(view.side),
        ticks=_steps(view.price, instrument.tick_size),
        lots=_steps(view.size, instrument.lot_size),
        decided_at=nanoseconds(view.decided),
        status=OrderStatus(view.status),
        exchange_id=view.exchange_id,
        executed_lots=_steps(view.executed, instrument.lot_size),
        reason=view.reason,
    )


def _equity(view: EquityView, runs: _Runs) -> EquityFacts:
    tick_size = runs.instrument.tick_size
    return EquityFacts(
        at=nanoseconds(view.at),
        account_epoch=runs.epoch_of[view.run_id],
        equity_units=to_units(view.equity),
        base_units=to_units(view.base),
        bid_ticks=_steps(view.bid, tick_size),
        ask_ticks=_steps(view.ask, tick_size),
        spread_ticks=_steps(view.spread, tick_size),
        drawdown=view.drawdown,
    )


def _standing(ledger: LedgerQueries, runs: _Runs, epoch: int, before: datetime) -> EquityFacts:
    """The last snapshot before a moment; without one, the empty account just before its capital was booked."""
    found = ledger.equity(end=before, account_epoch=epoch, last=1)
    if found:
        return _equity(found[0], runs)
    began = nanoseconds(min(run.started for run in runs.of_epoch(epoch)))
    return EquityFacts(began - 1, epoch, 0, 0, 0, 0, 0, Decimal(0))


def _origin(ledger: LedgerQueries, runs: _Runs, epoch: int) -> EquityFacts:
    """Where equity stood when the epoch's last stage began (a stage begins with its first run)."""
    newest_first = runs.of_epoch(epoch)[::-1]
    began = newest_first[0].started
    for run in newest_first:
        if run.stage != newest_first[0].stage:
            break
        began = run.started
    return _standing(ledger, runs, epoch, began)


def _steps(value: Decimal, grid: Decimal) -> int:
    """Nearest whole step: a run on another grid is shown on the last one's."""
    return int((value / grid).to_integral_value())
