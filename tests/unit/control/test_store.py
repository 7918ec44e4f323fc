"""What people write stays, is given to one taker, and cannot be rewritten."""

import multiprocessing
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pysqlite3
import pytest

from mm.control.store import ControlStore
from mm.domain.errors import LedgerError

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)


class Wall:
    """A clock that moves one second at every look."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def test_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "home" / "control.db"
    with ControlStore(path) as store:
        store.add_note("sim", "2026-11-10", "jo", "quiet")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["control.db"]


def test_a_command_is_taken_once_by_its_environment_in_order(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db", now=Wall()) as one, ControlStore(tmp_path / "control.db") as two:
        first = one.add_command("sim", "stop", {"why": "lunch"}, "jo")
        one.add_command("sim", "resume", {"note": "back"}, "jo")
        one.add_command("testnet", "stop", {}, "jo")
        assert two.take_commands("mainnet", "run-0") == []
        taken = two.take_commands("sim", "run-1")
        assert [(command.id, command.kind, command.payload, command.by) for command in taken] == [
            (first, "stop", {"why": "lunch"}, "jo"),
            (first + 1, "resume", {"note": "back"}, "jo"),
        ]
        assert one.take_commands("sim", "run-2") == []
        seen = one.command(first)
        assert seen is not None
        assert (seen.at, seen.taken_by) == (NOW + timedelta(seconds=1), "run-1")
        assert one.command(999) is None


def test_only_the_kinds_asked_for_are_taken(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db") as store:
        store.add_command("sim", "later_kind", {}, "jo")
        assert store.take_commands("sim", "run-1", ("stop",)) == []
        assert [command.kind for command in store.take_commands("sim", "run-1")] == ["later_kind"]


def test_two_takers_at_once_share_no_command(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with ControlStore(path) as store:
        for number in range(40):
            store.add_command("sim", "stop", {"number": number}, "jo")
    taken: list[int] = []
    start = threading.Barrier(3)

    def take() -> None:
        with ControlStore(path) as mine:
            start.wait()
            taken.extend(command.id for command in mine.take_commands("sim", "x"))

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 41))


def test_a_halt_is_open_once_per_cause_until_lifted(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db", now=Wall()) as store:
        assert store.open_halt("sim", "daily_loss", "lost 6 USDC") is True
        assert store.open_halt("sim", "daily_loss", "lost 7 USDC") is False
        assert store.open_halt("sim", "drawdown", "") is True
        assert store.open_halt("testnet", "daily_loss", "") is True
        assert [(halt.cause, halt.detail) for halt in store.open_halts("sim")] == [
            ("daily_loss", "lost 6 USDC"),
            ("drawdown", ""),
        ]
        lifted = store.lift_halts("sim", "jo", "looked at it")
        assert [(halt.cause, halt.lifted_by, halt.note) for halt in lifted] == [
            ("daily_loss", "jo", "looked at it"),
            ("drawdown", "jo", "looked at it"),
        ]
        assert store.open_halts("sim") == []
        assert len(store.open_halts("testnet")) == 1
        assert store.open_halt("sim", "daily_loss", "again") is True
        assert [halt.lifted_at is None for halt in store.halts("sim")] == [False, False, True]


@pytest.mark.parametrize(("by", "note"), [("", "x"), ("jo", " ")])
def test_nobody_lifts_a_halt_without_name_and_note(tmp_path: Path, by: str, note: str) -> None:
    with ControlStore(tmp_path / "control.db") as store:
        store.open_halt("sim", "daily_loss", "")
        with pytest.raises(ValueError, match="name and a note"):
            store.lift_halts("sim", by, note)
        assert len(store.open_halts("sim")) == 1


def test_the_stage_is_that_of_the_last_event(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db", now=Wall()) as store:
        assert (store.stage(), store.stage_since()) == ("testnet", None)
        store.add_stage_event("100", "promote", "jo", "48 h without a crash", {"hours": 48})
        since = NOW + timedelta(seconds=1)
        store.add_stage_event("100", "note", "jo", "still", {})
        assert (store.stage(), store.stage_since()) == ("100", since)
        store.add_stage_event("testnet", "demote", "mm", "level 3", {})
        assert (store.stage(), store.stage_since()) == ("testnet", since + timedelta(seconds=2))
        assert store.stage_events()[0].evidence == {"hours": 48}


@pytest.mark.parametrize("statement", ["UPDATE stage_events SET stage = '2000'", "DELETE FROM stage_events"])
def test_stage_events_cannot_be_rewritten(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "control.db"
    with ControlStore(path) as store:
        store.add_stage_event("100", "promote", "jo", "", {})
    connection = pysqlite3.connect(str(path))
    with pytest.raises(pysqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


def test_reviews_keep_their_content_and_hash(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db") as store:
        first = store.save_review("sim", "daily", "2026-11-10", {"pnl": "1.50", "fills": 3}, "# Review")
        same = store.save_review("sim", "daily", "2026-11-10", {"fills": 3, "pnl": "1.50"}, "# Review")
        other = store.save_review("sim", "daily", "2026-11-11", {"fills": 4, "pnl": "1.50"}, "# Review")
        store.save_review("sim", "weekly", "2026-W46", {}, "")
        assert first.hash == same.hash != other.hash
        assert store.reviews("sim", "daily") == [first, same, other]
        assert store.reviews("sim", "daily", "2026-11-11")[0].content == {"fills": 4, "pnl": "1.50"}
        assert store.reviews("testnet") == []


def test_notes_of_a_day(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db") as store:
        store.add_note("sim", "2026-11-10", "jo", "news")
        store.add_note("sim", "2026-11-11", "jo", "more")
        assert [(note.by, note.text) for note in store.notes("sim", "2026-11-10")] == [("jo", "news")]
        assert len(store.notes("sim")) == 2


def test_a_lock_held_too_long_is_an_error_and_the_store_goes_on_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with ControlStore(path, busy_timeout=0.05) as store:
        other = pysqlite3.connect(str(path), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match="locked"):
            store.open_halt("sim", "x", "")
        with pytest.raises(LedgerError, match="locked"):
            store.open_halts("sim")
        other.execute("ROLLBACK")
        other.close()
        assert store.open_halt("sim", "x", "") is True


def _write_once(path: Path, number: int) -> None:
    with ControlStore(path) as store:
        store.add_note("sim", "2026-11-10", "jo", str(number))


def test_processes_that_make_the_database_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_once, args=(path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    with ControlStore(path) as store:
        assert sorted(note.text for note in store.notes("sim")) == ["0", "1", "2", "3"]
    assert [file.name for file in tmp_path.iterdir()] == ["control.db"]
