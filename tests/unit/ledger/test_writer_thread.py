"""The writer's thread outlives whatever goes wrong in it: rows wait, and somebody is told."""

import asyncio
import threading
from pathlib import Path

import pytest

from mm.domain.actions import RecordRisk
from mm.ledger import writer
from mm.ledger.ledger import SqliteLedger
from mm.ledger.queries import LedgerQueries
from mm.ledger.recording import write_row
from tests.unit.ledger.making import START, a_run, at


def test_an_unexpected_error_is_told_and_its_rows_are_written_when_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()
    path = tmp_path / "ledger.db"

    def broken(*_: object) -> None:
        raise TypeError("a row that nobody thought of")

    async def scenario() -> None:
        ledger = SqliteLedger.open(path, on_failure=lambda _: told.set())
        await ledger.begin_run(a_run(), ())
        monkeypatch.setattr(writer, "write_row", broken)
        ledger.record(at(START), [RecordRisk("seen", "info", "once")])
        assert await asyncio.to_thread(told.wait, 5)
        monkeypatch.setattr(writer, "write_row", write_row)
        await ledger.flush()
        await ledger.close()

    asyncio.run(scenario())
    with LedgerQueries(path) as ledger:
        found = ledger.driver_connection().execute("SELECT code FROM risk_events").fetchall()
    assert found == [("seen",)]
