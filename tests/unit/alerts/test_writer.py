"""The event loop hands alerts over and goes on; what control.db does not take now it takes later."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from mm.alerts.writer import OutboxWriter
from mm.control.store import ControlStore
from mm.database.sqlite import connect
from mm.domain.alert import Alert, Severity
from mm.domain.errors import LedgerError


def alert(code: str = "daily_loss", text: str = "lost 6 USDC") -> Alert:
    return Alert("sim", code, Severity.ERROR, f"halted: {code}", text)


def kept(path: Path) -> list[tuple[str, int, str]]:
    with ControlStore(path) as store:
        return [(each.code, each.times, each.last_text) for each in store.outbox.list()]


def test_what_was_put_is_in_control_db_after_a_flush(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    failures: list[str] = []
    writer = OutboxWriter(lambda: ControlStore(path), failures.append)
    writer.put(alert())
    writer.put(alert("ledger"))
    assert writer.flush(20)
    assert [code for code, _, _ in kept(path)] == ["daily_loss", "ledger"]
    assert writer.close(20)
    assert failures == []


def test_a_locked_control_db_delays_nobody_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    ControlStore(path).close()
    failures: list[str] = []
    has_failed = threading.Event()

    def failed(why: str) -> None:
        failures.append(why)
        has_failed.set()

    writer = OutboxWriter(lambda: ControlStore(path, busy_timeout=0.05), failed)
    blocker = connect(path)
    blocker.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    for number in range(2000):
        writer.put(alert("order_unknown", f"order {number}"))
    assert time.monotonic() - began < 2
    assert has_failed.wait(20)
    assert writer.waiting == 1
    blocker.execute("ROLLBACK")
    blocker.close()
    assert writer.close(20)
    assert kept(path) == [("order_unknown", 2000, "order 1999")]
    assert len(failures) == 1


def test_what_cannot_be_written_until_the_end_is_told(tmp_path: Path) -> None:
    failures: list[str] = []

    def broken() -> ControlStore:
        raise LedgerError("control.db is damaged")

    writer = OutboxWriter(broken, failures.append)
    writer.put(alert())
    assert not writer.close(0.2)
    assert failures[0] == "control.db is damaged"
    assert failures[1] == "not written: ERROR daily_loss: lost 6 USDC"


def test_put_returns_while_the_thread_waits_for_the_disk(tmp_path: Path) -> None:
    free = threading.Event()
    opened: list[ControlStore] = []

    def slow() -> ControlStore:
        free.wait(20)
        opened.append(ControlStore(tmp_path / "control.db", now=lambda: datetime(2026, 11, 28, tzinfo=UTC)))
        return opened[0]

    writer = OutboxWriter(slow, lambda _why: None)
    for _ in range(3):
        writer.put(alert())
    assert opened == []
    free.set()
    assert writer.close(20)
    assert [(code, times) for code, times, _ in kept(tmp_path / "control.db")] == [("daily_loss", 3)]
