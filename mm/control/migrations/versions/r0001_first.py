"""The first schema. Times are UTC nanoseconds; `environment` sim, testnet or mainnet."""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = (
    """CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT""",
    """CREATE TABLE commands (
        id INTEGER PRIMARY KEY,
        environment TEXT NOT NULL,
        kind TEXT NOT NULL,
        payload TEXT NOT NULL,
        given_by TEXT NOT NULL,
        at INTEGER NOT NULL,
        taken_at INTEGER,
        taken_by TEXT
    ) STRICT""",
    """CREATE INDEX commands_waiting ON commands (environment, id) WHERE taken_at IS NULL""",
    """CREATE TABLE halts (
        id INTEGER PRIMARY KEY,
        environment TEXT NOT NULL,
        cause TEXT NOT NULL,
        detail TEXT NOT NULL,
        opened_at INTEGER NOT NULL,
        lifted_at INTEGER,
        lifted_by TEXT,
        note TEXT
    ) STRICT""",
    """CREATE UNIQUE INDEX halts_open ON halts (environment, cause) WHERE lifted_at IS NULL""",
    """CREATE TABLE stage_events (
        id INTEGER PRIMARY KEY,
        stage TEXT NOT NULL,
        kind TEXT NOT NULL,
        approver TEXT NOT NULL,
        note TEXT NOT NULL,
        evidence TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT""",
    """CREATE TRIGGER stage_events_stay BEFORE UPDATE ON stage_events
        BEGIN SELECT raise(ABORT, 'stage_events is append-only'); END""",
    """CREATE TRIGGER stage_events_last BEFORE DELETE ON stage_events
        BEGIN SELECT raise(ABORT, 'stage_events is append-only'); END""",
    """CREATE TABLE reviews (
        id INTEGER PRIMARY KEY,
        environment TEXT NOT NULL,
        kind TEXT NOT NULL,
        day TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        markdown TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX reviews_day ON reviews (environment, kind, day)""",
    """CREATE TABLE notes (
        id INTEGER PRIMARY KEY,
        environment TEXT NOT NULL,
        day TEXT NOT NULL,
        written_by TEXT NOT NULL,
        text TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT""",
    """CREATE INDEX notes_day ON notes (environment, day)""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
