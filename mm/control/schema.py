"""The tables of control.db as SQLAlchemy Core sees them (the migrations make them; a test holds both together)."""

from pathlib import Path

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table, Text

from mm.database.migrate import Schema

SCHEMA = Schema(
    what="control database",
    application_id=0x6D6D4331,
    migrations=Path(__file__).parent / "migrations",
    revisions=("0001", "0002"),
    wal=False,
)

metadata = MetaData()


def _int(name: str) -> "Column[int]":
    return Column(name, Integer, nullable=False)


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _id() -> "Column[int]":
    return Column("id", Integer, primary_key=True)


meta = Table("meta", metadata, Column("key", Text, primary_key=True), _text("value"))

commands = Table(
    "commands",
    metadata,
    _id(),
    *map(_text, ("environment", "kind", "payload", "given_by")),
    _int("at"),
    Column("taken_at", Integer),
    Column("taken_by", Text),
)
Index("commands_waiting", commands.c.environment, commands.c.id, sqlite_where=commands.c.taken_at.is_(None))

halts = Table(
    "halts",
    metadata,
    _id(),
    *map(_text, ("environment", "cause", "detail")),
    _int("opened_at"),
    Column("lifted_at", Integer),
    Column("lifted_by", Text),
    Column("note", Text),
)
Index("halts_open", halts.c.environment, halts.c.cause, unique=True, sqlite_where=halts.c.lifted_at.is_(None))

stage_events = Table(
    "stage_events", metadata, _id(), *map(_text, ("stage", "kind", "approver", "note", "evidence")), _int("at")
)

reviews = Table(
    "reviews",
    metadata,
    _id(),
    *map(_text, ("environment", "kind", "day")),
    _int("made_at"),
    *map(_text, ("content", "markdown", "hash")),
)
Index("reviews_day", reviews.c.environment, reviews.c.kind, reviews.c.day)

notes = Table("notes", metadata, _id(), *map(_text, ("environment", "day", "written_by", "text")), _int("at"))
Index("notes_day", notes.c.environment, notes.c.day)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    _int("at"),
    *map(_text, ("environment", "kind", "written_by", "payload", "hash")),
)

incidents = Table(
    "incidents",
    metadata,
    _id(),
    *map(_text, ("environment", "kind", "detail")),
    _int("opened_at"),
    Column("closed_at", Integer),
    Column("closed_by", Text),
    Column("note", Text),
)
Index(
    "incidents_open",
    incidents.c.environment,
    incidents.c.kind,
    unique=True,
    sqlite_where=incidents.c.closed_at.is_(None),
)

alerts = Table(
    "alerts",
    metadata,
    _id(),
    *map(_text, ("environment", "code")),
    _int("severity"),
    *map(_text, ("title", "text")),
    *map(_int, ("at", "times", "last_at")),
    _text("last_text"),
    Column("next_try", Integer),
    _int("tries"),
    Column("delivered_at", Integer),
    Column("acked_at", Integer),
    Column("acked_by", Text),
    Column("note", Text),
)
Index("alerts_due", alerts.c.next_try, sqlite_where=alerts.c.next_try.is_not(None))
Index(
    "alerts_of_code",
    alerts.c.environment,
    alerts.c.code,
    alerts.c.severity,
    alerts.c.id,
    sqlite_where=alerts.c.acked_at.is_(None),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    Column("alert_id", ForeignKey("alerts.id"), type_=Integer, nullable=False),
    _text("channel"),
    *map(_int, ("at", "ok", "times")),
    _text("detail"),
)
Index("deliveries_alert", deliveries.c.alert_id)
Index(
    "deliveries_failed",
    deliveries.c.alert_id,
    deliveries.c.channel,
    unique=True,
    sqlite_where=deliveries.c.ok == 0,
)
