"""How commands show things: JSON for programs, rich tables for people, notes on stderr."""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mm.redaction import redact_known

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 160


def json_text(value: object, *, indent: bool = True) -> str:
    """Decimals as exact strings, times as ISO 8601 UTC with Z, durations as `10s`. Refuses NaN by writing null."""
    import orjson

    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(value, default=_plain, option=options).decode()


def emit_json(value: object, *, indent: bool = True) -> None:
    """Prints one JSON document on stdout; `indent=False` for one line an item."""
    sys.stdout.write(json_text(value, indent=indent) + "\n")


def note(text: str) -> None:
    """A remark beside the result, on stderr."""
    sys.stderr.write(f"mm: {text}\n")


def iso(moment: datetime, timespec: str = "milliseconds") -> str:
    """`2026-11-22T19:30:00.123Z`."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be shown")
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def console(*, stderr: bool = False) -> "Console":
    """Rich's console; NO_COLOR and a stdout that is no terminal take the colours away, a pipe the narrow page too."""
    from rich.console import Console

    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    width = None if terminal or os.environ.get("COLUMNS") else PIPE_WIDTH
    return Console(stderr=stderr, highlight=False, width=width)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    right: Iterable[str] = (),
    whole: Iterable[str] = (),
) -> "Table":
    """A table for `console().print`; columns named in `right` are aligned to the right, those in `whole` are never
    broken (what people copy from a screen). Cells are plain text."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    aligned, unbroken = set(right), set(whole)
    for column in columns:
        made.add_column(
            column, justify="right" if column in aligned else "left", overflow="fold", no_wrap=column in unbroken
        )
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
    return made


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return iso(value, "seconds")
    if isinstance(value, Decimal):
        return format(value, "f")
    # Here and not only on the way out: a column breaks what is long into lines.
    return redact_known(str(value))


def _plain(value: Any) -> Any:
    from mm.domain.duration import format_duration

    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")
