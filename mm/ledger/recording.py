"""How each thing the engine or runner reports becomes rows. Runs inside the writer's transaction."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from mm.domain import actions as act
from mm.domain.actions import Action
from mm.domain.errors import LedgerError
from mm.domain.fill import Fill
from mm.domain.order import OrderIntent, OrderStatus
from mm.domain.position import Position
from mm.domain.records import CapitalFlow, Heartbeat, Latency, RunStart
from mm.ledger import statements as sql

Recordable = Action | Latency | Heartbeat | CapitalFlow
Cursor = sqlite3.Cursor


@dataclass(frozen=True, slots=True)
class Stamped:
    """A row to be and when it was reported (UTC ns)."""

    at: int
    row: Recordable


def sequence_in(client_id: str) -> int | None:
    """The number in `mm-<tag>-<seq in base36>`; None for an id of another form."""
    parts = client_id.split("-")
    if len(parts) != 3 or parts[0] != "mm":
        return None
    try:
        return int(parts[2], 36)
    except ValueError:
        return None


def write_intents(cursor: Cursor, epoch: int, intents: Sequence[OrderIntent]) -> None:
    """Each intent and its order, PENDING from here on."""
    for intent in intents:
        cursor.execute(
            sql.INSERT_INTENT,
            (
                intent.client_id,
                sequence_in(intent.client_id),
                epoch,
                intent.symbol,
                intent.side.value,
                intent.type.value,
                intent.ticks,
                intent.lots,
                intent.decided_at,
                intent.purpose,
                intent.level,
            ),
        )
        pending = (intent.client_id, epoch, OrderStatus.PENDING.value, "", 0, intent.decided_at, "")
        cursor.execute(sql.INSERT_ORDER, pending)


def write_row(cursor: Cursor, run: RunStart, stamped: Stamped) -> None:
    """Raises LedgerError for a fill that contradicts the one on record under its trade id."""
    writer = _WRITERS.get(type(stamped.row))
    if writer is None:
        raise LedgerError(f"the ledger has no row for {type(stamped.row).__name__}")
    writer(cursor, run, stamped.at, stamped.row)


def _order(cursor: Cursor, run: RunStart, at: int, row: act.RecordOrder) -> None:
    state = (row.client_id, run.epoch, row.status.value, row.exchange_id, row.executed_lots, at, row.reason)
    cursor.execute(sql.MOVE_ORDER, state)
    event = (at, run.epoch, row.client_id, row.status.value, row.exchange_id, row.executed_lots, row.source, row.reason)
    cursor.execute(sql.INSERT_ORDER_EVENT, event)


def _fill(cursor: Cursor, run: RunStart, at: int, row: act.RecordFill) -> None:
    fill = row.fill
    client_id = fill.client_id
    if not client_id:
        known = cursor.execute(sql.CLIENT_ID_OF, (fill.exchange_id,)).fetchone()
        client_id = known[0] if known else ""
    identity = (run.account_epoch, fill.symbol, fill.trade_id)
    facts = _facts(fill)
    exchange_id, buy, ticks, lots, quote_units, fee_units, fee_asset, maker = facts
    cursor.execute(
        sql.INSERT_FILL,
        (
            run.account_epoch,
            run.epoch,
            fill.symbol,
            fill.trade_id,
            exchange_id,
            client_id,
            buy,
            ticks,
            lots,
            quote_units,
            fee_units,
            fee_asset,
            fill.fee_quote_units,
            maker,
            fill.time_ms,
            at,
            row.mid_ticks,
        ),
    )
    if cursor.rowcount == 0:
        kept = tuple(cursor.execute(sql.SAME_FILL, identity).fetchone())
        if kept != facts:
            raise LedgerError(
                f"trade {fill.trade_id} of {fill.symbol} is on record as {kept} and now told as {facts}",
                "compare both with the exchange (mm ledger audit)",
            )
        return
    cursor.execute(sql.INSERT_POSITION, (at, run.epoch, fill.trade_id, *_position(row.position)))


def _facts(fill: Fill) -> tuple[str, int, int, int, int, int, str, int]:
    return (
        fill.exchange_id,
        int(fill.buy),
        fill.ticks,
        fill.lots,
        fill.quote_units,
        fill.fee_units,
        fill.fee_asset,
        int(fill.maker),
    )


def _position(position: Position) -> tuple[int, int, int, int, int]:
    return (
        position.base_units,
        position.cash_units,
        position.cost_units,
        position.realised_units,
        position.third_fee_units,
    )


def _equity(cursor: Cursor, run: RunStart, at: int, row: act.RecordEquity) -> None:
    cursor.execute(
        sql.INSERT_EQUITY,
        (
            at,
            run.epoch,
            row.equity_units,
            *_position(row.position),
            row.bid_ticks,
            row.ask_ticks,
            row.day_pnl_units,
            row.peak_units,
            str(row.drawdown),
            row.spread_ticks,
        ),
    )


@dataclass(frozen=True, slots=True)
class _RiskEvent:
    kind: str
    code: str
    severity: str
    detail: str
    refused: tuple[str | int | None, ...] = (None,) * 6
    """Of a refusal: side, ticks, lots, limit, what it would have been, unit."""


def _risk_event(cursor: Cursor, run: RunStart, at: int, event: _RiskEvent) -> None:
    values = (at, run.epoch, event.kind, event.code, event.severity, event.detail, *event.refused)
    cursor.execute(sql.INSERT_RISK_EVENT, values)


def _refusal(cursor: Cursor, run: RunStart, at: int, row: act.RecordRefusal) -> None:
    refused = (row.side.value, row.ticks, row.lots, row.limit, row.value, row.unit)
    _risk_event(cursor, run, at, _RiskEvent("refusal", row.code, "info", "", refused))


def _state(cursor: Cursor, run: RunStart, at: int, row: act.RecordState) -> None:
    detail = orjson.dumps({"before": row.before, "after": row.after, "causes": row.causes}).decode()
    _risk_event(cursor, run, at, _RiskEvent("state", row.after.value, "info", detail))


def _risk(cursor: Cursor, run: RunStart, at: int, row: act.RecordRisk) -> None:
    _risk_event(cursor, run, at, _RiskEvent("event", row.code, row.severity, row.detail))


def _halt(cursor: Cursor, run: RunStart, at: int, row: act.OpenHalt) -> None:
    _risk_event(cursor, run, at, _RiskEvent("halt", row.cause, "critical", row.detail))


def _incident(cursor: Cursor, run: RunStart, at: int, row: act.OpenIncident) -> None:
    _risk_event(cursor, run, at, _RiskEvent("incident", row.kind, "critical", row.detail))


def _stop(cursor: Cursor, run: RunStart, at: int, row: act.StopRun) -> None:
    _risk_event(cursor, run, at, _RiskEvent("stop", "stop", "info", row.why))


def _latency(cursor: Cursor, run: RunStart, _at: int, row: Latency) -> None:
    cursor.execute(sql.INSERT_LATENCY, (row.at, run.epoch, row.kind, row.micros))


def _heartbeat(cursor: Cursor, run: RunStart, _at: int, row: Heartbeat) -> None:
    beat = (row.state, row.cpu_percent, row.rss_bytes, row.lag_ms, row.open_orders, row.unknown_orders)
    cursor.execute(sql.INSERT_HEARTBEAT, (row.at, run.epoch, *beat))


def _flow(cursor: Cursor, run: RunStart, _at: int, row: CapitalFlow) -> None:
    flow = (row.at, run.epoch, run.account_epoch, row.asset, row.asset_units, row.quote_units, row.why)
    cursor.execute(sql.INSERT_FLOW, flow)


def _to_the_exchange(_cursor: Cursor, _run: RunStart, _at: int, _row: Action) -> None:
    """Places are committed as intents, the rest leaves its trace as the exchange's answer."""


_WRITERS: dict[type, Callable[[Cursor, RunStart, int, Any], None]] = {
    act.RecordOrder: _order,
    act.RecordFill: _fill,
    act.RecordRefusal: _refusal,
    act.RecordState: _state,
    act.RecordRisk: _risk,
    act.RecordEquity: _equity,
    act.OpenHalt: _halt,
    act.OpenIncident: _incident,
    act.StopRun: _stop,
    Latency: _latency,
    Heartbeat: _heartbeat,
    CapitalFlow: _flow,
    act.Place: _to_the_exchange,
    act.Cancel: _to_the_exchange,
    act.Query: _to_the_exchange,
    act.Reconcile: _to_the_exchange,
}
