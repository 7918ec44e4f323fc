"""The first schema. Times are UTC nanoseconds, money 1e-8 units, prices ticks, sizes lots of the run's instrument."""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = (
    """CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT""",
    """CREATE TABLE runs (
        epoch INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL UNIQUE,
        account_epoch INTEGER NOT NULL,
        account_uid TEXT NOT NULL,
        environment TEXT NOT NULL,
        profile TEXT NOT NULL,
        stage TEXT NOT NULL,
        symbol TEXT NOT NULL,
        tick_size TEXT NOT NULL,
        lot_size TEXT NOT NULL,
        base TEXT NOT NULL,
        quote TEXT NOT NULL,
        instrument TEXT NOT NULL,
        capital_units INTEGER NOT NULL,
        scenario TEXT NOT NULL,
        started INTEGER NOT NULL,
        ended INTEGER,
        outcome TEXT,
        clean INTEGER NOT NULL DEFAULT 0,
        config_hash TEXT NOT NULL,
        code_hash TEXT NOT NULL,
        version TEXT NOT NULL,
        pid INTEGER NOT NULL,
        config TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE intents (
        id INTEGER PRIMARY KEY,
        client_id TEXT NOT NULL UNIQUE,
        seq INTEGER,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        symbol TEXT NOT NULL,
        side TEXT NOT NULL,
        type TEXT NOT NULL,
        ticks INTEGER NOT NULL,
        lots INTEGER NOT NULL,
        decided_at INTEGER NOT NULL,
        purpose TEXT NOT NULL,
        level INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE orders (
        client_id TEXT PRIMARY KEY,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        status TEXT NOT NULL,
        exchange_id TEXT NOT NULL,
        executed_lots INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX orders_live ON orders (status) WHERE status IN ('PENDING', 'UNKNOWN', 'OPEN')""",
    """CREATE INDEX orders_exchange_id ON orders (exchange_id) WHERE exchange_id <> ''""",
    """CREATE TABLE order_events (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        client_id TEXT NOT NULL,
        status TEXT NOT NULL,
        exchange_id TEXT NOT NULL,
        executed_lots INTEGER NOT NULL,
        source TEXT NOT NULL,
        reason TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX order_events_client_id ON order_events (client_id)""",
    """CREATE INDEX order_events_at ON order_events (at)""",
    """CREATE TABLE fills (
        id INTEGER PRIMARY KEY,
        account_epoch INTEGER NOT NULL,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        symbol TEXT NOT NULL,
        trade_id INTEGER NOT NULL,
        exchange_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        buy INTEGER NOT NULL,
        ticks INTEGER NOT NULL,
        lots INTEGER NOT NULL,
        quote_units INTEGER NOT NULL,
        fee_units INTEGER NOT NULL,
        fee_asset TEXT NOT NULL,
        fee_quote_units INTEGER,
        maker INTEGER NOT NULL,
        time_ms INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        mid_ticks REAL NOT NULL,
        UNIQUE (account_epoch, symbol, trade_id)
    ) STRICT""",
    """CREATE INDEX fills_time_ms ON fills (time_ms)""",
    """CREATE INDEX fills_client_id ON fills (client_id)""",
    """CREATE TABLE positions (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        trade_id INTEGER NOT NULL,
        base_units INTEGER NOT NULL,
        cash_units INTEGER NOT NULL,
        cost_units INTEGER NOT NULL,
        realised_units INTEGER NOT NULL,
        third_fee_units INTEGER NOT NULL
    ) STRICT""",
    """CREATE INDEX positions_at ON positions (at)""",
    """CREATE TABLE equity (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        equity_units INTEGER NOT NULL,
        base_units INTEGER NOT NULL,
        cash_units INTEGER NOT NULL,
        cost_units INTEGER NOT NULL,
        realised_units INTEGER NOT NULL,
        third_fee_units INTEGER NOT NULL,
        bid_ticks INTEGER NOT NULL,
        ask_ticks INTEGER NOT NULL,
        day_pnl_units INTEGER NOT NULL,
        peak_units INTEGER NOT NULL,
        drawdown TEXT NOT NULL,
        spread_ticks INTEGER NOT NULL
    ) STRICT""",
    """CREATE INDEX equity_at ON equity (at)""",
    """CREATE TABLE risk_events (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        kind TEXT NOT NULL,
        code TEXT NOT NULL,
        severity TEXT NOT NULL,
        detail TEXT NOT NULL,
        side TEXT,
        ticks INTEGER,
        lots INTEGER,
        limit_value TEXT,
        would_be TEXT,
        unit TEXT
    ) STRICT""",
    """CREATE INDEX risk_events_at ON risk_events (at)""",
    """CREATE INDEX risk_events_kind ON risk_events (kind, id)""",
    """CREATE TABLE latencies (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        kind TEXT NOT NULL,
        micros INTEGER NOT NULL
    ) STRICT""",
    """CREATE INDEX latencies_kind_at ON latencies (kind, at)""",
    """CREATE TABLE heartbeats (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        state TEXT NOT NULL,
        cpu_percent REAL NOT NULL,
        rss_bytes INTEGER NOT NULL,
        lag_ms REAL NOT NULL,
        open_orders INTEGER NOT NULL,
        unknown_orders INTEGER NOT NULL
    ) STRICT""",
    """CREATE INDEX heartbeats_at ON heartbeats (at)""",
    """CREATE TABLE capital_flows (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        epoch INTEGER NOT NULL REFERENCES runs (epoch),
        account_epoch INTEGER NOT NULL,
        asset TEXT NOT NULL,
        asset_units INTEGER NOT NULL,
        quote_units INTEGER NOT NULL,
        why TEXT NOT NULL
    ) STRICT""",
    # Text: a wallet may hold more than 2^63 units of a cheap token, and nothing sums over these.
    """CREATE TABLE balance_baselines (
        account_epoch INTEGER NOT NULL,
        asset TEXT NOT NULL,
        units TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (account_epoch, asset)
    ) STRICT""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
