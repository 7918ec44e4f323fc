"""docs/venue.md stays true: its tables list what the server serves, no more, no less; the tests they name exist."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server import account, market_data, sapi, trading
from mm.exchange.venue_server.keyring import Keyring
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.stream_name import StreamName
from mm.exchange.venue_server.user_data import UserData
from mm.exchange.venue_server.websocket_api import ApiSession

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "venue.md").read_text()
METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})


def section(title: str) -> str:
    """From its heading to the next one of the same or a higher level."""
    found = re.search(rf"^(#+) {re.escape(title)}.*?$(.*?)(?=^#{{1,3}} |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/venue.md has no section {title!r}"
    return found[2]


def rows(text: str) -> list[list[str]]:
    """Cells of all table rows but headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    heads = {number - 1 for number, line in enumerate(lines) if re.match(r"\| *---", line)}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(lines)
        if number not in heads and number - 1 not in heads
    ]


def without_remarks(cell: str) -> str:
    return re.sub(r"\([^)]*\)", "", cell)


def endpoints(cell: str) -> set[tuple[str, str]]:
    """`GET /api/v3/ping, /time` is two; methods before a path hold for it and for what follows."""
    found: set[tuple[str, str]] = set()
    methods: list[str] = []
    was_path = True
    for word in re.findall(r"[A-Z]+|/[A-Za-z0-9/]+", without_remarks(cell)):
        if word in METHODS:
            methods = [word] if was_path else [*methods, word]
            was_path = False
        elif word.startswith("/"):
            was_path = True
            path = word if word.startswith(("/api/", "/sapi/")) else f"/api/v3{word}"
            found |= {(method, path) for method in methods}
    return found


@cache
def there_are() -> tuple[frozenset[str], frozenset[str]]:
    """Functions and files."""
    files = list((ROOT / "tests").rglob("test_*.py"))
    names = {
        node.name
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    return frozenset(names), frozenset(file.name for file in files)


def test_every_test_that_is_named_exists() -> None:
    functions, files = there_are()
    named = set(re.findall(r"\b(test_\w+\.py|test_\w+)(?!\w|…)", TEXT))
    missing = {name for name in named if not name.endswith("_") and name not in functions | files}
    # `test_trap_7_…` and `test_n_…` stand for all that begin so
    begun = set(re.findall(r"\b(test_trap_\d+_)…", TEXT))
    missing |= {start for start in begun if not any(name.startswith(start) for name in functions)}
    assert len(named) > 100
    assert not missing


@pytest.mark.parametrize("title", ["REST, public", "REST, signed", "WebSocket API", "Market streams"])
def test_every_row_names_a_test(title: str) -> None:
    for first, *_, last in rows(section(title)):
        assert re.search(r"`test_\w+|the (first|same)", last), first


def test_every_rest_endpoint_has_a_row_and_every_row_an_endpoint() -> None:
    served = set(market_data.REST | trading.REST | account.REST | sapi.REST)
    told: list[tuple[str, str]] = []
    for title in ("REST, public", "REST, signed"):
        for cells in rows(section(title)):
            told += endpoints(cells[0])
    assert len(told) == len(set(told))
    assert set(told) == served


def test_every_websocket_method_has_a_row_and_every_row_a_method() -> None:
    venue = Venue(default_symbols(), lambda: 0)
    served = Served(venue, Keyring())
    session = ApiSession(served, cast("Any", None), UserData(served), "127.0.0.1", tell_limits=True)
    told = {word for cells in rows(section("WebSocket API")) for word in re.split(r"[,\s]+", without_remarks(cells[0]))}
    assert told == set(session._methods)


def test_every_kind_of_stream_has_a_row_and_every_row_a_stream() -> None:
    kinds: set[str] = set()
    for cells in rows(section("Market streams")):
        for name in re.findall(r"`([^`]+)`", cells[0]):
            whole = name.replace("<interval>", "1m").replace("<symbol>", "ethusdc")
            if whole == "@100ms":
                whole = "@depth5@100ms"  # a remark on the names before it
            kinds.add(StreamName.parse(f"ethusdc{whole}" if whole.startswith("@") else whole).kind)
    known = "depth partial_depth trade aggTrade bookTicker ticker miniTicker avgPrice referencePrice blockTrade kline"
    assert kinds == {*known.split(), "window", "windows", "miniTickers", "withdrawn"}
