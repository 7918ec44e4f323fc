"""One round of `scripts.prove_emergency`: a venue and a bot with open quotes, a bad condition, `mm stop --emergency`.

Everything is a real process in a MM_HOME of its own. What the stop says is checked against the venue's own word.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Semaphore
from typing import Any, Literal

from mm.domain.errors import MmError
from mm.exchange.venue_server import process as venue_process
from mm.home import Home
from scripts.full_disk import FullDisk
from tests.e2e.commands import Background, Commands

FIRST_CANCEL, PROOF = 1.0, 20.0
"""Seconds from the start of the command: the first cancel sent, no own order left proved (the fence is 13 s)."""
SLOW, FAILING = "0.8s", "1.5s"
"""The slow venue's time for each request to arrive; for so long the failing one answers 503."""
_PATIENCE = 90.0
_TRIES = 40

Bot = Literal["runs", "frozen", "dead"]


@dataclass(frozen=True, slots=True)
class Condition:
    """`bot` dead: SIGKILL right before the stop; `locked`: another process is in BEGIN EXCLUSIVE on the ledger."""

    bot: Bot
    locked: bool = False
    full: bool = False
    slow: bool = False
    failing: bool = False

    @property
    def name(self) -> str:
        words = {"locked": "ledger locked", "full": "disk full", "slow": "venue slow", "failing": "503 at first"}
        return ", ".join([f"bot {self.bot}", *(word for field, word in words.items() if getattr(self, field))])


CONDITIONS = (
    Condition("frozen"),
    Condition("dead"),
    Condition("runs", locked=True),
    Condition("runs", full=True),
    Condition("frozen", slow=True),
    Condition("frozen", failing=True),
    Condition("frozen", locked=True, full=True),
    Condition("runs"),
    Condition("dead", slow=True, full=True),
    Condition("frozen", locked=True),
    Condition("frozen", slow=True, failing=True),
    Condition("dead", locked=True, failing=True),
    Condition("frozen", locked=True, full=True, slow=True, failing=True),
)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round came to; seconds from the start of the command. `missed` says what did not hold."""

    seed: int
    condition: Condition
    first_cancel: float | None = None
    proof: float | None = None
    disk: str = ""
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """How many may do it side by side: starting a bot costs two seconds of a core, a stop mostly waits."""

    starting: Semaphore
    stopping: Semaphore


def condition_of(seed: int) -> Condition:
    return CONDITIONS[seed % len(CONDITIONS)]


def play(seed: int, places: Places, settings: dict[str, str] | None = None) -> Round:
    """Never raises for what the bot or the stop do; `missed` tells. `settings`: variables of the bot (MM__…)."""
    condition = condition_of(seed)
    folder = Path(tempfile.mkdtemp(prefix="mm-stop-"))
    environ = {"MM__VENUE__SEED": str(seed + 1), "MM__STRATEGY__TICK_INTERVAL": "1s", **(settings or {})}
    commands = Commands(folder, environ)
    try:
        with ExitStack() as things:
            # Before the commands, so that it goes after them: the venue is found by a file on it.
            disk = things.enter_context(FullDisk.under(commands.home / "sim")) if condition.full else None
            things.callback(commands.close)
            return _play(seed, condition, commands, places, things, disk=disk)
    except (OSError, MmError, AssertionError, subprocess.SubprocessError, TimeoutError) as error:
        return Round(seed, condition, missed=(f"the round broke: {type(error).__name__}: {str(error)[:600]}",))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _play(
    seed: int, condition: Condition, commands: Commands, places: Places, things: ExitStack, *, disk: FullDisk | None
) -> Round:
    with places.starting:
        bot = commands.begin("run", "--profile", "100usdc", "--sim", "--scenario", "ordinary")
        _await(commands, bot)
    with places.stopping:
        _freeze_with_a_quote(commands, bot)
        if condition.locked:
            _lock(commands, bot, things)
        if disk is not None:
            disk.fill(bot.pid)
        _break_the_venue(Home(commands.home), condition)
        if condition.bot == "runs":
            bot.send(signal.SIGCONT)
        elif condition.bot == "dead":
            bot.send(signal.SIGKILL)
        stop = commands.begin("stop", "--emergency", "--sim", "--json")
        ended = stop.ended(_PATIENCE)
    with suppress(ProcessLookupError):
        os.kill(bot.pid, signal.SIGCONT)  # a bot that was not killed would go on now
    venue_process.ask_faults(Home(commands.home), "POST", "/mm/faults/clear", {})
    report: dict[str, Any] = ended.content if ended.out.strip() else {}
    missed = [*_judged(ended.code, report, bot), *_appearing(commands, report.get("fence_seconds", 13.0))]
    if missed:
        missed.append(f"it said: {ended.err.strip()[-800:]!r}")
    name = "" if disk is None else disk.name
    first, proof = report.get("seconds_to_first_cancel"), report.get("seconds_total")
    return Round(seed, condition, first, proof, name, tuple(missed))


def _judged(code: int, report: dict[str, Any], bot: Background) -> Iterator[str]:
    first, total = report.get("seconds_to_first_cancel"), report.get("seconds_total")
    if code != 0 or report.get("proven") is not True:
        yield f"exit code {code}, proven {report.get('proven')}: {report.get('problem')}"
    if first is None:
        yield "no cancel was sent"
    elif first >= FIRST_CANCEL:
        yield f"first cancel sent after {first:.2f} s"
    if total is None or total > PROOF:
        yield f"proof after {total} s"
    if bot.is_running:
        yield "the bot still runs"


def _appearing(commands: Commands, seconds: float) -> Iterator[str]:
    """What the venue itself says: nothing is open, and for one more fence nothing comes."""
    until = time.monotonic() + seconds
    known = len(commands.venue.all_orders())
    while True:
        open_orders = commands.venue.open_orders()
        if open_orders:
            yield f"open at the venue after the proof: {[order['clientOrderId'] for order in open_orders]}"
            return
        if time.monotonic() > until:
            break
        time.sleep(1.0)
    come = len(commands.venue.all_orders()) - known
    if come:
        yield f"{come} orders came within the fence after the proof"


def _await(commands: Commands, bot: Background) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not commands.venue.quotes():
        if not bot.is_running:
            raise TimeoutError(f"the bot ended early: {bot.ended()}")
        if time.monotonic() > deadline:
            raise TimeoutError("no quote came")
        time.sleep(0.2)


def _freeze_with_a_quote(commands: Commands, bot: Background) -> None:
    for _ in range(_TRIES):
        bot.send(signal.SIGSTOP)
        if commands.venue.quotes():
            return
        bot.send(signal.SIGCONT)  # it was about to replace its quote
        time.sleep(0.3)
    raise TimeoutError("the bot never stood still with an open quote")


_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=1, isolation_level=None)
try:
    connection.execute("BEGIN EXCLUSIVE")
except sqlite3.OperationalError:
    sys.exit("the bot stands still inside a transaction")
print("held", flush=True)
sys.stdin.read()
"""


def hold_the_lock(ledger: Path) -> "subprocess.Popen[str] | None":
    """A process that has the ledger's one write lock until it is killed; None when it could not get it."""
    holder = subprocess.Popen(  # noqa: S603 - our own interpreter and program
        (sys.executable, "-c", _HOLD, str(ledger)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    if holder.stdout is not None and holder.stdout.readline() == "held\n":
        return holder
    end(holder)
    return None


def end(holder: "subprocess.Popen[str]") -> None:
    holder.kill()
    holder.communicate()


def _lock(commands: Commands, bot: Background, things: ExitStack) -> None:
    """Another process has the ledger's lock until `things` end."""
    for _ in range(_TRIES):
        holder = hold_the_lock(commands.home / "sim" / "ledger.db")
        if holder is not None:
            things.callback(end, holder)
            return
        bot.send(signal.SIGCONT)  # it stood still inside a transaction of its own
        time.sleep(0.3)
        _freeze_with_a_quote(commands, bot)
    raise TimeoutError("the ledger could not be locked")


def _break_the_venue(home: Home, condition: Condition) -> None:
    faults = []
    if condition.slow:
        faults.append({"kind": "latency-in", "value": SLOW, "for": "1m"})
    if condition.failing:
        faults.append({"kind": "http-error", "value": "503", "for": FAILING})
    if faults:
        venue_process.add_faults(home, faults)
