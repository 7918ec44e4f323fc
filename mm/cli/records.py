"""What reading commands share: the home, its ledger and control database, the settings they go with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from mm.domain.errors import LedgerError, UsageError
from mm.domain.trading_day import TradingDay, trading_day_at, trading_day_of
from mm.home import EnvironmentHome, Home

if TYPE_CHECKING:
    from mm.config.loader import LoadedSettings
    from mm.config.settings import TradingDaySettings
    from mm.control.records import Halt
    from mm.control.store import ControlStore
    from mm.ledger.queries import LedgerQueries
    from mm.ledger.views import RunView

FIRST_STAGE = "testnet"


def utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_ledger(files: EnvironmentHome) -> "Iterator[LedgerQueries]":
    """Raises LedgerError (exit 9) when nothing ran there yet, or the ledger cannot be read."""
    from mm.ledger.queries import LedgerQueries

    if not files.ledger.exists():
        raise LedgerError(
            f"nothing has run on {files.environment} yet ({files.ledger} is not there)",
            f"start with `mm run --profile 100usdc --{files.environment}`",
        )
    with LedgerQueries(files.ledger) as ledger:
        yield ledger


@contextmanager
def open_control(home: Home) -> "Iterator[ControlStore]":
    """Makes control.db when it is not there."""
    from mm.control.store import ControlStore

    with ControlStore(home.control) as control:
        yield control


def open_halts(home: Home, environment: str) -> "list[Halt]":
    """Without making anything."""
    if not home.control.exists():
        return []
    with open_control(home) as control:
        return control.open_halts(environment)


def current_stage(home: Home) -> str:
    if not home.control.exists():
        return FIRST_STAGE
    with open_control(home) as control:
        return control.stage()


def last_run(ledger: "LedgerQueries", files: EnvironmentHome) -> "RunView":
    """Raises LedgerError when the ledger knows none."""
    run = ledger.last_run()
    if run is None:
        raise LedgerError(
            f"{files.ledger} holds no run yet", f"start with `mm run --profile 100usdc --{files.environment}`"
        )
    return run


def settings_of(home: Home, profile: str) -> "LoadedSettings":
    """The configuration in force now for a profile. Raises ConfigurationError."""
    from mm.config.loader import load_settings

    return load_settings(home, profile, os.environ)


def live_run(files: EnvironmentHome) -> str | None:
    """The run of the bot that holds the lock now, verified."""
    from mm.runner.lock import running_bot

    bot = running_bot(files)
    return bot.run_id if bot else None


def minder(files: EnvironmentHome) -> dict[str, object] | None:
    """The watchdog that minds the environment, verified by its lock: pid, and seconds since its last sign of life."""
    import time

    from mm.runner.process_lock import holder

    found = holder(files.watchdog_lock)
    if found is None:
        return None
    try:
        age = max(0.0, time.time() - files.watchdog_lock.stat().st_mtime)
    except OSError:
        return None  # the folder went away under it
    return {"pid": found.process.pid, "age": round(age, 3)}


def trading_day(settings: "TradingDaySettings", text: str | None, now: datetime) -> TradingDay:
    """The day named (YYYY-MM-DD, the date on which it closes), else today's. Raises UsageError."""
    if text is None:
        return trading_day_at(now, settings.close, settings.zone)
    try:
        named = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text[:40]!r} is no day", "write it as YYYY-MM-DD, the date on which it closes") from None
    day = trading_day_of(named, settings.close, settings.zone)
    if day.start > now:
        raise UsageError(f"trading day {text} has not begun", f"it begins at {day.start:%Y-%m-%d %H:%M} UTC")
    return day


def refuse_before_record(day: TradingDay, ledger: "LedgerQueries", settings: "TradingDaySettings") -> None:
    """Raises UsageError for a day that was over before the first run."""
    first = ledger.runs()[0].started
    if day.end <= first:
        began = trading_day_at(first, settings.close, settings.zone).day
        raise UsageError(f"nothing had run by trading day {day.day}", f"the ledger begins with trading day {began}")


def person(name: str | None) -> str:
    """Who did it: the name given, else the account's."""
    import getpass

    found = (name or "").strip()
    if found:
        return found
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("who are you", "say it with --by NAME") from None
