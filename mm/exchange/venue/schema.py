"""The tables of the venue's database, and how an older one is brought up to date."""

import sqlite3
from pathlib import Path

FORMAT = 2
_ORDER_COLUMNS_1 = """order_id INTEGER PRIMARY KEY, uid INTEGER, symbol TEXT, client_id TEXT, buy INTEGER, type TEXT,
    time_in_force TEXT, ticks INTEGER, lots INTEGER, created_ms INTEGER, updated_ms INTEGER, self_trade TEXT,
    quote_target INTEGER, executed INTEGER, quote_units INTEGER, status TEXT"""
_ADDED_ORDER_COLUMNS = {
    "stop_ticks": "INTEGER NOT NULL DEFAULT 0",
    "iceberg": "INTEGER NOT NULL DEFAULT 0",
    "visible": "INTEGER NOT NULL DEFAULT 0",
    "list_id": "INTEGER NOT NULL DEFAULT -1",
    "working_ms": "INTEGER NOT NULL DEFAULT -1",
    "held": "INTEGER NOT NULL DEFAULT 0",
    "priority": "INTEGER NOT NULL DEFAULT 0",
    "prevented": "INTEGER NOT NULL DEFAULT 0",
    "prevented_match": "INTEGER NOT NULL DEFAULT -1",
    "expiry": "TEXT NOT NULL DEFAULT ''",
    "strategy_id": "INTEGER NOT NULL DEFAULT -1",
    "strategy_type": "INTEGER NOT NULL DEFAULT -1",
}
_SCHEMA_1 = f"""
CREATE TABLE accounts (uid INTEGER PRIMARY KEY, api_key TEXT, maker_fee INTEGER, taker_fee INTEGER,
    created_ms INTEGER, updated_ms INTEGER, closed_ms INTEGER) STRICT;
CREATE TABLE balances (uid INTEGER, asset TEXT, free INTEGER NOT NULL CHECK (free >= 0),
    locked INTEGER NOT NULL CHECK (locked >= 0), PRIMARY KEY (uid, asset)) STRICT;
CREATE TABLE orders ({_ORDER_COLUMNS_1}) STRICT;
CREATE TABLE trades (number INTEGER PRIMARY KEY, uid INTEGER, symbol TEXT, trade_id INTEGER, order_id INTEGER,
    client_id TEXT, side TEXT, price INTEGER, quantity INTEGER, quote INTEGER, commission INTEGER,
    commission_asset TEXT, time_ms INTEGER, is_maker INTEGER, UNIQUE (symbol, trade_id, order_id)) STRICT;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) STRICT;
"""
_ADD_COLUMNS = "".join(f"ALTER TABLE orders ADD COLUMN {name} {kind};" for name, kind in _ADDED_ORDER_COLUMNS.items())
# Format 1 knew no stops: every order worked from its creation, in the order of the ids. `held` follows from the
# symbol's rules as the orders are read.
_WORKING = "UPDATE orders SET working_ms = created_ms, priority = order_id;"
_SCHEMA_2 = """
ALTER TABLE accounts ADD COLUMN burns_bnb INTEGER NOT NULL DEFAULT 0;
CREATE TABLE order_lists (list_id INTEGER PRIMARY KEY, uid INTEGER, symbol TEXT, client_id TEXT, contingency TEXT,
    order_ids TEXT, created_ms INTEGER, updated_ms INTEGER, status TEXT) STRICT;
CREATE TABLE prevented (symbol TEXT, match_id INTEGER, uid INTEGER, taker_order_id INTEGER, maker_order_id INTEGER,
    mode TEXT, ticks INTEGER, taker_lots INTEGER, maker_lots INTEGER, time_ms INTEGER,
    PRIMARY KEY (symbol, match_id)) STRICT;
CREATE TABLE amendments (execution_id INTEGER PRIMARY KEY, uid INTEGER, symbol TEXT, order_id INTEGER,
    old_client_id TEXT, new_client_id TEXT, old_lots INTEGER, new_lots INTEGER, time_ms INTEGER) STRICT;
"""
_INDICES = """
CREATE INDEX IF NOT EXISTS orders_by_client ON orders (uid, symbol, client_id);
CREATE INDEX IF NOT EXISTS trades_of_symbol ON trades (uid, symbol, trade_id);
CREATE INDEX IF NOT EXISTS trades_of_order ON trades (order_id);
CREATE INDEX IF NOT EXISTS amendments_of_order ON amendments (order_id);
"""
"""For history, which is read from disk alone."""


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Makes the tables, or brings them up to date. Raises sqlite3.DatabaseError for a format this venue cannot read."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found == FORMAT:
        db.executescript(_INDICES)
        return
    if found not in {0, 1}:
        db.close()
        raise sqlite3.DatabaseError(f"{path} was written in format {found}, this venue reads {FORMAT}")
    first = _SCHEMA_1 if found == 0 else ""
    db.executescript(f"BEGIN;{first}{_ADD_COLUMNS}{_WORKING}{_SCHEMA_2}PRAGMA user_version={FORMAT};COMMIT;{_INDICES}")
