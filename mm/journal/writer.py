"""Writes the journal: one JSON line a record, gzip in a stream that can be read after a kill (zcat does too)."""

import os
import queue
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from mm.domain.actions import Action
from mm.domain.events import Event
from mm.journal.codec import Encoder

FORMAT = 1
SUFFIX = ".jsonl.gz"
_SYNC_NANOSECONDS = 1_000_000_000
_CHUNK_BYTES = 64 * 1024
_MAX_WAITING_BYTES = 64 * 1024 * 1024
_GZIP = 31
_NEWLINE = orjson.OPT_APPEND_NEWLINE
OnFailure = Callable[[str], None]


class JournalWriter:
    """Plays `mm.ports.Journal`. `append` belongs to one thread and never raises or waits for the disk.

    What was appended is with the operating system, readable, after about a second (and survives a kill of this
    process, not a power cut). When writing fails, `on_failure(why)` is called once and the journal ends there, a
    readable beginning; from the writer's thread unless `inline` (everything in the caller's, for virtual time).
    """

    def __init__(self, path: Path, header: Mapping[str, Any], *, on_failure: OnFailure, inline: bool = False) -> None:
        """`header`: plain JSON, the run's facts. Raises OSError when the file cannot be made or is there already."""
        self._encoder = Encoder()
        self._lines: list[bytes] = []
        self._size = 0
        self._handed_over = 0
        self._closed = False
        # Each counted by one thread only.
        self._queued = 0
        self._written = 0
        self._stream = _Stream(path, on_failure)
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        facts = {"format": FORMAT, "fields": self._encoder.field_names, "run": dict(header)}
        self._stream.write(orjson.dumps(facts, default=str, option=_NEWLINE))
        self._thread = None if inline else threading.Thread(target=self._work, name="journal-writer", daemon=True)
        if self._thread is not None:
            self._thread.start()

    def append(self, event: Event, actions: Sequence[Action]) -> None:
        encode = self._encoder.encode
        line = orjson.dumps([encode(event), [encode(action) for action in actions]], option=_NEWLINE)
        self._lines.append(line)
        self._size += len(line)
        # The event's own clock: no clock is read here, and virtual time gives the same file every time.
        if self._size >= _CHUNK_BYTES or event.mono - self._handed_over >= _SYNC_NANOSECONDS:
            self._handed_over = event.mono
            self._hand_over()

    def sync(self) -> None:
        """Hand over what waits now, without waiting for the next event."""
        if self._lines:
            self._hand_over()

    def close(self) -> None:
        """Finish the file. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self.sync()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
        self._stream.finish()

    def _hand_over(self) -> None:
        chunk = b"".join(self._lines)
        self._lines.clear()
        self._size = 0
        if self._thread is None:
            self._stream.write(chunk)
        elif self._queued - self._written < _MAX_WAITING_BYTES:
            self._queued += len(chunk)
            self._queue.put(chunk)
        else:
            self._stream.fail("the disk is too slow, the journal ends here")

    def _work(self) -> None:
        while True:
            chunk = self._queue.get()
            if chunk is None:
                return
            self._stream.write(chunk)
            self._written += len(chunk)


class _Stream:
    """The compressed file; every write ends in a sync point."""

    def __init__(self, path: Path, on_failure: OnFailure) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb", buffering=0)
        self._compressor = zlib.compressobj(level=1, wbits=_GZIP)
        self._on_failure = on_failure
        self._failed = False

    def write(self, chunk: bytes) -> None:
        if not self._failed:
            packed = self._compressor.compress(chunk) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
            self._put(packed)

    def finish(self) -> None:
        if not self._failed:
            self._put(self._compressor.flush(zlib.Z_FINISH))
        self._file.close()

    def fail(self, why: str) -> None:
        """From here on nothing is written."""
        if not self._failed:
            self._failed = True
            self._on_failure(why)

    def _put(self, packed: bytes) -> None:
        try:
            rest = memoryview(packed)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.fail(f"the journal could not be written: {error.strerror}")
