"""Rows about processes, the disk and the record: real files, a real full disk, a real lock, real processes."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mm.control.store import ControlStore
from mm.domain.errors import LedgerError
from mm.domain.trading_day import trading_day_at
from mm.ledger.ledger import SqliteLedger
from mm.ledger.queries import LedgerQueries
from mm.soak.restarts import KINDS
from scripts.emergency_round import end, hold_the_lock
from scripts.full_disk import FullDisk
from tests.e2e.commands import CODE, EAGER, LIVELY, Background, Commands, person, until
from tests.fakes.world import World
from tests.integration import test_runner_faults as runner_faults
from tests.integration import test_runner_virtual as virtual
from tests.integration.fault_table.playing import under
from tests.unit.ledger import test_writing as writing
from tests.unit.ledger.making import an_intent
from tests.unit.soak.playing import often


def test_sigkill_at_any_instruction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In virtual time, after each kind of step; real processes in test_crashes and by their own make targets."""
    monkeypatch.setenv("MM_HOME", str(tmp_path))
    often(monkeypatch, *KINDS)
    restarts: Counter[str] = Counter()
    for seed in range(1, 5):
        faults = ("connection-reset", "after", "", "0.2")
        restarts.update(under(tmp_path, faults, rounds=4, seed=seed, restarts=True).restarts)
    assert sum(restarts.values()) > 8, "it was killed and started again"
    assert len(restarts) > 3


COMMITS = 12


def test_power_cut_torn_write(tmp_path: Path) -> None:
    """Whatever the disk did to what was written after an acknowledged commit, all that was acknowledged is there."""
    path = tmp_path / "ledger.db"
    wal = path.with_name("ledger.db-wal")
    synced: list[int] = []

    async def act(ledger: SqliteLedger, _failures: list[str]) -> None:
        for number in range(1, COMMITS + 1):
            await ledger.commit_intents([an_intent(number)])
            synced.append(wal.stat().st_size)
            copy = tmp_path / str(number)
            copy.mkdir()
            shutil.copy(path, copy)
            shutil.copy(wal, copy)

    assert writing.run_with(path, act, inline=True) == []
    rng = random.Random(4)
    for number in range(1, COMMITS):
        torn = tmp_path / f"torn-{number}"
        shutil.copytree(tmp_path / str(number + 1), torn)  # the next commit was under way
        with (torn / wal.name).open("r+b") as file:
            file.truncate(rng.randrange(synced[number - 1], max(synced[number - 1], synced[number]) + 1))
            file.seek(0, os.SEEK_END)
            file.write(rng.randbytes(rng.randrange(9000)))
        with LedgerQueries(torn / path.name) as queries:
            kept = [order.client_id for order in queries.orders()]
        assert kept[:number] == [an_intent(each).client_id for each in range(1, number + 1)]


def trading(folder: Path, stack: ExitStack, *, full: bool) -> tuple[Commands, Background, FullDisk | None]:
    # The disk first, so that it goes last: whoever ends the venue finds it by a file on it.
    disk = stack.enter_context(FullDisk.under(folder / "mm-home" / "sim")) if full else None
    commands = stack.enter_context(person(folder, EAGER))
    return commands, commands.begin(*LIVELY), disk


def is_halted(commands: Commands) -> bool:
    with ControlStore(commands.home / "control.db") as control:
        return any(halt.cause == "ledger" for halt in control.open_halts("sim"))


@pytest.mark.timeout(300)
def test_disk_full_ledger_locked(tmp_path: Path) -> None:
    """Both at a time. It cannot persist, so it cannot send; its cancels still go out."""
    with ExitStack() as stack:
        full, first, disk = trading(tmp_path / "full", stack, full=True)
        locked, second, _ = trading(tmp_path / "locked", stack, full=False)
        full.await_quote(first)
        locked.await_quote(second)
        assert disk is not None
        disk.fill(first.pid)
        holder = until(lambda: hold_the_lock(locked.home / "sim" / "ledger.db"), "the lock")
        stack.callback(end, holder)
        for commands in (full, locked):
            until(lambda commands=commands: is_halted(commands), "the halt")  # type: ignore[misc]
            until(lambda commands=commands: not commands.venue.open_orders(), "the cancels")  # type: ignore[misc]
        orders = [len(commands.venue.all_orders()) for commands in (full, locked)]
        assert first.is_running
        assert second.is_running
        disk.free(first.pid)
        end(holder)
        with ThreadPoolExecutor() as pool:
            list(pool.map(goes_on, (full, locked), (first, second), orders))


def goes_on(commands: Commands, bot: Background, orders: int) -> None:
    """The cause is gone: the bot ends in order, a person resumes, the next run accounts for everything."""
    bot.send(signal.SIGTERM)
    assert bot.ended().code in {0, 9}
    assert len(commands.venue.all_orders()) == orders, "nothing was sent while it could not be kept"
    commands.mm("risk", "resume", "--note", "there is room again", "--by", "Li", "--sim")
    commands.mm(*LIVELY, "--for", "3s")
    commands.agree()  # I1: no order at the venue without a row


class _SeenEnough(Exception):
    """The checks after a story need a whole ledger."""


def test_ledger_corrupt(tmp_path: Path) -> None:
    """It is refused and left as it is, and no empty one takes its place."""

    async def story(world: World) -> None:
        async with world.run(timedelta(seconds=30)) as run:
            await run.go()
        damaged = bytearray(world.home.ledger.read_bytes())
        damaged[4096 : 4096 + 8000] = random.Random(1).randbytes(8000)
        world.home.ledger.write_bytes(bytes(damaged))
        with pytest.raises(LedgerError) as refused:
            async with world.run(timedelta(seconds=30)):
                pass
        assert refused.value.exit_code == 9
        assert "restore a backup of ledger.db" in str(refused.value)
        assert world.home.ledger.read_bytes() == bytes(damaged)
        raise _SeenEnough

    with pytest.raises(_SeenEnough):
        virtual.play(tmp_path / "damaged", story)
    runner_faults.test_a_lost_ledger_is_not_replaced_by_an_empty_one(tmp_path / "lost")


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])
def test_the_22_00_review_across_clock_changes(zone: str) -> None:
    """Each local date names exactly one day, and one follows the other without a gap, in every zone."""
    close, place = time(22, 0), ZoneInfo(zone)
    day = trading_day_at(datetime(2026, 1, 1, tzinfo=UTC), close, place)
    seen = []
    while day.day.year < 2028:
        seen.append(day.day)
        following = trading_day_at(day.end, close, place)
        assert following.start == day.end
        assert following.day == day.day + timedelta(days=1)
        assert timedelta(hours=23) <= day.end - day.start <= timedelta(hours=25)
        day = following
    assert len(seen) == len(set(seen)) >= 730


def test_two_instances_started(tmp_path: Path) -> None:
    """The lock refuses the second; where no lock is between them, the epoch keeps the older one from sending."""
    virtual.test_a_second_instance_is_refused(tmp_path / "lock")
    (tmp_path / "epoch").mkdir()
    writing.test_an_older_instance_is_fenced_by_a_newer_run(tmp_path / "epoch")


def test_hostile_configuration() -> None:
    """A part of `make fuzz-config`; on a busy machine a little slower than its goal."""
    command = [sys.executable, "-m", "scripts.fuzz_config", "--runs", "500", "--seed", "3", "--slowest", "0.5"]
    environ = {**os.environ, "PYTHONPATH": str(CODE)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=CODE, env=environ)  # noqa: S603 - ours
    assert done.returncode == 0, done.stdout + done.stderr
    assert "500 hostile configurations, none accepted" in done.stdout
