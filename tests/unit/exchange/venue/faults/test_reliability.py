"""Every fault of the reliability table that the exchange can cause has a kind, and the documentation names it."""

import os
import re
from pathlib import Path

import pytest

from mm.exchange.venue.faults.kinds import KINDS

ROOT = Path(__file__).parents[5]
SHARED = Path(os.environ.get("MM_SHARED", ROOT.parent / "shared"))

REHEARSED = {
    "request time-out, connection reset, 5xx, -1006, -1007": (
        "request-lost",
        "answer-lost",
        "answer-late",
        "answer-truncated",
        "connection-reset",
        "http-error",
        "error-code",
        "hang",
        "unreachable",
        "latency-in",
        "latency-out",
    ),
    "429, 418, 403": ("rate-limited", "banned", "firewall"),
    "clock skew (-1021), time step": ("clock-skew",),
    "insufficient balance (-2010)": ("insufficient-balance",),
    "filter refused (-1013)": ("filter-changed",),
    "duplicate or reordered execution reports": ("events-duplicated", "events-reordered", "events-late"),
    "fills missed while the stream was down": ("stream-close", "events-lost"),
    "gap in depth updates": ("depth-gap",),
    "stale feed (> 2 s without data; a heartbeat is not data)": ("stream-silence", "stale-book"),
    "crossed or locked book, price gap, flash crash": ("crossed-book", "locked-book", "price-gap"),
    "partial fill racing a cancel (-2011)": ("cancel-lies", "query-lies"),
    "exchange maintenance, cancel-only mode, stream shutdown notice": ("maintenance", "cancel-only", "shutdown-notice"),
    "testnet wiped (about monthly, keys survive)": ("wipe",),
    "key revoked, or of the wrong environment": ("key-revoked",),
}
NOT_OF_THE_EXCHANGE = (
    "SIGKILL",
    "power cut",
    "disk full",
    "ledger corrupt",
    "22:00 review",
    "two instances",
    "process hung",
    "alert channel",
    "API or dashboard",
    "hostile configuration",
)


def test_every_kind_rehearses_something() -> None:
    named = {kind for kinds in REHEARSED.values() for kind in kinds}
    assert named | {"geo-blocked"} == set(KINDS)


def test_every_row_that_the_exchange_causes_has_a_kind() -> None:
    table = SHARED / "reliability.md"
    if not table.exists():
        pytest.skip(f"{table} is not there")
    section = table.read_text().partition("## Faults to inject")[2].partition("\n## ")[0]
    rows = [match[1].strip() for match in re.finditer(r"^\| ([^|]+)\|", section, re.MULTILINE)]
    rows = [row for row in rows if row not in ("fault", "---")]
    assert len(rows) > 20
    left = [row for row in rows if not any(each in row for each in NOT_OF_THE_EXCHANGE)]
    assert sorted(left) == sorted(REHEARSED)


def test_the_documentation_tells_every_kind() -> None:
    section = (ROOT / "docs/venue.md").read_text().partition("\n## Faults")[2].partition("\n## ")[0]
    told = set(re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.MULTILINE))
    assert told == set(KINDS)
