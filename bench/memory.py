"""Resident memory of a real `mm run` on the local venue, from its own heartbeats."""

import asyncio
import os
import statistics
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bench.row import Goal, Judged, Row
from bench.times import Spread
from mm.exchange.venue_server import process
from mm.home import Home
from mm.ledger.queries import LedgerQueries

_MEGABYTE = 1_000_000
_WARM_UP = 120.0
_TELLING = 300.0
"""Seconds after the warm-up from which on a slope says something."""


async def measure_memory(folder: Path, minutes: float) -> list[Row]:
    """Runs `mm run` for `minutes` in a home of its own. Raises RuntimeError when it fails."""
    home = Home(folder)
    command = [
        str(Path(sys.executable).with_name("mm")),
        "run",
        "--profile",
        "100usdc",
        "--sim",
        "--scenario",
        "lively",
    ]
    told = folder.parent / "memory-run.txt"
    try:
        with told.open("wb") as output:
            running = await asyncio.create_subprocess_exec(
                *command,
                f"--for={round(minutes * 60)}s",
                stdout=output,
                stderr=output,
                env={**os.environ, "MM_HOME": str(home.path)},
            )
            code = await running.wait()
    finally:
        process.stop(home)
    if code:
        raise RuntimeError(f"mm run ended with {code}: {told.read_text()[-500:]}")
    return memory_rows(home)


def memory_rows(home: Home) -> list[Row]:
    """Of the last run on sim in `home`."""
    with LedgerQueries(home.environment("sim").ledger) as ledger:
        last = ledger.last_run()
        if last is None:
            raise RuntimeError(f"no run in {home.path}")
        beats = [(beat.at, beat.rss_bytes / _MEGABYTE) for beat in ledger.heartbeats(run_id=last.run_id)]
    megabytes = [size for _, size in beats]
    length = (beats[-1][0] - beats[0][0]).total_seconds()
    warm_up = min(_WARM_UP, length / 4)
    steady = [beat for beat in beats if (beat[0] - beats[0][0]).total_seconds() >= warm_up]
    slope = slope_per_hour(steady)
    name = f"resident memory of mm run over {length / 60:.0f} min"
    note = f"highest {max(megabytes):.1f} MB; the slope leaves the first {warm_up:.0f} s out"
    if length - warm_up < _TELLING:
        note += "; so short a run says little of a slope (make bench MINUTES=10)"
    return [
        Row(name, "MB", Spread.of(megabytes), goal=Goal(Judged.P99, 220), note=note),
        Row("  its slope", "MB/h", Spread(slope, slope, 1)),
    ]


def slope_per_hour(points: Sequence[tuple[datetime, float]]) -> float:
    """Least squares; 0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    hours = [(at - points[0][0]).total_seconds() / 3600 for at, _ in points]
    return statistics.linear_regression(hours, [size for _, size in points]).slope
