"""The file: readable after a kill, after a torn write, and never in the way of the bot."""

import errno
import gzip
import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mm.domain.actions import Action, Cancel, StopRun
from mm.domain.book import Book
from mm.domain.errors import LedgerError
from mm.domain.events import BookSeen, Event, StopRequested, TimerFired
from mm.journal.reader import JournalReader, read_journal
from mm.journal.writer import JournalWriter

SECOND = 1_000_000_000
Record = tuple[Event, tuple[Action, ...]]


def records(count: int, seed: int = 7) -> list[Record]:
    print("seed", seed)  # noqa: T201 -- shown by pytest when a test fails
    rng = random.Random(seed)
    found: list[Record] = []
    for number in range(count):
        levels = tuple((300_000 - level, rng.randrange(1, 5000)) for level in range(5))
        found.append((BookSeen(at=number, mono=number * SECOND // 50, book=Book(levels, (), number)), ()))
    found.append((StopRequested(at=1, mono=count * SECOND, why="done"), (Cancel("mm-a-1", "stop"), StopRun("done"))))
    return found


def write(path: Path, rows: list[Record], *, inline: bool = True) -> None:
    writer = JournalWriter(path, {"run_id": "run-1"}, on_failure=pytest.fail, inline=inline)
    for event, actions in rows:
        writer.append(event, actions)
    writer.close()
    writer.close()


@pytest.mark.parametrize("inline", [False, True])
def test_what_was_written_is_read(tmp_path: Path, inline: bool) -> None:
    rows = records(3000)
    write(tmp_path / "journal" / "run-1.jsonl.gz", rows, inline=inline)
    reader = JournalReader(tmp_path / "journal" / "run-1.jsonl.gz")
    assert reader.header == {"run_id": "run-1"}
    assert list(reader) == rows
    assert reader.complete


def test_it_is_private_plain_gzip_and_the_same_every_time(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        write(path, records(200))
    assert one.read_bytes() == two.read_bytes()
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    with gzip.open(one) as file:
        assert len(file.readlines()) == 202


def test_an_existing_journal_is_never_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "one", records(1))
    with pytest.raises(FileExistsError):
        JournalWriter(tmp_path / "one", {}, on_failure=pytest.fail)


def test_a_killed_writer_leaves_all_up_to_the_last_sync(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, threading
        from pathlib import Path
        from mm.domain.events import TimerFired
        from mm.journal.writer import JournalWriter
        writer = JournalWriter(Path(sys.argv[1]), {}, on_failure=print)
        for number in range(100):
            writer.append(TimerFired(at=number, mono=number * 100_000_000, name="tick"), ())
        print("done", flush=True)
        threading.Event().wait()
        """
    )
    path = tmp_path / "one"
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own program
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        wait_until(lambda: len(list(read_journal(path)[1])) >= 91)
        os.kill(process.pid, signal.SIGKILL)
    reader = JournalReader(path)
    assert [event.at for event, _ in reader] == list(range(91))
    assert not reader.complete


def test_a_journal_cut_anywhere_gives_a_beginning(tmp_path: Path) -> None:
    rows = records(400)
    write(tmp_path / "whole", rows)
    content = (tmp_path / "whole").read_bytes()
    cut = tmp_path / "cut"
    rng = random.Random(11)
    lengths = []
    for size in sorted(rng.randrange(1500, len(content)) for _ in range(60)):
        cut.write_bytes(content[:size])
        reader = JournalReader(cut)
        found = list(reader)
        assert found == rows[: len(found)]
        assert not reader.complete
        lengths.append(len(found))
    assert lengths == sorted(lengths)
    assert lengths[-1] > 300


def test_garbage_behind_the_last_sync_is_not_read(tmp_path: Path) -> None:
    rows = records(400)
    write(tmp_path / "whole", rows)
    content = bytearray((tmp_path / "whole").read_bytes())
    content[-200:] = b"\xff" * 200
    (tmp_path / "whole").write_bytes(content)
    reader = JournalReader(tmp_path / "whole")
    found = list(reader)
    assert 300 < len(found) < len(rows)
    assert found == rows[: len(found)]
    assert not reader.complete


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", gzip.compress(b"[1]\n", mtime=0), gzip.compress(b'{"format": 1}\n', mtime=0)],
    ids=["empty", "text", "no_header", "half_a_header"],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "one").write_bytes(content)
    with pytest.raises(LedgerError, match="no journal"):
        JournalReader(tmp_path / "one")


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(gzip.compress(b'{"format": 2, "fields": {}, "run": {}}\n'))
    with pytest.raises(LedgerError, match="format 2"):
        JournalReader(tmp_path / "one")


@pytest.mark.parametrize("inline", [False, True])
def test_a_full_disk_is_told_once_and_append_goes_on(tmp_path: Path, inline: bool) -> None:
    failures: list[str] = []
    writer = JournalWriter(tmp_path / "one", {}, on_failure=failures.append, inline=inline)
    file = writer._stream._file

    class Full:
        def write(self, data: memoryview) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            file.close()

    writer.append(TimerFired(at=1, mono=10 * SECOND, name="tick"), ())
    writer.sync()
    wait_until(lambda: len(list(read_journal(tmp_path / "one")[1])) == 1)
    writer._stream._file = Full()  # type: ignore[assignment]  # a disk that is full from now on
    for number in range(5):
        writer.append(TimerFired(at=2, mono=(20 + number) * 10 * SECOND, name="tick"), ())
    writer.close()
    assert failures == ["the journal could not be written: No space left on device"]
    assert [event.at for event, _ in read_journal(tmp_path / "one")[1]] == [1]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = threading.Event()
    for _ in range(2000):
        if condition():
            return
        deadline.wait(0.005)
    raise AssertionError("nothing happened within 10 s")
