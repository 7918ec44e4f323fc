"""How long a durable intent takes, beside a bare SQLite commit with the same durability, measured in turns."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mm.database.sqlite import driver
from mm.domain.order import OrderIntent, OrderType, Side
from mm.domain.records import RunStart
from mm.ledger.ledger import SqliteLedger


@dataclass(frozen=True, slots=True)
class CommitTimes:
    """Microseconds, median and 99th percentile. `bare`: one INSERT, WAL, synchronous=FULL, kept connection;
    `inline`: the ledger's transaction alone; `threaded`: awaited from the event loop, hand-over included."""

    bare: tuple[float, float]
    inline: tuple[float, float]
    threaded: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Threaded against bare, at the median."""
        return self.threaded[0] / self.bare[0]


async def measure_commits(folder: Path, run: RunStart, rounds: int = 1000) -> CommitTimes:
    """Makes three databases in `folder` (must be empty) and takes turns, so that all meet the same disk."""
    bare = driver.connect(str(folder / "bare.db"), isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE intents (id INTEGER PRIMARY KEY, client_id TEXT UNIQUE, side TEXT, ticks, lots, at)")
    failures: list[str] = []
    ledgers = [
        SqliteLedger.open(folder / f"{name}.db", on_failure=failures.append, inline=name == "inline")
        for name in ("inline", "threaded")
    ]
    for ledger in ledgers:
        await ledger.begin_run(run, [])
    times: list[list[int]] = [[], [], []]
    for number in range(rounds):
        intent = OrderIntent(
            f"mm-bench0-{number}", run.symbol, Side.BUY, OrderType.LIMIT_MAKER, 300_000, 20, time.time_ns()
        )
        began = time.perf_counter_ns()
        bare.execute("BEGIN IMMEDIATE")
        bare.execute(
            "INSERT INTO intents (client_id, side, ticks, lots, at) VALUES (?, ?, ?, ?, ?)",
            (intent.client_id, intent.side.value, intent.ticks, intent.lots, intent.decided_at),
        )
        bare.execute("COMMIT")
        times[0].append(time.perf_counter_ns() - began)
        for index, ledger in enumerate(ledgers, start=1):
            began = time.perf_counter_ns()
            await ledger.commit_intents([intent])
            times[index].append(time.perf_counter_ns() - began)
    bare.close()
    for ledger in ledgers:
        await ledger.close()
    if failures:
        raise RuntimeError(failures[0])
    return CommitTimes(*map(_summary, times))


def _summary(times: Sequence[int]) -> tuple[float, float]:
    return statistics.median(times) / 1000, sorted(times)[len(times) * 99 // 100] / 1000
