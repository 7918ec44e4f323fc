"""`python -m bench`: one table, measured in one run."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.commit import measure_commits
from bench.decisions import measure_decisions
from bench.load import LoadWatch
from bench.memory import measure_memory
from bench.orders import measure_orders
from bench.reaction import measure_reaction
from bench.row import Row
from bench.start_up import measure_start_up
from bench.streams import measure_streams
from bench.table import as_json, show
from mm.cli.output import emit_json

Section = Callable[[Path], Awaitable[list[Row]]]


def sections(minutes: float) -> dict[str, Section]:
    """Each gets an empty folder."""
    return {
        "decisions": measure_decisions,
        "commit": lambda folder: measure_commits(folder, 1000),
        "orders": lambda folder: measure_orders(folder, 1000),
        "reaction": lambda folder: measure_reaction(folder, 40.0),
        "streams": measure_streams,
        "start_up": lambda _folder: measure_start_up(15),
        "memory": lambda folder: measure_memory(folder, minutes),
    }


async def measure(minutes: float, chosen: list[str]) -> list[Row]:
    rows: list[Row] = []
    for name, section in sections(minutes).items():
        if chosen and name not in chosen:
            continue
        sys.stderr.write(f"bench: {name}\n")
        with tempfile.TemporaryDirectory(prefix="mm-bench-") as folder:
            place = Path(folder) / name
            place.mkdir()
            rows += await section(place)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed and memory against their goals.")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--minutes", type=float, default=1.0, help="length of the run for memory (1)")
    parser.add_argument("section", nargs="*", help=f"only these: {', '.join(sections(0))}")
    given = parser.parse_args()
    unknown = sorted(set(given.section) - set(sections(0)))
    if unknown:
        parser.error(f"no section {', '.join(unknown)}")
    watch = LoadWatch()
    rows = asyncio.run(measure(given.minutes, given.section))
    if given.json:
        emit_json(as_json(rows, watch.end()))
    else:
        show(rows, watch.end())


if __name__ == "__main__":
    main()
