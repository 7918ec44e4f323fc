"""The one audit chain: who decided what, in rows that cannot be changed without being seen.

Each row's hash is SHA-256 over the hash before it and the row itself, so an edit, a deletion or another order breaks
every later row. `meta` holds the newest hash: rows cut off at the end are missed too. Who recomputes a whole tail and
that mark is found by a hash that was printed or sent elsewhere before (`verify(head=…)`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from mm.control.connection import ControlConnection, as_json, moment
from mm.control.schema import audit, meta
from mm.domain.errors import LedgerError

GENESIS = "0" * 64
_HEAD = "audit_head"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """`seq` counts from 1 without a gap; `kind` halt, resume, incident, stage … ; `payload` what was decided."""

    seq: int
    at: datetime
    environment: str
    kind: str
    by: str
    payload: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the chain does not hold: the first row that is wrong, and how."""

    seq: int
    why: str


class AuditChain:
    def __init__(self, connection: ControlConnection) -> None:
        self._db = connection

    def note(
        self, connection: Connection, at: int, kind: str, payload: Mapping[str, Any], *, environment: str, by: str
    ) -> None:
        """Adds a row within the transaction of what it records, at its moment (UTC ns): both are kept, or neither."""
        last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
        seq, before = (1, GENESIS) if last is None else (last.seq + 1, last.hash)
        row = {
            "seq": seq,
            "at": at,
            "environment": environment,
            "kind": kind,
            "written_by": by,
            "payload": as_json(payload),
        }
        digest = _hash(before, row)
        connection.execute(insert(audit).values({**row, "hash": digest}))
        head = upsert(meta).values(key=_HEAD, value=f"{seq}:{digest}")
        connection.execute(head.on_conflict_do_update(index_elements=["key"], set_={"value": head.excluded.value}))

    def add(self, kind: str, payload: Mapping[str, Any], *, environment: str, by: str) -> None:
        """A decision that has no table of its own. Raises ValueError without a name, LedgerError."""
        if not by.strip():
            raise ValueError("a decision needs a name")
        at = self._db.at()
        with self._db.writing() as connection:
            self.note(connection, at, kind, payload, environment=environment, by=by)

    def require_unbroken(self) -> None:
        """Raises LedgerError (exit 9) when somebody changed, removed or added rows."""
        broken = self.verify()
        if broken is not None:
            raise LedgerError(
                f"control.db is not as it was written, its audit chain breaks: {broken.why}",
                "find out who changed it and restore a copy; stage, halts and approvals in it cannot be trusted",
            )

    def rows(self, environment: str | None = None) -> list[AuditRow]:
        """Oldest first."""
        query = select(audit).order_by(audit.c.seq)
        if environment is not None:
            query = query.where(audit.c.environment == environment)
        with self._db.reading() as connection:
            return [
                AuditRow(
                    row.seq,
                    moment(row.at),
                    row.environment,
                    row.kind,
                    row.written_by,
                    orjson.loads(row.payload),
                    row.hash,
                )
                for row in connection.execute(query)
            ]

    @property
    def head(self) -> str:
        """The newest row's hash; zeros while there is none. A copy of it elsewhere proves what is written until now."""
        with self._db.reading() as connection:
            last = connection.execute(select(audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).scalar()
        return GENESIS if last is None else str(last)

    def verify(self, head: str | None = None) -> Broken | None:
        """None: every row follows from the one before it, none is missing, and `head`, a hash printed earlier, stands
        somewhere in the chain."""
        with self._db.reading() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.seq)).all()
            mark = connection.execute(select(meta.c.value).where(meta.c.key == _HEAD)).scalar()
        before, hashes = GENESIS, {GENESIS}
        for expected, row in enumerate(rows, start=1):
            if row.seq != expected:
                return Broken(expected, f"row {expected} is missing: row {row.seq} follows row {expected - 1}")
            kept = {name: getattr(row, name) for name in ("seq", "at", "environment", "kind", "written_by", "payload")}
            if _hash(before, kept) != row.hash:
                return Broken(expected, f"row {expected} is not what was written: its hash does not follow")
            before = row.hash
            hashes.add(before)
        told = f"{len(rows)}:{before}" if rows else None
        if mark != told:
            at = len(rows) + 1
            return Broken(at, f"the chain ends at row {len(rows)}, its mark says {str(mark).partition(':')[0]}")
        if head is not None and head not in hashes:
            return Broken(len(rows), "the hash kept elsewhere is no row's: rows were written anew")
        return None


def _hash(before: str, row: Mapping[str, Any]) -> str:
    return hashlib.sha256(f"{before}\n{as_json(row)}".encode()).hexdigest()
