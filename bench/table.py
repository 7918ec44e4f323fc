"""The rows as a table for people, or as JSON."""

from collections.abc import Sequence
from typing import Any

from bench.load import Load
from bench.row import Row, goal_text
from mm.cli.output import console, table

COLUMNS = ("what", "unit", "median", "p99", "n", "beside", "median ", "ratio", "goal", "verdict")
_RIGHT = ("median", "p99", "n", "median ", "ratio")


def cells(row: Row) -> list[str]:
    beside = row.beside
    return [
        row.name,
        row.unit,
        _number(row.measured.median),
        _number(row.measured.p99) if row.measured.count > 1 else "",
        str(row.measured.count),
        row.reference,
        "" if beside is None else _number(beside.median),
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.goal is None else goal_text(row.goal, row.unit),
        row.verdict,
    ]


def show(rows: Sequence[Row], load: Load) -> None:
    screen = console()
    screen.print(table(COLUMNS, (cells(row) for row in rows), right=_RIGHT))
    for row in rows:
        if row.note:
            screen.print(f"{row.name}: {row.note}", markup=False)
    screen.print(load.sentence(), markup=False)


def as_json(rows: Sequence[Row], load: Load) -> dict[str, Any]:
    return {"rows": [row.as_json() for row in rows], "load": load.as_json()}


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
