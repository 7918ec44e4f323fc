"""What makes one kind of fault: where it strikes, which values it takes, how often a random plan has it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Scope(Enum):
    """Where a fault strikes."""

    REQUESTS = "requests"
    EVENTS = "events"
    CONNECTIONS = "connections"
    BOOK = "book"
    CLOCK = "clock"
    ONCE = "once"
    """At one moment; it has no end."""
    EVERYTHING = "everything"
    """Requests and connections at once."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`read` turns the written value into the one used, and raises ValueError; `values` are written examples, the
    first is the default. `applies`: the requests (or streams) that may be hit, empty for all of the scope;
    `aimed` the target when none is given. `share`, `seconds`, `weight`: what a random plan gives it.
    `halts`: the bot stops trading by design and waits for a person."""

    name: str
    description: str
    scope: Scope
    values: tuple[str, ...] = ("",)
    read: Callable[[str], object] = str
    applies: frozenset[str] = frozenset()
    aimed: str = ""
    share: float = 1.0
    seconds: tuple[float, float] = (5.0, 60.0)
    weight: int = 4
    halts: bool = False
