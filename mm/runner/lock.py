"""One bot per environment: an exclusive flock on MM_HOME/<environment>/bot.lock. Standard library only.

The kernel frees the lock when its process ends, however it ends. The file itself stays, with what the last holder
wrote about itself, for people and for `mm stop`.
"""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from mm.domain.errors import InstanceRunning
from mm.home import EnvironmentHome
from mm.process_id import ProcessId

# A reader takes a shared lock for some microseconds, and a new holder needs as long to write its name.
SETTLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class BotProcess:
    """The bot that holds the lock, verified: the lock is held and exactly this process runs."""

    process: ProcessId
    run_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class BotLock:
    """Held while the bot runs. A context manager; `facts` beside pid, start_ticks and run_id are written too."""

    def __init__(self, env_home: EnvironmentHome, run_id: str, facts: Mapping[str, Any] | None = None) -> None:
        self._home = env_home
        self._content = {**(facts or {}), **ProcessId.own().as_dict(), "run_id": run_id}
        self._fd: int | None = None

    def acquire(self) -> None:
        """Raises InstanceRunning when another bot holds it, OSError when the file cannot be written."""
        fd = os.open(self._home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
                holder = _holder(_read(self._home))
                if holder is not None or time.monotonic() > until:
                    raise _running(self._home, holder) from None
                time.sleep(0.01)
            else:
                return

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


def running_bot(env_home: EnvironmentHome) -> BotProcess | None:
    """The bot of this environment, or None when none runs. Never blocks, needs no ledger."""
    until = time.monotonic() + SETTLE_SECONDS
    while is_held(env_home):
        holder = _holder(_read(env_home))
        if holder is not None:
            return holder
        if time.monotonic() > until:
            return None
        time.sleep(0.01)
    return None


def is_held(env_home: EnvironmentHome) -> bool:
    """True when some process holds the lock, whoever it is."""
    try:
        fd = os.open(env_home.lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _read(env_home: EnvironmentHome) -> Mapping[str, Any]:
    try:
        content = json.loads(env_home.lock.read_bytes())
    except (OSError, ValueError):
        return {}  # no file yet, or its holder is writing it right now
    return content if isinstance(content, dict) else {}


def _holder(content: Mapping[str, Any]) -> BotProcess | None:
    process = ProcessId.of(content)
    if process is None or not process.is_running():
        return None
    return BotProcess(process, str(content.get("run_id", "")), content)


def _write(fd: int, content: Mapping[str, Any]) -> None:
    text = json.dumps(content).encode()
    os.pwrite(fd, text, 0)
    os.ftruncate(fd, len(text))
    os.fsync(fd)


def _running(env_home: EnvironmentHome, holder: BotProcess | None) -> InstanceRunning:
    who = (
        f"process {holder.process.pid}, run {holder.run_id}"
        if holder
        else f"a process that {env_home.lock} does not name"
    )
    return InstanceRunning(
        f"a bot already runs on {env_home.environment} ({who})",
        f"watch it with 'mm status', or end it with 'mm stop --{env_home.environment}'",
    )
