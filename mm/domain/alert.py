"""What a person must be told, wherever it was noticed."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How soon a person must look: `INFO` at leisure, `WARNING` (level 1) today, `ERROR` (level 2) now, `CRITICAL`
    (level 3, orders may be open, the bot is gone) now, and again until somebody says that it was seen."""

    INFO = 0
    WARNING = 1
    ERROR = 2
    CRITICAL = 3


@dataclass(frozen=True, slots=True)
class Alert:
    """`code` the reason code that stands in the ledger or control.db too; `title` one line; `text` what is known."""

    environment: str
    code: str
    severity: Severity
    title: str
    text: str = ""


AlertSink = Callable[[Alert], None]
"""Takes an alert and returns at once; never raises."""
