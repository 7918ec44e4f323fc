"""Rows that cannot be written as they are: each is told once, and none of the others is lost or written twice."""

from pathlib import Path

import pytest

from mm.domain.actions import RecordFill, RecordRisk
from mm.domain.errors import LedgerError
from mm.domain.position import Position
from mm.ledger import writer
from mm.ledger.ledger import SqliteLedger
from mm.ledger.queries import LedgerQueries
from tests.unit.ledger.making import START, a_fill, an_intent, at, seen
from tests.unit.ledger.test_writing import Failures, run_with


def told(number: int) -> RecordRisk:
    return RecordRisk("tried", "info", str(number))


def test_rows_beside_a_bad_one_are_written_exactly_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        ledger.record(at(START), [told(1), seen(a_fill(1)), seen(a_fill(1, lots=21)), told(2)])
        for number in (3, 4):
            with pytest.raises(LedgerError):
                await ledger.flush()
            ledger.record(at(START), [told(number)])

    assert len(run_with(path, act, inline=True)) == 1
    with LedgerQueries(path) as queries:
        assert [event.detail for event in queries.risk_events()] == ["1", "2", "3", "4"]
        assert len(queries.positions()) == 1


def test_more_rows_than_may_wait_are_told_as_lost_and_end_the_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    monkeypatch.setattr(writer, "_MAX_BACKLOG", 3)

    async def act(ledger: SqliteLedger, failures: Failures) -> None:
        ledger.record(at(START), [told(1), told(2), told(3)])
        await ledger.flush()
        assert failures == []
        ledger.record(at(START), [told(number) for number in range(4, 9)])
        with pytest.raises(LedgerError, match="too many rows"):
            await ledger.flush()
        assert failures == ["too many rows waited for the disk, some are lost"]
        with pytest.raises(LedgerError, match="too many rows"):
            await ledger.commit_intents([an_intent(1)])

    run_with(path, act, inline=True)
    with LedgerQueries(path) as queries:
        assert [event.detail for event in queries.risk_events()] == ["1", "2", "3", "4", "5", "6"]
        assert queries.orders() == []


def test_a_row_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    half = RecordFill(a_fill(5), Position(base_units=2**63), 300_000.0)

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        ledger.record(at(START), [seen(a_fill(4)), half])
        with pytest.raises(LedgerError):
            await ledger.flush()

    assert len(run_with(path, act, inline=True)) == 1
    with LedgerQueries(path) as queries:
        assert [fill.fill.trade_id for fill in queries.fills()] == [4]
