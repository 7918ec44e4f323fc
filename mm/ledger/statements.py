"""The writer's SQL: built once from the Core tables, run many times on the driver's cursor."""

from sqlalchemy import Table, insert
from sqlalchemy.dialects import sqlite

from mm.ledger import schema

_DIALECT = sqlite.dialect(paramstyle="qmark")


def _insert(table: Table) -> str:
    """INSERT of every column but an automatic id, in the table's order."""
    columns = [column.name for column in table.columns if column.name != "id"]
    return str(insert(table).compile(dialect=_DIALECT, column_keys=columns))


BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"
NEWEST_EPOCH = "SELECT max(epoch) FROM runs"
INSERT_INTENT = _insert(schema.intents)
# An id that is on record already, even without an intent, breaks the commit: one id, one order.
INSERT_ORDER = _insert(schema.orders)
INSERT_ORDER_EVENT = _insert(schema.order_events)
# A final state that the exchange told stays, unless it proves wrong: all of the order is filled, or a later reading
# shows it open (`revived`). One that the bot concluded gives way to the exchange's word. What was executed and the
# exchange's id are never lost to a later, poorer report.
MOVE_ORDER = (
    INSERT_ORDER
    + """ ON CONFLICT (client_id) DO UPDATE SET
    status = CASE WHEN status IN ('PENDING', 'UNKNOWN', 'OPEN', 'NOT_SENT', 'NOT_PLACED', 'REJECTED')
        OR excluded.status = 'FILLED' OR excluded.reason = 'revived' THEN excluded.status ELSE status END,
    exchange_id = CASE WHEN excluded.exchange_id <> '' THEN excluded.exchange_id ELSE exchange_id END,
    executed_lots = max(executed_lots, excluded.executed_lots),
    updated_at = excluded.updated_at,
    reason = CASE WHEN excluded.reason <> '' THEN excluded.reason ELSE reason END"""
)
INSERT_FILL = _insert(schema.fills) + " ON CONFLICT (account_epoch, symbol, trade_id) DO NOTHING"
SAME_FILL = (
    "SELECT exchange_id, buy, ticks, lots, quote_units, fee_units, fee_asset, maker FROM fills"
    " WHERE account_epoch = ? AND symbol = ? AND trade_id = ?"
)
# The second condition lets SQLite use the partial index.
CLIENT_ID_OF = "SELECT client_id FROM orders WHERE exchange_id = ? AND exchange_id <> ''"
INSERT_POSITION = _insert(schema.positions)
INSERT_EQUITY = _insert(schema.equity)
INSERT_RISK_EVENT = _insert(schema.risk_events)
INSERT_LATENCY = _insert(schema.latencies)
INSERT_HEARTBEAT = _insert(schema.heartbeats)
INSERT_FLOW = _insert(schema.capital_flows)
INSERT_BASELINE = _insert(schema.balance_baselines)
INSERT_RUN = _insert(schema.runs)
END_RUN = "UPDATE runs SET ended = ?, outcome = ?, clean = ? WHERE epoch = ?"
LAST_OPEN = (
    "SELECT i.client_id FROM orders o JOIN intents i USING (client_id) JOIN runs r ON r.epoch = i.epoch"
    " WHERE o.status = 'OPEN' AND r.account_epoch = ? AND i.symbol = ? ORDER BY i.id DESC LIMIT 1"
)
