"""Commands become events of the running bot only."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pysqlite3

from mm.control.reader import ControlPoller
from mm.control.store import ControlStore
from mm.domain.events import HaltRequested, ResumeRequested, StopRequested

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)


class StillClock:
    def now(self) -> int:
        return 7

    def monotonic(self) -> int:
        return 8

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def poller(store: ControlStore, failures: list[str]) -> ControlPoller:
    return ControlPoller(
        store, environment="sim", run_id="run-1", since=NOW, clock=StillClock(), on_failure=failures.append
    )


def test_commands_are_events_with_the_clock_s_time(tmp_path: Path) -> None:
    failures: list[str] = []
    with ControlStore(tmp_path / "control.db", now=lambda: NOW) as store:
        reader = poller(store, failures)
        assert reader.poll() == ()
        store.add_command("sim", "stop", {}, "jo")
        store.add_command("sim", "stop", {"why": "lunch"}, "jo")
        store.add_command("sim", "resume", {"note": "back"}, "jo")
        store.add_command("sim", "halt", {"cause": "watchdog", "detail": "frozen"}, "watchdog")
        assert reader.poll() == (
            StopRequested(at=7, mono=8, why="ordered by jo"),
            StopRequested(at=7, mono=8, why="lunch"),
            ResumeRequested(at=7, mono=8, by="jo", note="back"),
            HaltRequested(at=7, mono=8, cause="watchdog", detail="frozen"),
        )
        assert reader.poll() == ()
    assert failures == []


def test_a_command_for_an_earlier_run_is_dropped(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db", now=lambda: NOW - timedelta(seconds=1)) as store:
        store.add_command("sim", "stop", {}, "jo")
        assert poller(store, []).poll() == ()
        assert store.take_commands("sim", "x") == []


def test_a_locked_database_is_told_once_and_tried_again(tmp_path: Path) -> None:
    failures: list[str] = []
    with ControlStore(tmp_path / "control.db", now=lambda: NOW, busy_timeout=0.01) as store:
        store.add_command("sim", "stop", {"why": "lunch"}, "jo")
        reader = poller(store, failures)
        other = pysqlite3.connect(str(tmp_path / "control.db"), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        assert reader.poll() == ()
        assert reader.poll() == ()
        assert len(failures) == 1
        assert "locked" in failures[0]
        other.execute("ROLLBACK")
        other.close()
        assert list(reader.poll()) == [StopRequested(at=7, mono=8, why="lunch")]


def test_a_halt_that_could_not_be_written_is_written_later(tmp_path: Path) -> None:
    """Else the next start would know nothing of it, and trade on without a person."""
    failures: list[str] = []
    path = tmp_path / "control.db"
    with ControlStore(path, now=lambda: NOW, busy_timeout=0.01) as store:
        reader = poller(store, failures)
        other = pysqlite3.connect(str(path), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        reader.write_halt("daily_loss", "lost 6 USDC")
        reader.write_halt("ledger", "the disk is full")
        reader.poll()
        other.execute("ROLLBACK")
        other.close()
        assert store.open_halts("sim") == []
        reader.poll()
        assert [(halt.cause, halt.detail) for halt in store.open_halts("sim")] == [
            ("daily_loss", "lost 6 USDC"),
            ("ledger", "the disk is full"),
        ]
        store.lift_halts("sim", "jo", "seen")
        reader.poll()
        assert store.open_halts("sim") == []
    assert len(failures) == 1


def test_a_halt_is_written_at_once(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db", now=lambda: NOW) as store:
        poller(store, []).write_halt("daily_loss", "lost 6 USDC")
        assert [halt.cause for halt in store.open_halts("sim")] == ["daily_loss"]
