"""The audit chain, incidents, and the outbox of alerts. Times are UTC nanoseconds."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = (
    """CREATE TABLE audit (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        environment TEXT NOT NULL,
        kind TEXT NOT NULL,
        written_by TEXT NOT NULL,
        payload TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT""",
    """CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
        BEGIN SELECT raise(ABORT, 'the audit chain is append-only'); END""",
    """CREATE TRIGGER audit_lasts BEFORE DELETE ON audit
        BEGIN SELECT raise(ABORT, 'the audit chain is append-only'); END""",
    """CREATE TABLE incidents (
        id INTEGER PRIMARY KEY,
        environment TEXT NOT NULL,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL,
        opened_at INTEGER NOT NULL,
        closed_at INTEGER,
        closed_by TEXT,
        note TEXT
    ) STRICT""",
    """CREATE UNIQUE INDEX incidents_open ON incidents (environment, kind) WHERE closed_at IS NULL""",
    """CREATE TABLE alerts (
        id INTEGER PRIMARY KEY,
        environment TEXT NOT NULL,
        code TEXT NOT NULL,
        severity INTEGER NOT NULL,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        at INTEGER NOT NULL,
        times INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        last_text TEXT NOT NULL,
        next_try INTEGER,
        tries INTEGER NOT NULL,
        delivered_at INTEGER,
        acked_at INTEGER,
        acked_by TEXT,
        note TEXT
    ) STRICT""",
    """CREATE INDEX alerts_due ON alerts (next_try) WHERE next_try IS NOT NULL""",
    """CREATE INDEX alerts_of_code ON alerts (environment, code, severity, id) WHERE acked_at IS NULL""",
    """CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY,
        alert_id INTEGER NOT NULL REFERENCES alerts (id),
        channel TEXT NOT NULL,
        at INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        times INTEGER NOT NULL,
        detail TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX deliveries_alert ON deliveries (alert_id)""",
    """CREATE UNIQUE INDEX deliveries_failed ON deliveries (alert_id, channel) WHERE ok = 0""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
