"""An exclusive lock that the kernel frees when its process ends, however it ends. Standard library only."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mm.domain.errors import InstanceRunning

WAIT_SECONDS = 5.0


@contextmanager
def held(path: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """An exclusive flock on `path`. Raises InstanceRunning when it is not free in time."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise InstanceRunning(f"another process holds {path}", "wait for it, or mm sim stop") from None
                time.sleep(0.01)
            else:
                break
        yield
    finally:
        os.close(descriptor)
