"""What the documentation shows in Python runs as it stands there."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.home import Home
from tests.fakes.world import START_NS, World

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_ledger_reads_into_data_frames(mm_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = SimulatedClock(START_NS)

    async def story() -> int:
        world = World(Home.of().path, clock)
        async with world.run(timedelta(minutes=2)) as run:
            await run.go()
        return len(world.venue.account_trades(world.account.uid))

    fills = run_virtual(story(), clock=clock)
    assert fills > 0
    (snippet,) = re.findall(r"```python\n(.*?)```", OPERATIONS.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(snippet, str(OPERATIONS), "exec"), names)  # noqa: S102  # our own documentation
    assert len(names["fills"]) == fills  # type: ignore[arg-type]  # a data frame has a length
    shown = capsys.readouterr().out
    assert "BUY" in shown
    assert "equity" in shown
