"""Incidents: what a person must explain before the rollout goes on. One of a kind is open at a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from mm.control.audit_chain import AuditChain
from mm.control.connection import ControlConnection, moment, moment_or_none
from mm.control.schema import incidents


@dataclass(frozen=True, slots=True)
class Incident:
    id: int
    environment: str
    kind: str
    detail: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    note: str | None


class Incidents:
    def __init__(self, connection: ControlConnection, chain: AuditChain) -> None:
        self._db = connection
        self._chain = chain

    def open(self, environment: str, kind: str, detail: str) -> bool:
        """False when one of this kind is open already (its first detail stays)."""
        is_open = select(incidents.c.id).where(
            incidents.c.environment == environment, incidents.c.kind == kind, incidents.c.closed_at.is_(None)
        )
        at = self._db.at()
        row = {"environment": environment, "kind": kind, "detail": detail, "opened_at": at}
        with self._db.writing() as connection:
            if connection.execute(is_open).first() is not None:
                return False
            connection.execute(insert(incidents).values(row))
            told = {"kind": kind, "detail": detail}
            self._chain.note(connection, at, "incident", told, environment=environment, by="mm")
            return True

    def close(self, incident_id: int, by: str, note: str) -> bool:
        """False when it is closed already or unknown. Raises ValueError without a name or a note."""
        if not by.strip() or not note.strip():
            raise ValueError("closing an incident needs a name and a note")
        at = self._db.at()
        this = (incidents.c.id == incident_id, incidents.c.closed_at.is_(None))
        with self._db.writing() as connection:
            found = connection.execute(select(incidents).where(*this)).first()
            if found is None:
                return False
            connection.execute(update(incidents).where(*this).values(closed_at=at, closed_by=by, note=note))
            told = {"kind": found.kind, "detail": found.detail, "note": note}
            self._chain.note(connection, at, "incident_closed", told, environment=found.environment, by=by)
            return True

    def all(self, environment: str, *, only_open: bool = False) -> list[Incident]:
        """Oldest first."""
        query = select(incidents).where(incidents.c.environment == environment).order_by(incidents.c.id)
        if only_open:
            query = query.where(incidents.c.closed_at.is_(None))
        with self._db.reading() as connection:
            return [
                Incident(
                    id=row.id,
                    environment=row.environment,
                    kind=row.kind,
                    detail=row.detail,
                    opened_at=moment(row.opened_at),
                    closed_at=moment_or_none(row.closed_at),
                    closed_by=row.closed_by,
                    note=row.note,
                )
                for row in connection.execute(query)
            ]
