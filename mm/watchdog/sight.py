"""One look at an environment's files and processes. Standard library only."""

from pathlib import Path

from mm.home import EnvironmentHome
from mm.runner.latch import armed_facts
from mm.runner.lock import running_bot
from mm.watchdog.judge import Sight


def look(env_home: EnvironmentHome) -> Sight:
    """Never blocks for long; what cannot be read counts as not there."""
    sign = _times(env_home.armed)
    facts = armed_facts(env_home)
    if sign is None:
        if facts is None or not env_home.stop.exists():
            return Sight("none")
        return Sight("stop", facts.run_id, alive=facts.process.is_running())
    bot = running_bot(env_home)
    if facts is None:  # ARMED cannot be read; the lock tells whether somebody is behind it
        return Sight("armed", bot.run_id if bot else "", sign, alive=bot is not None)
    if facts.process.is_running():
        return Sight("armed", facts.run_id, sign, alive=True)
    # A bot disarms and then ends. Now that it is seen dead, ARMED tells for certain whether the end was clean.
    if _times(env_home.armed) != sign:
        return look(env_home)
    return Sight("armed", facts.run_id, sign, successor=bot.process if bot else None)


def _times(path: Path) -> tuple[int, int] | None:
    """Changes with every touch, and with every new file of that name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
