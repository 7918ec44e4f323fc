"""What is durable, in which order, and what happens when it cannot be."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path

import pysqlite3
import pytest

from mm.domain.actions import OpenHalt, RecordOrder, RecordRisk
from mm.domain.errors import LedgerError
from mm.domain.order import OrderStatus
from mm.ledger.ledger import SqliteLedger
from mm.ledger.queries import LedgerQueries
from tests.unit.ledger.making import START, a_fill, a_run, an_intent, at, seen

Failures = list[str]


def run_with(
    path: Path, act: Callable[[SqliteLedger, Failures], Awaitable[None]], *, inline: bool = False, timeout: float = 2.0
) -> Failures:
    failures: Failures = []

    async def scenario() -> None:
        ledger = SqliteLedger.open(path, on_failure=failures.append, inline=inline, busy_timeout=timeout)
        try:
            await ledger.begin_run(a_run(), [])
            await act(ledger, failures)
        finally:
            await ledger.close()

    asyncio.run(scenario())
    return failures


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("inline", [False, True])
def test_intents_and_everything_recorded_before_are_there_when_commit_returns(tmp_path: Path, inline: bool) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        ledger.record(at(START), [RecordRisk("breaker", "warning", "first"), OpenHalt("loss", "second")])
        await ledger.commit_intents([an_intent(1), an_intent(2)])
        with LedgerQueries(path) as queries:
            assert [order.status for order in queries.orders()] == ["PENDING", "PENDING"]
            assert [event.detail for event in queries.risk_events()] == ["first", "second"]

    assert run_with(path, act, inline=inline) == []


def test_records_become_durable_by_themselves(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        ledger.record(at(START), [RecordRisk("breaker", "warning", "")])
        with LedgerQueries(path) as queries:
            await until(lambda: queries.counts()["risk_events"] == 1)

    assert run_with(path, act) == []


def test_a_record_made_after_a_commit_was_asked_for_stays_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    intent = an_intent(1)

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        commit = asyncio.ensure_future(ledger.commit_intents([intent]))
        await asyncio.sleep(0)
        ledger.record(at(START), [RecordOrder(intent.client_id, OrderStatus.OPEN, "x1", 0, "place")])
        await commit
        await ledger.flush()

    assert run_with(path, act) == []
    with LedgerQueries(path) as queries:
        assert [(order.status, order.exchange_id) for order in queries.orders()] == [("OPEN", "x1")]


def test_a_killed_process_leaves_the_intents_it_was_told_are_committed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    program = textwrap.dedent(
        """
        import asyncio, sys, threading
        from pathlib import Path
        from mm.ledger.ledger import SqliteLedger
        from tests.unit.ledger.making import START, a_run, an_intent, at, a_fill, seen

        async def main():
            ledger = SqliteLedger.open(Path(sys.argv[1]), on_failure=print)
            await ledger.begin_run(a_run(), [])
            for seq in range(1, 4):
                ledger.record(at(START), [seen(a_fill(seq))])
                await ledger.commit_intents([an_intent(seq)])
            print("committed", flush=True)
            threading.Event().wait()

        asyncio.run(main())
        """
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own program
        assert process.stdout is not None
        assert process.stdout.readline() == "committed\n"
        os.kill(process.pid, signal.SIGKILL)
    with LedgerQueries(path) as queries:
        assert [order.client_id for order in queries.orders()] == ["mm-abc123-1", "mm-abc123-2", "mm-abc123-3"]
        assert [fill.fill.trade_id for fill in queries.fills()] == [1, 2, 3]


def test_an_intent_twice_is_refused_and_rows_before_it_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        await ledger.commit_intents([an_intent(1)])
        ledger.record(at(START), [seen(a_fill(1))])
        with pytest.raises(LedgerError):
            await ledger.commit_intents([an_intent(2), an_intent(1)])
        await ledger.flush()

    assert run_with(path, act) == []
    with LedgerQueries(path) as queries:
        assert [order.client_id for order in queries.orders()] == ["mm-abc123-1"]
        assert len(queries.fills()) == 1


def test_an_older_instance_is_fenced_by_a_newer_run(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(older: SqliteLedger, failures: Failures) -> None:
        newer = SqliteLedger.open(path, on_failure=failures.append)
        begun = await newer.begin_run(a_run("run-2"), [])
        assert begun.run.epoch == 2
        with pytest.raises(LedgerError, match="fenced"):
            await older.commit_intents([an_intent(1)])
        await newer.commit_intents([an_intent(2)])
        await newer.close()

    assert run_with(path, act) == []
    with LedgerQueries(path) as queries:
        assert [order.client_id for order in queries.orders()] == ["mm-abc123-2"]


def test_a_locked_ledger_is_an_error_in_time_and_nothing_recorded_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, failures: Failures) -> None:
        await ledger.commit_intents([an_intent(1)])
        other = pysqlite3.connect(str(path), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        ledger.record(at(START), [seen(a_fill(1)), seen(a_fill(2))])
        with pytest.raises(LedgerError, match="locked"):
            await ledger.commit_intents([an_intent(2)])
        with pytest.raises(LedgerError, match="2 records are not durable"):
            await ledger.flush()
        assert failures
        assert "locked" in failures[0]
        other.execute("ROLLBACK")
        other.close()
        ledger.record(at(START), [seen(a_fill(3))])
        await ledger.commit_intents([an_intent(3)])
        await ledger.flush()

    run_with(path, act, timeout=0.05)
    with LedgerQueries(path) as queries:
        assert [fill.fill.trade_id for fill in queries.fills()] == [1, 2, 3]
        assert [order.client_id for order in queries.orders()] == ["mm-abc123-1", "mm-abc123-3"]


@pytest.mark.parametrize("inline", [False, True])
def test_a_full_disk_is_an_error_and_the_rows_follow_when_there_is_room(tmp_path: Path, inline: bool) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, failures: Failures) -> None:
        connection = ledger._pooled.driver_connection
        assert connection is not None
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        many = [RecordRisk("breaker", "warning", "x" * 3000) for _ in range(20)]
        ledger.record(at(START), many)
        with pytest.raises(LedgerError, match="full"):
            await ledger.commit_intents([an_intent(1)])
        with pytest.raises(LedgerError, match="not durable"):
            await ledger.flush()
        assert "full" in failures[0]
        connection.execute("PRAGMA max_page_count = 1000000")
        await ledger.commit_intents([an_intent(2)])
        await ledger.flush()

    run_with(path, act, inline=inline)
    with LedgerQueries(path) as queries:
        assert queries.counts()["risk_events"] == 20
        assert [order.client_id for order in queries.orders()] == ["mm-abc123-2"]


def test_the_same_fill_twice_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        ledger.record(at(START), [seen(a_fill(1)), seen(a_fill(1)), seen(a_fill(2))])
        await ledger.flush()

    assert run_with(path, act) == []
    with LedgerQueries(path) as queries:
        assert [fill.fill.trade_id for fill in queries.fills()] == [1, 2]
        assert [position.trade_id for position in queries.positions()] == [1, 2]


def test_a_fill_that_contradicts_the_record_is_told_and_ends_the_sending(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, failures: Failures) -> None:
        ledger.record(at(START), [seen(a_fill(1)), seen(a_fill(1, lots=21)), seen(a_fill(2))])
        with pytest.raises(LedgerError, match="trade 1"):
            await ledger.flush()
        assert "trade 1" in failures[0]
        with pytest.raises(LedgerError, match="contradicts"):
            await ledger.commit_intents([an_intent(1)])

    run_with(path, act)
    with LedgerQueries(path) as queries:
        assert [(fill.fill.trade_id, fill.fill.lots) for fill in queries.fills()] == [(1, 20), (2, 20)]
        assert queries.orders() == []


def test_a_number_that_does_not_fit_is_told_and_the_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, failures: Failures) -> None:
        ledger.record(at(START), [seen(a_fill(1)), RecordOrder("x", OrderStatus.OPEN, "1", 2**63, "stream")])
        with pytest.raises(LedgerError):
            await ledger.flush()
        assert failures

    run_with(path, act)
    with LedgerQueries(path) as queries:
        assert len(queries.fills()) == 1


def test_a_final_order_stays_final_and_keeps_what_was_executed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    client_id = an_intent(1).client_id

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        await ledger.commit_intents([an_intent(1)])
        for status, executed in ((OrderStatus.OPEN, 5), (OrderStatus.CANCELED, 12), (OrderStatus.OPEN, 5)):
            ledger.record(at(START), [RecordOrder(client_id, status, "x1", executed, "stream", "why")])
        await ledger.flush()

    assert run_with(path, act) == []
    with LedgerQueries(path) as queries:
        (order,) = queries.orders()
        assert (order.status, str(order.executed), order.reason) == ("CANCELED", "0.0012", "why")
        assert [event.status for event in queries.order_events()] == ["OPEN", "CANCELED", "OPEN"]


def test_a_fill_without_client_id_finds_its_order(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        await ledger.commit_intents([an_intent(1)])
        ledger.record(
            at(START), [RecordOrder(an_intent(1).client_id, OrderStatus.OPEN, "x7", 0, "place"), seen(a_fill(7))]
        )
        await ledger.flush()

    assert run_with(path, act) == []
    with LedgerQueries(path) as queries:
        assert queries.fills()[0].fill.client_id == an_intent(1).client_id


def test_nothing_is_taken_before_a_run_begins_or_after_closing(tmp_path: Path) -> None:
    async def scenario() -> None:
        ledger = SqliteLedger.open(tmp_path / "ledger.db", on_failure=print)
        with pytest.raises(LedgerError, match="no run"):
            await ledger.commit_intents([an_intent(1)])
        await ledger.close()
        await ledger.close()
        with pytest.raises(LedgerError, match="closed"):
            await ledger.flush()

    asyncio.run(scenario())


def test_end_of_run_is_on_record(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def act(ledger: SqliteLedger, _failures: Failures) -> None:
        await ledger.end_run(at(START) + 5, "stopped by signal", clean=True)

    assert run_with(path, act) == []
    with LedgerQueries(path) as queries:
        run = queries.last_run()
        assert run is not None
        assert (run.outcome, run.clean) == ("stopped by signal", True)
