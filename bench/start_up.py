"""How long `mm --help` takes beside the two libraries it cannot do without."""

import asyncio
import sys
from pathlib import Path

from bench.row import Goal, Judged, Row
from bench.times import in_turns


async def measure_start_up(pairs: int) -> list[Row]:
    mm = str(Path(sys.executable).with_name("mm"))

    async def ours() -> None:
        await _run(mm, "--help")

    async def reference() -> None:
        await _run(sys.executable, "-c", "import typer, rich")

    own, beside = (spread.scaled(1 / 1000) for spread in await in_turns((ours, reference), pairs, warm_up=2))
    return [Row("mm --help", "ms", own, "python -c 'import typer, rich'", beside, Goal(Judged.RATIO, 1.5))]


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise RuntimeError(f"{' '.join(command)} failed")
