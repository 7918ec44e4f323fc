"""`mm health`."""

from typing import TYPE_CHECKING, Any

import typer

from mm.cli.options import Json, Mainnet, Sim, Testnet, reading_environment
from mm.home import Home

if TYPE_CHECKING:
    from mm.home import EnvironmentHome

FRESH_SECONDS = 15.0
MOST_MEMORY = 0.9
"""Share of the machine's memory in use above which things begin to fail."""


def health(as_json: Json = False, sim: Sim = False, testnet: Testnet = False, mainnet: Mainnet = False) -> None:
    """Check what the bot needs: SQLite, disk, memory, ledger, heartbeat, watchdog, local venue, halts.

    Exit codes: 0 healthy, 1 something is not (named), 3 nothing has run.

    \b
    Example:
      mm health
      mm health --sim --json
    """
    from mm.cli.output import console, emit_json, table
    from mm.domain.errors import ExitCode

    home = Home.of()
    files = home.environment(reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet))
    parts = read_health(home, files)
    healthy = all(part["ok"] for part in parts)
    if as_json:
        emit_json({"environment": files.environment, "healthy": healthy, "parts": parts})
    else:
        rows = [("ok" if part["ok"] else "NOT OK", part["name"], part["text"]) for part in parts]
        console().print(table(("", "part", "found"), rows, title=f"health of {files.environment}"))
    if not healthy:
        raise typer.Exit(int(ExitCode.FAILED))


def read_health(home: Home, files: "EnvironmentHome") -> list[dict[str, Any]]:
    """Each part with `name`, `ok`, `text` and its figures."""
    parts = [_sqlite(), _disk(home), _memory(), _ledger(files), _heart(files), _watchdog(files), _stops(home, files)]
    if files.environment == "sim":
        parts.append(_venue(home))
    return parts


def _part(name: str, ok: bool, text: str, **figures: object) -> dict[str, Any]:
    return {"name": name, "ok": ok, "text": text, **figures}


def _sqlite() -> dict[str, Any]:
    from mm.database.sqlite import driver, wal_is_safe

    version = str(driver.sqlite_version)
    safe = wal_is_safe(tuple(driver.sqlite_version_info))
    return _part("sqlite", safe, f"SQLite {version}" + ("" if safe else " can corrupt a ledger"), version=version)


def _disk(home: Home) -> dict[str, Any]:
    import shutil

    free = shutil.disk_usage(home.path).free
    return _part("disk", free > 10**9, f"{free / 10**9:.1f} GB free under {home.path}", free_bytes=free)


def _memory() -> dict[str, Any]:
    import psutil

    memory = psutil.virtual_memory()
    used = 1 - memory.available / memory.total
    text = f"{used * 100:.0f} % of {memory.total / 10**9:.1f} GB in use"
    return _part("memory", used < MOST_MEMORY, text, used_share=round(used, 4), total_bytes=memory.total)


def _ledger(files: "EnvironmentHome") -> dict[str, Any]:
    from mm.checklist.ledger_soundness import unsoundness

    if not files.ledger.exists():
        return _part("ledger", True, "none yet, the first run makes it", bytes=0)
    wrong = unsoundness(files.ledger)
    size = files.ledger.stat().st_size
    return _part("ledger", not wrong, wrong or f"{size / 10**6:.1f} MB, quick check passed", bytes=size)


def _heart(files: "EnvironmentHome") -> dict[str, Any]:
    from mm.cli.records import live_run, open_ledger, utc_now
    from mm.domain.errors import LedgerError

    live = live_run(files)
    age: float | None = None
    if files.ledger.exists():
        try:
            with open_ledger(files) as ledger:
                beats = ledger.heartbeats(last=1)
        except LedgerError as error:
            return _part("heartbeat", False, error.message, running=live is not None, age=None)
        age = round(max(0.0, (utc_now() - beats[0].at).total_seconds()), 3) if beats else None
    told = "no heartbeat on record" if age is None else f"last heartbeat {age:.1f} s ago"
    if live is None and files.armed.exists():
        text = f"no bot runs, but {files.armed} says that one ended without a proof; {told}"
        return _part("heartbeat", False, text, running=False, age=age)
    if live is None:
        return _part("heartbeat", True, f"no bot runs; {told}", running=False, age=age)
    fresh = age is not None and age < FRESH_SECONDS
    return _part("heartbeat", fresh, f"run {live}; {told}", running=True, age=age)


def _watchdog(files: "EnvironmentHome") -> dict[str, Any]:
    """A bot that nobody minds is not in order, whoever wanted it so."""
    from mm.cli.records import live_run, minder

    found = minder(files)
    needed = live_run(files) is not None
    if found is None:
        text = "nobody minds the bot; start one: mm watchdog" if needed else "none, and no bot to mind"
        return _part("watchdog", not needed, text, minding=False, pid=None, age=None)
    fresh = float(str(found["age"])) < FRESH_SECONDS
    text = f"process {found['pid']}, last sign of life {found['age']} s ago"
    return _part("watchdog", fresh, text, minding=True, **found)


def _stops(home: Home, files: "EnvironmentHome") -> dict[str, Any]:
    from mm.cli.records import open_halts
    from mm.domain.errors import LedgerError

    try:
        causes = [halt.cause for halt in open_halts(home, files.environment)]
    except LedgerError as error:
        return _part("halts", False, error.message, halts=[])
    latched = files.stop.exists()
    text = ", ".join([*(["emergency stop in force"] if latched else []), *causes]) or "none open"
    return _part("halts", not causes and not latched, text, halts=causes, stop_latch=latched)


def _venue(home: Home) -> dict[str, Any]:
    """Down is in order while no bot needs it: a run starts it."""
    import json
    import urllib.error
    import urllib.request

    from mm.cli.records import live_run
    from mm.process_id import ProcessId

    needed = live_run(home.environment("sim")) is not None
    try:
        known = json.loads((home.venue / "venue.json").read_text())
    except (OSError, ValueError):
        return _part("venue", not needed, "not running; `mm run --sim` starts it", running=False)
    process = ProcessId(int(known.get("pid", 0)), int(known.get("start_ticks", 0)))
    if not process.is_running():
        return _part("venue", not needed, "not running; `mm run --sim` starts it", running=False)
    url = f"http://{known.get('host', '127.0.0.1')}:{known.get('port')}/api/v3/ping"
    try:
        with urllib.request.urlopen(url, timeout=2):
            answers = True
    except (OSError, urllib.error.URLError, ValueError):
        answers = False
    text = f"process {process.pid}, scenario {known.get('scenario')}, {'answers' if answers else 'does NOT answer'}"
    return _part("venue", answers, text, running=True, url=url)
