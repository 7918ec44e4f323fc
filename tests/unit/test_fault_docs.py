"""docs/faults.md stays true: the tests it names exist, and every test of the fault table is named there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOME = "tests/integration/fault_table/"
TEXT = (ROOT / "docs" / "faults.md").read_text()
NAMED = sorted({
    name if name.startswith("tests/") else HOME + name for name in re.findall(r"`([\w/]+\.py::\w+)`", TEXT)
})  # fmt: skip


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, functions) and node.name.startswith("test_"))


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_exists(name: str) -> None:
    file, _, function = name.partition("::")
    assert function in functions_of(file)


def test_every_test_of_the_table_is_named() -> None:
    files = (ROOT / HOME).glob("test_*.py")
    there = {f"{HOME}{file.name}::{name}" for file in files for name in functions_of(f"{HOME}{file.name}")}
    assert there == {name for name in NAMED if name.startswith(HOME)}


def test_every_row_names_a_test() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith(("| fault", "| ---"))]
    assert len(rows) == 23
    assert all(re.search(r"\| `(tests/[\w/]+/)?test_\w+\.py::", row) for row in rows)
