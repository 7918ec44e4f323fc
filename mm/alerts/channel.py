"""A way to people."""

from dataclasses import dataclass
from typing import Protocol

from mm.domain.alert import Severity


@dataclass(frozen=True, slots=True)
class Message:
    """What a person reads: `subject` one line, `body` plain text, `severity` that of the gravest alert in it."""

    subject: str
    body: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Sent:
    """`ok`: the other side said that it took the message. `detail` its answer, or why not; free of secrets."""

    ok: bool
    detail: str


class Channel(Protocol):
    """`name` as people say it; alerts below `minimum` go elsewhere first."""

    @property
    def name(self) -> str: ...
    @property
    def minimum(self) -> Severity: ...
    def send(self, message: Message) -> Sent:
        """Blocks until the other side answered or a time-out. Never raises for what a network or a server does."""
        ...
