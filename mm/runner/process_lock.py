"""A file that one process holds (flock) and in which it says who it is. Standard library only.

The kernel frees the lock when its process ends, however it ends. The file itself stays, with what the last holder
wrote about itself.
"""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mm.process_id import ProcessId

# A reader takes a shared lock for some microseconds, and a new holder needs as long to write its name.
SETTLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lock, verified: the lock is held and exactly this process runs."""

    process: ProcessId
    content: Mapping[str, Any]


class Taken(Exception):
    """Another process holds the lock; `holder` None: the file does not name it."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__("held by another process")
        self.holder = holder


class ProcessLock:
    """A context manager. The file says pid and start_ticks of the holder, and `content` beside them."""

    def __init__(self, path: Path, content: Mapping[str, Any]) -> None:
        self._path = path
        self._content = {**content, **ProcessId.own().as_dict()}
        self._fd: int | None = None

    def acquire(self) -> None:
        """Raises Taken when another process holds it, OSError when the file cannot be written."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(fd)
            _write(fd, self._content)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd

    def _take(self, fd: int) -> None:
        until = time.monotonic() + SETTLE_SECONDS
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found = _named(content(self._path))
                if found is not None or time.monotonic() > until:
                    raise Taken(found) from None
                time.sleep(0.01)
            else:
                return

    def say(self, **more: Any) -> None:
        """Add to what the file says. Raises OSError; only the holder may call it."""
        if self._fd is None:
            raise RuntimeError("a lock that is not held says nothing")
        self._content = {**self._content, **more}
        _write(self._fd, self._content)

    def beat(self) -> None:
        """Set the file's time to now, a sign of life that needs no disk space. Raises OSError."""
        if self._fd is not None:
            os.utime(self._fd)

    def release(self) -> None:
        """Give it back; may be called twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def holder(path: Path) -> Holder | None:
    """Who holds it, or None. Never blocks."""
    until = time.monotonic() + SETTLE_SECONDS
    while is_held(path):
        found = _named(content(path))
        if found is not None:
            return found
        if time.monotonic() > until:
            return None
        time.sleep(0.01)
    return None


def is_held(path: Path) -> bool:
    """True when some process holds the lock, whoever it is."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def content(path: Path) -> Mapping[str, Any]:
    """What the holder, or the last one, wrote; empty when there is no file, or its holder is writing it right now."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _named(found: Mapping[str, Any]) -> Holder | None:
    process = ProcessId.of(found)
    return Holder(process, found) if process is not None and process.is_running() else None


def _write(fd: int, content: Mapping[str, Any]) -> None:
    text = json.dumps(content).encode()
    os.pwrite(fd, text, 0)
    os.ftruncate(fd, len(text))
    os.fsync(fd)
