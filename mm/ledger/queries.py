"""Reading a ledger while its bot writes it. Read-only, exact, oldest rows first."""

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Table, func, select

from mm.domain.order import OrderStatus
from mm.domain.risk import TradingState
from mm.ledger import schema as t
from mm.ledger import view_rows as rows
from mm.ledger.day_pnl import pnl_by_day
from mm.ledger.history import nanoseconds
from mm.ledger.reading import ANY_EPOCH, ReadOnlyLedger, between, of_run, with_run
from mm.ledger.views import (
    BalanceBaselineView,
    CapitalFlowView,
    DayPnl,
    EquityView,
    FillView,
    HeartbeatView,
    LatencyView,
    OrderEventView,
    OrderView,
    PositionView,
    RiskEventView,
    RunView,
    StatusView,
)

_TABLES: dict[str, Table] = dict(t.metadata.tables)
LIVE = (OrderStatus.PENDING.value, OrderStatus.UNKNOWN.value, OrderStatus.OPEN.value)


class LedgerQueries(ReadOnlyLedger):
    """One read-only connection, for one thread.

    Everywhere: `start` inclusive and `end` exclusive, aware; `account_epoch` None the current account's, `ANY_EPOCH`
    all; `last` only the newest so many rows. Raises LedgerError when the file is missing, damaged or of another
    version. A ledger that is being written can be read at any time.
    """

    # --- runs ---------------------------------------------------------------------

    def runs(self, *, last: int | None = None, account_epoch: int | None = ANY_EPOCH) -> list[RunView]:
        query = self.of_account(select(t.runs), account_epoch)
        return self.views(query, t.runs.c.epoch, rows.run, last)

    def last_run(self) -> RunView | None:
        found = self.runs(last=1)
        return found[0] if found else None

    def run(self, run_id: str) -> RunView | None:
        found = self.all_rows(select(t.runs).where(t.runs.c.run_id == run_id))
        return rows.run(found[0]) if found else None

    def tag(self) -> str:
        return str(self.scalar(select(t.meta.c.value).where(t.meta.c.key == "tag")))

    # --- orders -------------------------------------------------------------------

    def orders(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        account_epoch: int | None = None,
        run_id: str | None = None,
        statuses: Sequence[str] | None = None,
        client_id: str | None = None,
        last: int | None = None,
    ) -> list[OrderView]:
        """By the time of the decision."""
        query = (
            select(
                t.intents,
                t.orders.c.status,
                t.orders.c.exchange_id,
                t.orders.c.executed_lots,
                t.orders.c.updated_at,
                t.orders.c.reason,
                t.runs.c.run_id,
                t.runs.c.account_epoch,
                *rows.GRID,
            )
            .join_from(t.intents, t.orders, t.intents.c.client_id == t.orders.c.client_id)
            .join(t.runs, t.runs.c.epoch == t.intents.c.epoch)
        )
        query = self.of_account(of_run(between(query, t.intents.c.decided_at, start, end), run_id), account_epoch)
        if statuses is not None:
            query = query.where(t.orders.c.status.in_(tuple(statuses)))
        if client_id is not None:
            query = query.where(t.intents.c.client_id == client_id)
        return self.views(query, t.intents.c.id, rows.order, last)

    def live_orders(self) -> list[OrderView]:
        """Pending, unknown and open ones of the current account."""
        return self.orders(statuses=LIVE)

    def order_events(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        run_id: str | None = None,
        client_id: str | None = None,
        last: int | None = None,
    ) -> list[OrderEventView]:
        query = of_run(between(with_run(t.order_events), t.order_events.c.at, start, end), run_id)
        if client_id is not None:
            query = query.where(t.order_events.c.client_id == client_id)
        return self.views(query, t.order_events.c.id, rows.order_event, last)

    # --- money --------------------------------------------------------------------

    def fills(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        account_epoch: int | None = None,
        run_id: str | None = None,
        client_id: str | None = None,
        last: int | None = None,
    ) -> list[FillView]:
        """By trade id; `start` and `end` on the exchange's time."""
        query = of_run(with_run(t.fills, *rows.GRID), run_id)
        if start is not None:
            query = query.where(t.fills.c.time_ms >= -(-nanoseconds(start) // 1_000_000))
        if end is not None:
            query = query.where(t.fills.c.time_ms < -(-nanoseconds(end) // 1_000_000))
        if client_id is not None:
            query = query.where(t.fills.c.client_id == client_id)
        chosen = self.account_epoch() if account_epoch is None else account_epoch
        if chosen != ANY_EPOCH:
            query = query.where(t.fills.c.account_epoch == chosen)
        return self.views(query, t.fills.c.trade_id, rows.fill, last)

    def positions(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        account_epoch: int | None = None,
        run_id: str | None = None,
        last: int | None = None,
    ) -> list[PositionView]:
        query = of_run(between(with_run(t.positions), t.positions.c.at, start, end), run_id)
        return self.views(self.of_account(query, account_epoch), t.positions.c.id, rows.position, last)

    def equity(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        account_epoch: int | None = None,
        run_id: str | None = None,
        last: int | None = None,
    ) -> list[EquityView]:
        query = of_run(between(with_run(t.equity, *rows.GRID), t.equity.c.at, start, end), run_id)
        return self.views(self.of_account(query, account_epoch), t.equity.c.id, rows.equity, last)

    def capital_flows(self, *, account_epoch: int | None = None) -> list[CapitalFlowView]:
        query = self.of_account(with_run(t.capital_flows), account_epoch)
        return self.views(query, t.capital_flows.c.id, rows.capital_flow, None)

    def balance_baselines(self, *, account_epoch: int | None = None) -> list[BalanceBaselineView]:
        chosen = self.account_epoch() if account_epoch is None else account_epoch
        query = select(t.balance_baselines)
        if chosen != ANY_EPOCH:
            query = query.where(t.balance_baselines.c.account_epoch == chosen)
        return self.views(query, t.balance_baselines.c.asset, rows.balance_baseline, None)

    def pnl_by_day(
        self,
        close: time,
        zone: ZoneInfo,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        account_epoch: int | None = None,
    ) -> list[DayPnl]:
        """Every trading day of one account from its first record to its last that overlaps [start, end)."""
        chosen = self.account_epoch() if account_epoch is None else account_epoch
        days = pnl_by_day(self.driver_connection(), chosen, close, zone)
        return [day for day in days if (start is None or day.end > start) and (end is None or day.start < end)]

    # --- risk and health ----------------------------------------------------------

    def risk_events(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        run_id: str | None = None,
        kinds: Sequence[str] | None = None,
        last: int | None = None,
    ) -> list[RiskEventView]:
        query = of_run(between(with_run(t.risk_events, *rows.GRID), t.risk_events.c.at, start, end), run_id)
        if kinds is not None:
            query = query.where(t.risk_events.c.kind.in_(tuple(kinds)))
        return self.views(query, t.risk_events.c.id, rows.risk_event, last)

    def latencies(
        self,
        kind: str | None = None,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        run_id: str | None = None,
        last: int | None = None,
    ) -> list[LatencyView]:
        query = of_run(between(with_run(t.latencies), t.latencies.c.at, start, end), run_id)
        if kind is not None:
            query = query.where(t.latencies.c.kind == kind)
        return self.views(query, t.latencies.c.id, rows.latency, last)

    def heartbeats(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        run_id: str | None = None,
        last: int | None = None,
    ) -> list[HeartbeatView]:
        query = of_run(between(with_run(t.heartbeats), t.heartbeats.c.at, start, end), run_id)
        return self.views(query, t.heartbeats.c.id, rows.heartbeat, last)

    def counts(self) -> dict[str, int]:
        """Rows of every table."""
        return {name: int(self.scalar(select(func.count()).select_from(table))) for name, table in _TABLES.items()}

    def status(self) -> StatusView | None:
        """One moment's picture of the last run; None before the first."""
        with self.one_moment():
            run = self.last_run()
            if run is None:
                return None
            state = self.risk_events(run_id=run.run_id, kinds=("state",), last=1)
            equity = self.equity(last=1)
            beats = self.heartbeats(run_id=run.run_id, last=1)
            live = [order.status for order in self.live_orders()]
            return StatusView(
                run=run,
                trading_state=state[0].code if state else TradingState.HALTED.value,
                causes=tuple(orjson.loads(state[0].detail)["causes"]) if state else ("starting",),
                equity=equity[0] if equity else None,
                heartbeat=beats[0] if beats else None,
                open_orders=live.count(OrderStatus.OPEN.value),
                pending_orders=live.count(OrderStatus.PENDING.value),
                unknown_orders=live.count(OrderStatus.UNKNOWN.value),
                fills=int(
                    self.scalar(
                        select(func.count()).select_from(t.fills).where(t.fills.c.account_epoch == run.account_epoch)
                    )
                ),
            )
