"""One bot per environment: an exclusive flock on MM_HOME/<environment>/bot.lock. Standard library only.

What the last holder wrote about itself stays, for people and for `mm stop`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mm.domain.errors import InstanceRunning
from mm.home import EnvironmentHome
from mm.process_id import ProcessId
from mm.runner import process_lock
from mm.runner.process_lock import Holder, ProcessLock, Taken


@dataclass(frozen=True, slots=True)
class BotProcess:
    """The bot that holds the lock, verified: the lock is held and exactly this process runs."""

    process: ProcessId
    run_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class BotLock(ProcessLock):
    """Held while the bot runs. A context manager; `facts` beside pid, start_ticks and run_id are written too."""

    def __init__(self, env_home: EnvironmentHome, run_id: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(env_home.lock, {**(facts or {}), "run_id": run_id})
        self._home = env_home

    def acquire(self) -> None:
        """Raises InstanceRunning when another bot holds it, OSError when the file cannot be written."""
        try:
            super().acquire()
        except Taken as taken:
            raise _running(self._home, _bot(taken.holder)) from None


def running_bot(env_home: EnvironmentHome) -> BotProcess | None:
    """The bot of this environment, or None when none runs. Never blocks, needs no ledger."""
    return _bot(process_lock.holder(env_home.lock))


def is_held(env_home: EnvironmentHome) -> bool:
    """True when some process holds the lock, whoever it is."""
    return process_lock.is_held(env_home.lock)


def _bot(holder: Holder | None) -> BotProcess | None:
    if holder is None:
        return None
    return BotProcess(holder.process, str(holder.content.get("run_id", "")), holder.content)


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
