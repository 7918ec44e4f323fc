"""The stop latch: a bot sends orders only while MM_HOME/<environment>/ARMED exists. Standard library only.

    arm      ARMED is made at start-up, with what an emergency stop must know about the bot
    trip     ARMED is renamed to STOP: works on a full disk, with a locked ledger, with a frozen bot
    disarm   a clean end: ARMED becomes DISARMED, the facts stay readable
    lift     a person resumed: STOP becomes DISARMED

`arm` writes ARMED and then looks for STOP; `trip` makes STOP and then looks for ARMED. Whatever the order in
which the two run, one of them sees the other, and the bot ends up stopped.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mm.domain.errors import HaltedError
from mm.home import EnvironmentHome
from mm.process_id import ProcessId

TripOutcome = Literal["tripped", "already_stopped", "stop_created", "failed"]


@dataclass(frozen=True, slots=True)
class BotFacts:
    """What an emergency stop needs to know, written by the bot itself.

    `recv_window_seconds` and `fence_margin_seconds` are the bot's own settings: a request that it signed can no
    longer execute after recvWindow + the exchange's own time-out + margin.
    """

    process: ProcessId
    run_id: str
    symbol: str
    client_id_prefix: str
    recv_window_seconds: float
    fence_margin_seconds: float

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.process.as_dict(),
            "run_id": self.run_id,
            "symbol": self.symbol,
            "client_id_prefix": self.client_id_prefix,
            "recv_window_seconds": self.recv_window_seconds,
            "fence_margin_seconds": self.fence_margin_seconds,
        }

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "BotFacts | None":
        """None when anything is missing or of the wrong kind."""
        process = ProcessId.of(content)
        try:
            facts = cls(
                process or ProcessId(0, 0),
                str(content["run_id"]),
                str(content["symbol"]),
                str(content["client_id_prefix"]),
                float(content["recv_window_seconds"]),
                float(content["fence_margin_seconds"]),
            )
        except (KeyError, TypeError, ValueError):
            return None
        return facts if facts.symbol and facts.client_id_prefix else None


@dataclass(frozen=True, slots=True)
class Trip:
    """What `trip` did. `why` is empty unless it failed."""

    outcome: TripOutcome
    why: str = ""

    @property
    def stopped(self) -> bool:
        return self.outcome != "failed"


class FileLatch:
    """The bot's side of it."""

    def __init__(self, env_home: EnvironmentHome) -> None:
        # Plain strings: a Path is turned into one at every call.
        self._armed = str(env_home.armed)
        self._stop = str(env_home.stop)

    def is_armed(self) -> bool:
        """True when orders may be sent. Two system calls; an error of the file system counts as stopped."""
        return os.access(self._armed, os.F_OK) and not os.access(self._stop, os.F_OK)

    def beat(self) -> None:
        """Set ARMED's time to now (needs no disk space), so that a stop can tell when the bot last lived."""
        with suppress(FileNotFoundError):  # tripped: there is nothing to keep alive
            os.utime(self._armed)


def arm(env_home: EnvironmentHome, facts: BotFacts) -> FileLatch:
    """Allow orders. Only the holder of the bot's lock may call it.

    Raises HaltedError while STOP exists, OSError when ARMED cannot be written durably.
    """
    _refuse_while_stopped(env_home)
    draft = env_home.path / f".ARMED.{os.getpid()}"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "w") as file:
            json.dump(facts.as_dict(), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(env_home.armed)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(env_home.path)
    if _exists(env_home.stop):
        # Tripped in between: what was armed a moment ago is taken back.
        env_home.armed.unlink(missing_ok=True)
        _refuse_while_stopped(env_home)
    return FileLatch(env_home)


def disarm(env_home: EnvironmentHome) -> None:
    """A clean end: no own order is left. STOP, should someone have tripped it meanwhile, stays."""
    with suppress(FileNotFoundError):
        env_home.armed.rename(env_home.disarmed)
        _sync_folder(env_home.path)


def trip(env_home: EnvironmentHome) -> Trip:
    """No more orders, from this moment. Never raises; allocates nothing on the disk when a bot is armed."""
    was_stopped = _exists(env_home.stop)
    try:
        if _rename_armed(env_home):
            return Trip("tripped")
        if was_stopped:
            return Trip("already_stopped")
        env_home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(env_home.stop, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        # A bot that armed in between is stopped too.
        return Trip("tripped" if _rename_armed(env_home) else "stop_created")
    except OSError as error:
        return Trip("failed", str(error))


def lift(env_home: EnvironmentHome) -> bool:
    """A person resumed: take STOP away. False when there was none. The bot must be started again to be armed."""
    try:
        if _read(env_home.stop) is None:
            env_home.stop.unlink()  # made without a bot: DISARMED may hold facts that are worth keeping
        else:
            env_home.stop.rename(env_home.disarmed)
    except FileNotFoundError:
        return False
    _sync_folder(env_home.path)
    return True


def make_durable(env_home: EnvironmentHome) -> None:
    """A trip survives a power cut from here on. Apart from `trip`, since a slow disk must not delay a stop."""
    _sync_folder(env_home.path)


def armed_facts(env_home: EnvironmentHome) -> BotFacts | None:
    """The facts of a bot that did not end cleanly: out of ARMED or STOP."""
    return _read(env_home.armed) or _read(env_home.stop)


def last_facts(env_home: EnvironmentHome) -> BotFacts | None:
    """The facts of the bot that was armed last, however it ended; None when none ever was."""
    return armed_facts(env_home) or _read(env_home.disarmed)


def _read(file: Path) -> BotFacts | None:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None  # not there, or a STOP made by hand
    return BotFacts.of(content) if isinstance(content, dict) else None


def _refuse_while_stopped(env_home: EnvironmentHome) -> None:
    if _exists(env_home.stop):
        raise HaltedError(
            f"{env_home.environment} was stopped by an emergency ({env_home.stop} exists)",
            f"find out why, then lift it with 'mm risk resume --{env_home.environment} --note WHY'",
        )


def _rename_armed(env_home: EnvironmentHome) -> bool:
    try:
        os.rename(env_home.armed, env_home.stop)  # noqa: PTH104  # one system call: this must work on a full disk
    except FileNotFoundError:
        return False
    return True


def _exists(path: Path) -> bool:
    return os.access(path, os.F_OK)


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
