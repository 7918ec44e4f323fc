"""control.db: what people and watchers write, in short transactions. Never on the way of an order."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import orjson
from sqlalchemy import func, insert, select, update

from mm.control.audit_chain import AuditChain
from mm.control.connection import ControlConnection, as_json, moment, moment_or_none, utc_now
from mm.control.incidents import Incidents
from mm.control.outbox import Outbox
from mm.control.records import Command, Halt, Note, Review, StageEvent
from mm.control.schema import commands, halts, metadata, notes, reviews, stage_events
from mm.redaction import redact_known

FIRST_STAGE = "testnet"
DEMOTE = "demote"


class ControlStore:
    """Open, or make, `path`. Safe to use from several threads and processes.

    `now` the clock of its rows; `busy_timeout` seconds to wait for another process's transaction.
    Raises LedgerError when the file is damaged, foreign, newer or locked for longer.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = utc_now, busy_timeout: float = 5.0) -> None:
        self._db = ControlConnection(path, now, busy_timeout)
        self._none_waited: dict[tuple[str, tuple[str, ...] | None], tuple[int, int]] = {}
        self.audit = AuditChain(self._db)
        self.incidents = Incidents(self._db, self.audit)
        self.outbox = Outbox(self._db, self.audit)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- commands -------------------------------------------------------------------

    def add_command(self, environment: str, kind: str, payload: Mapping[str, Any], by: str) -> int:
        """For the bot of `environment` to take; answers the command's id."""
        row = {"environment": environment, "kind": kind, "payload": as_json(payload), "given_by": by}
        return self._db.add(commands, {**row, "at": self._db.at()})

    def take_commands(self, environment: str, taken_by: str, kinds: Collection[str] | None = None) -> list[Command]:
        """Waiting commands, oldest first; each is given to one taker only. Reads only while none waits."""
        asked = (environment, None if kinds is None else tuple(kinds))
        with self._db.reading() as connection:
            state = self._db.state(connection)
            if self._none_waited.get(asked) == state:
                return []  # asked once a second: nothing was written since nothing waited
            waiting = select(commands).where(commands.c.environment == environment, commands.c.taken_at.is_(None))
            if kinds is not None:
                waiting = waiting.where(commands.c.kind.in_(tuple(kinds)))
            if connection.execute(waiting.limit(1)).first() is None:
                self._none_waited[asked] = state
                return []
        at = self._db.at()
        with self._db.writing() as connection:
            rows = connection.execute(waiting.order_by(commands.c.id)).all()
            taken = commands.c.id.in_([row.id for row in rows])
            connection.execute(update(commands).where(taken).values(taken_at=at, taken_by=taken_by))
        return [_command(row, at, taken_by) for row in rows]

    def command(self, command_id: int) -> Command | None:
        """To see whether it was taken."""
        with self._db.reading() as connection:
            row = connection.execute(select(commands).where(commands.c.id == command_id)).first()
        return None if row is None else _command(row, row.taken_at, row.taken_by)

    # --- halts ----------------------------------------------------------------------

    def open_halt(self, environment: str, cause: str, detail: str) -> bool:
        """False when a halt of this cause is open already (its first detail stays)."""
        at = self._db.at()
        detail = redact_known(detail)
        row = {"environment": environment, "cause": cause, "detail": detail, "opened_at": at}
        is_open = select(halts.c.id).where(
            halts.c.environment == environment, halts.c.cause == cause, halts.c.lifted_at.is_(None)
        )
        with self._db.writing() as connection:
            if connection.execute(is_open).first() is not None:
                return False
            connection.execute(insert(halts).values(row))
            told = {"cause": cause, "detail": detail}
            self.audit.note(connection, at, "halt", told, environment=environment, by="mm")
            return True

    def open_halts(self, environment: str) -> list[Halt]:
        return [halt for halt in self.halts(environment) if halt.lifted_at is None]

    def halts(self, environment: str) -> list[Halt]:
        """All, lifted ones too, oldest first."""
        query = select(halts).where(halts.c.environment == environment).order_by(halts.c.id)
        with self._db.reading() as connection:
            return [_halt(row) for row in connection.execute(query)]

    def lift_halts(self, environment: str, by: str, note: str) -> list[Halt]:
        """Lift every open halt; answers those lifted. Raises ValueError without a name or a note."""
        if not by.strip() or not note.strip():
            raise ValueError("lifting a halt needs a name and a note")
        note = redact_known(note)
        at = self._db.at()
        still_open = (halts.c.environment == environment, halts.c.lifted_at.is_(None))
        with self._db.writing() as connection:
            ids = connection.execute(select(halts.c.id).where(*still_open)).scalars().all()
            connection.execute(update(halts).where(*still_open).values(lifted_at=at, lifted_by=by, note=note))
            lifted = connection.execute(select(halts).where(halts.c.id.in_(ids)).order_by(halts.c.id)).all()
            if lifted:
                causes = [row.cause for row in lifted]
                told = {"causes": causes, "note": note}
                self.audit.note(connection, at, "resume", told, environment=environment, by=by)
        return [_halt(row) for row in lifted]

    def last_resumes(self, environment: str) -> dict[str, int]:
        """When a person last lifted a halt, by its cause, UTC ns."""
        query = select(halts.c.cause, func.max(halts.c.lifted_at)).where(
            halts.c.environment == environment, halts.c.lifted_at.is_not(None)
        )
        with self._db.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(halts.c.cause))}

    # --- stage ----------------------------------------------------------------------

    def stage(self) -> str:
        """The current stage; `testnet` until the first event."""
        events = self.stage_events()
        return events[-1].stage if events else FIRST_STAGE

    def stage_since(self) -> datetime | None:
        """When the current stage was entered, or began anew by a demotion; None while no event is on record."""
        since = None
        current = FIRST_STAGE
        for event in self.stage_events():
            if event.stage != current or event.kind == DEMOTE or since is None:
                since = event.at
            current = event.stage
        return since

    def add_stage_event(self, stage: str, kind: str, approver: str, note: str, evidence: Mapping[str, Any]) -> int:
        """`kind` promote, demote … Append-only: the database refuses to change or delete one."""
        row = {"stage": stage, "kind": kind, "approver": approver, "note": note, "evidence": as_json(evidence)}
        at = self._db.at()
        with self._db.writing() as connection:
            added = insert(stage_events).values({**row, "at": at}).returning(stage_events.c.id)
            number = int(connection.execute(added).scalar_one())
            told = {"stage": stage, "kind": kind, "note": note, "event": number, "evidence": evidence}
            self.audit.note(connection, at, "stage", told, environment="", by=approver)
            return number

    def stage_events(self) -> list[StageEvent]:
        with self._db.reading() as connection:
            return [_stage_event(row) for row in connection.execute(select(stage_events).order_by(stage_events.c.id))]

    # --- reviews and notes ------------------------------------------------------------

    def save_review(self, environment: str, kind: str, day: str, content: Mapping[str, Any], markdown: str) -> Review:
        """Kept beside earlier ones of the same day. The hash is of the content's canonical JSON (sorted keys)."""
        text = as_json(content)
        at = self._db.at()
        digest = hashlib.sha256(text.encode()).hexdigest()
        row = {"environment": environment, "kind": kind, "day": day, "made_at": at, "content": text}
        review_id = self._db.add(reviews, {**row, "markdown": markdown, "hash": digest})
        return Review(review_id, environment, kind, day, moment(at), orjson.loads(text), markdown, digest)

    def reviews(self, environment: str, kind: str | None = None, day: str | None = None) -> list[Review]:
        """Oldest first; the last one of a day is the valid one."""
        query = select(reviews).where(reviews.c.environment == environment)
        if kind is not None:
            query = query.where(reviews.c.kind == kind)
        if day is not None:
            query = query.where(reviews.c.day == day)
        with self._db.reading() as connection:
            return [_review(row) for row in connection.execute(query.order_by(reviews.c.id))]

    def add_note(self, environment: str, day: str, by: str, text: str) -> int:
        row = {"environment": environment, "day": day, "written_by": by, "text": redact_known(text)}
        return self._db.add(notes, {**row, "at": self._db.at()})

    def notes(self, environment: str, day: str | None = None) -> list[Note]:
        query = select(notes).where(notes.c.environment == environment)
        if day is not None:
            query = query.where(notes.c.day == day)
        with self._db.reading() as connection:
            found = connection.execute(query.order_by(notes.c.id)).all()
        return [Note(row.id, row.environment, row.day, row.written_by, row.text, moment(row.at)) for row in found]

    def counts(self) -> dict[str, int]:
        """Rows of every table."""
        with self._db.reading() as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in metadata.sorted_tables
            }

    @property
    def own_changes(self) -> int:
        """Rises with every row that this connection writes."""
        return self._db.own_changes


def _command(row: Any, taken_at: int | None, taken_by: str | None) -> Command:
    payload = orjson.loads(row.payload)
    at = moment(row.at)
    return Command(row.id, row.environment, row.kind, payload, row.given_by, at, moment_or_none(taken_at), taken_by)


def _halt(row: Any) -> Halt:
    return Halt(
        id=row.id,
        environment=row.environment,
        cause=row.cause,
        detail=row.detail,
        opened_at=moment(row.opened_at),
        lifted_at=moment_or_none(row.lifted_at),
        lifted_by=row.lifted_by,
        note=row.note,
    )


def _stage_event(row: Any) -> StageEvent:
    evidence = orjson.loads(row.evidence)
    return StageEvent(row.id, row.stage, row.kind, row.approver, row.note, evidence, moment(row.at))


def _review(row: Any) -> Review:
    return Review(
        id=row.id,
        environment=row.environment,
        kind=row.kind,
        day=row.day,
        made_at=moment(row.made_at),
        content=orjson.loads(row.content),
        markdown=row.markdown,
        hash=row.hash,
    )
