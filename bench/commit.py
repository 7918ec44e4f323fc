"""A durable intent beside a bare SQLite commit with the same durability."""

import itertools
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from bench.row import Goal, Judged, Row
from bench.times import in_turns
from mm.database.sqlite import driver
from mm.domain.instrument import UNITS, Instrument
from mm.domain.order import OrderIntent, OrderType, Side
from mm.domain.records import RunStart
from mm.ledger.ledger import SqliteLedger

GOAL = Goal(Judged.RATIO, 1.5)
_INSTRUMENT = Instrument(
    "ETHUSDC", "ETH", "USDC", Decimal("0.01"), Decimal("0.0001"), 1, 10**8, Decimal(5), Decimal(9_000_000)
)


class BareLedger:
    """One row a transaction: kept connection, WAL, synchronous=FULL. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = driver.connect(str(path), isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(
            "CREATE TABLE intents (id INTEGER PRIMARY KEY, client_id TEXT UNIQUE, side TEXT, ticks, lots, at)"
        )
        self._number = 0

    def commit(self) -> None:
        self._number += 1
        row = (f"mm-bench0-{self._number}", "BUY", 300_000, 20, time.time_ns())
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO intents (client_id, side, ticks, lots, at) VALUES (?, ?, ?, ?, ?)", row)
        self._connection.execute("COMMIT")

    def timed_commit(self) -> float:
        """Milliseconds of one commit."""
        began = time.perf_counter_ns()
        self.commit()
        return (time.perf_counter_ns() - began) / 1e6

    def close(self) -> None:
        self._connection.close()


async def measure_commits(folder: Path, rounds: int) -> list[Row]:
    """Makes three databases in `folder` and takes turns, so that all meet the same disk."""
    bare = BareLedger(folder / "bare.db")
    failures: list[str] = []
    inline, threaded = (
        SqliteLedger.open(folder / f"{name}.db", on_failure=failures.append, inline=name == "inline", synced=True)
        for name in ("inline", "threaded")
    )
    for ledger in (inline, threaded):
        await ledger.begin_run(_run(), [])
    numbers = itertools.count()

    def intent() -> OrderIntent:
        client_id = f"mm-bench0-{next(numbers)}"
        return OrderIntent(client_id, "ETHUSDC", Side.BUY, OrderType.LIMIT_MAKER, 300_000, 20, time.time_ns())

    async def bare_commit() -> None:
        bare.commit()

    async def inline_commit() -> None:
        await inline.commit_intents([intent()])

    async def threaded_commit() -> None:
        await threaded.commit_intents([intent()])

    times = await in_turns((bare_commit, inline_commit, threaded_commit, threaded.flush), rounds)
    bare.close()
    for ledger in (inline, threaded):
        await ledger.close()
    if failures:
        raise RuntimeError(failures[0])
    reference, alone, awaited, hand_over = times
    told = "bare sqlite3 FULL commit"
    return [
        Row("durable commit of an intent, the transaction alone", "µs", alone, told, reference, GOAL),
        Row("durable commit of an intent, awaited from the event loop", "µs", awaited, told, reference, GOAL),
        Row("  of it: to the writer thread and back, nothing written", "µs", hand_over, told, reference),
    ]


def _run() -> RunStart:
    return RunStart(
        run_id="bench",
        epoch=0,
        account_epoch=1,
        account_uid="bench",
        environment="sim",
        profile="bench",
        stage="testnet",
        symbol="ETHUSDC",
        scenario="",
        started=datetime.now(UTC),
        config_hash="",
        code_hash="",
        version="",
        pid=1,
        instrument=_INSTRUMENT,
        capital_units=100 * UNITS,
    )
