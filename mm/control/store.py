"""control.db: what people and watchers write, in short transactions. Never on the way of an order."""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import orjson
from sqlalchemy import Connection, Table, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from mm.control.records import Command, Halt, Note, Review, StageEvent
from mm.control.schema import SCHEMA, commands, halts, notes, reviews, stage_events
from mm.database.migrate import open_or_create
from mm.database.sqlite import DriverConnection, DriverError, connect, engine_of
from mm.domain.errors import LedgerError

FIRST_STAGE = "testnet"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


class ControlStore:
    """Open, or make, `path`. Safe to use from several threads and processes.

    `now` the clock of its rows; `busy_timeout` seconds to wait for another process's transaction.
    Raises LedgerError when the file is damaged, foreign, newer or locked for longer.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = utc_now, busy_timeout: float = 5.0) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self._none_waited: dict[tuple[str, tuple[str, ...] | None], tuple[int, int]] = {}
        open_or_create(path, SCHEMA)

        def opened() -> DriverConnection:
            connection = connect(path, busy_timeout=busy_timeout)
            connection.execute("PRAGMA synchronous = FULL")
            self._driver = connection
            return connection

        self._engine = engine_of(opened, kept=True)
        try:
            self._connection = self._engine.connect()
        except (DriverError, DBAPIError) as error:
            raise self._failed(error) from error

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- commands -------------------------------------------------------------------

    def add_command(self, environment: str, kind: str, payload: Mapping[str, Any], by: str) -> int:
        """For the bot of `environment` to take; answers the command's id."""
        row = {"environment": environment, "kind": kind, "payload": _json(payload), "given_by": by}
        return self._add(commands, {**row, "at": self._at()})

    def take_commands(self, environment: str, taken_by: str, kinds: Collection[str] | None = None) -> list[Command]:
        """Waiting commands, oldest first; each is given to one taker only. Reads only while none waits."""
        asked = (environment, None if kinds is None else tuple(kinds))
        with self._reading() as connection:
            state = self._state(connection)
            if self._none_waited.get(asked) == state:
                return []  # asked once a second: nothing was written since nothing waited
            waiting = select(commands).where(commands.c.environment == environment, commands.c.taken_at.is_(None))
            if kinds is not None:
                waiting = waiting.where(commands.c.kind.in_(tuple(kinds)))
            if connection.execute(waiting.limit(1)).first() is None:
                self._none_waited[asked] = state
                return []
        at = self._at()
        with self._writing() as connection:
            rows = connection.execute(waiting.order_by(commands.c.id)).all()
            taken = commands.c.id.in_([row.id for row in rows])
            connection.execute(update(commands).where(taken).values(taken_at=at, taken_by=taken_by))
        return [_command(row, at, taken_by) for row in rows]

    def command(self, command_id: int) -> Command | None:
        """To see whether it was taken."""
        with self._reading() as connection:
            row = connection.execute(select(commands).where(commands.c.id == command_id)).first()
        return None if row is None else _command(row, row.taken_at, row.taken_by)

    # --- halts ----------------------------------------------------------------------

    def open_halt(self, environment: str, cause: str, detail: str) -> bool:
        """False when a halt of this cause is open already (its first detail stays)."""
        row = {"environment": environment, "cause": cause, "detail": detail, "opened_at": self._at()}
        is_open = select(halts.c.id).where(
            halts.c.environment == environment, halts.c.cause == cause, halts.c.lifted_at.is_(None)
        )
        with self._writing() as connection:
            if connection.execute(is_open).first() is not None:
                return False
            connection.execute(insert(halts).values(row))
            return True

    def open_halts(self, environment: str) -> list[Halt]:
        return [halt for halt in self.halts(environment) if halt.lifted_at is None]

    def halts(self, environment: str) -> list[Halt]:
        """All, lifted ones too, oldest first."""
        query = select(halts).where(halts.c.environment == environment).order_by(halts.c.id)
        with self._reading() as connection:
            return [_halt(row) for row in connection.execute(query)]

    def lift_halts(self, environment: str, by: str, note: str) -> list[Halt]:
        """Lift every open halt; answers those lifted. Raises ValueError without a name or a note."""
        if not by.strip() or not note.strip():
            raise ValueError("lifting a halt needs a name and a note")
        at = self._at()
        still_open = (halts.c.environment == environment, halts.c.lifted_at.is_(None))
        with self._writing() as connection:
            ids = connection.execute(select(halts.c.id).where(*still_open)).scalars().all()
            connection.execute(update(halts).where(*still_open).values(lifted_at=at, lifted_by=by, note=note))
            lifted = connection.execute(select(halts).where(halts.c.id.in_(ids)).order_by(halts.c.id)).all()
        return [_halt(row) for row in lifted]

    # --- stage ----------------------------------------------------------------------

    def stage(self) -> str:
        """The current stage; `testnet` until the first event."""
        events = self.stage_events()
        return events[-1].stage if events else FIRST_STAGE

    def stage_since(self) -> datetime | None:
        """When the current stage was entered; None while no event is on record."""
        since = None
        current = FIRST_STAGE
        for event in self.stage_events():
            if event.stage != current or since is None:
                since = event.at
            current = event.stage
        return since

    def add_stage_event(self, stage: str, kind: str, approver: str, note: str, evidence: Mapping[str, Any]) -> int:
        """`kind` promote, demote … Append-only: the database refuses to change or delete one."""
        row = {"stage": stage, "kind": kind, "approver": approver, "note": note, "evidence": _json(evidence)}
        return self._add(stage_events, {**row, "at": self._at()})

    def stage_events(self) -> list[StageEvent]:
        with self._reading() as connection:
            return [_stage_event(row) for row in connection.execute(select(stage_events).order_by(stage_events.c.id))]

    # --- reviews and notes ------------------------------------------------------------

    def save_review(self, environment: str, kind: str, day: str, content: Mapping[str, Any], markdown: str) -> Review:
        """Kept beside earlier ones of the same day. The hash is of the content's canonical JSON (sorted keys)."""
        text = _json(content)
        at = self._at()
        digest = hashlib.sha256(text.encode()).hexdigest()
        row = {"environment": environment, "kind": kind, "day": day, "made_at": at, "content": text}
        review_id = self._add(reviews, {**row, "markdown": markdown, "hash": digest})
        return Review(review_id, environment, kind, day, _moment(at), orjson.loads(text), markdown, digest)

    def reviews(self, environment: str, kind: str | None = None, day: str | None = None) -> list[Review]:
        """Oldest first; the last one of a day is the valid one."""
        query = select(reviews).where(reviews.c.environment == environment)
        if kind is not None:
            query = query.where(reviews.c.kind == kind)
        if day is not None:
            query = query.where(reviews.c.day == day)
        with self._reading() as connection:
            return [_review(row) for row in connection.execute(query.order_by(reviews.c.id))]

    def add_note(self, environment: str, day: str, by: str, text: str) -> int:
        row = {"environment": environment, "day": day, "written_by": by, "text": text}
        return self._add(notes, {**row, "at": self._at()})

    def notes(self, environment: str, day: str | None = None) -> list[Note]:
        query = select(notes).where(notes.c.environment == environment)
        if day is not None:
            query = query.where(notes.c.day == day)
        with self._reading() as connection:
            found = connection.execute(query.order_by(notes.c.id)).all()
        return [Note(row.id, row.environment, row.day, row.written_by, row.text, _moment(row.at)) for row in found]

    def counts(self) -> dict[str, int]:
        """Rows of every table."""
        with self._reading() as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (commands, halts, stage_events, reviews, notes)
            }

    @property
    def own_changes(self) -> int:
        """Rises with every row that this connection writes."""
        return self._driver.total_changes

    # --- inside -----------------------------------------------------------------------

    def _at(self) -> int:
        return (self._now() - _EPOCH) // timedelta(microseconds=1) * 1000

    def _add(self, table: Table, row: Mapping[str, Any]) -> int:
        with self._writing() as connection:
            return int(connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one())

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._lock:
            try:
                yield self._connection
            except DBAPIError as error:
                raise self._failed(error) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._reading() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                driver: Any = connection.connection.driver_connection
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
                raise

    def _state(self, connection: Connection) -> tuple[int, int]:
        """Changes with every write of any process: SQLite's count of others' commits, and of this one's rows."""
        driver: Any = connection.connection.driver_connection
        try:
            return driver.execute("PRAGMA data_version").fetchone()[0], driver.total_changes
        except DriverError as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> LedgerError:
        cause = error.orig if isinstance(error, DBAPIError) else error
        return LedgerError(
            f"control database {self._path} cannot be used: {cause}", "free the disk, end what holds it, try again"
        )


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value), default=str, option=orjson.OPT_SORT_KEYS).decode()


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at // 1000)


def _moment_or_none(at: int | None) -> datetime | None:
    return None if at is None else _moment(at)


def _command(row: Any, taken_at: int | None, taken_by: str | None) -> Command:
    payload = orjson.loads(row.payload)
    at = _moment(row.at)
    return Command(row.id, row.environment, row.kind, payload, row.given_by, at, _moment_or_none(taken_at), taken_by)


def _halt(row: Any) -> Halt:
    return Halt(
        id=row.id,
        environment=row.environment,
        cause=row.cause,
        detail=row.detail,
        opened_at=_moment(row.opened_at),
        lifted_at=_moment_or_none(row.lifted_at),
        lifted_by=row.lifted_by,
        note=row.note,
    )


def _stage_event(row: Any) -> StageEvent:
    evidence = orjson.loads(row.evidence)
    return StageEvent(row.id, row.stage, row.kind, row.approver, row.note, evidence, _moment(row.at))


def _review(row: Any) -> Review:
    return Review(
        id=row.id,
        environment=row.environment,
        kind=row.kind,
        day=row.day,
        made_at=_moment(row.made_at),
        content=orjson.loads(row.content),
        markdown=row.markdown,
        hash=row.hash,
    )
