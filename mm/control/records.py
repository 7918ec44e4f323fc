"""What control.db keeps, as its readers see it: aware UTC times, payloads as plain dicts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """An order of a person or watcher to a running bot; `kind` stop, resume, halt …"""

    id: int
    environment: str
    kind: str
    payload: dict[str, Any]
    by: str
    at: datetime
    taken_at: datetime | None
    taken_by: str | None


@dataclass(frozen=True, slots=True)
class Halt:
    """Trading stands until a person lifts it with a note."""

    id: int
    environment: str
    cause: str
    detail: str
    opened_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class StageEvent:
    """A step of the rollout: `stage` is current from here on. `evidence` what it was judged on."""

    id: int
    stage: str
    kind: str
    approver: str
    note: str
    evidence: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """A stored report. `day` the trading day (ISO date) or the name of the period; `hash` SHA-256 of the content."""

    id: int
    environment: str
    kind: str
    day: str
    made_at: datetime
    content: dict[str, Any]
    markdown: str
    hash: str


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    environment: str
    day: str
    by: str
    text: str
    at: datetime
