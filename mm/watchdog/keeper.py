"""The bot's side: a watchdog minds this run, or nothing new is sent.

It is the run's own task that looks after the watchdog, not the runner: the runner is played again from its journal,
and a process that died is nothing the engine has decided on. What the engine must know comes as an event that was
there before, `HaltRequested`. The halt, and not a stop, is what follows when no watchdog can be had: own orders are
cancelled, the figures stay in view, and a person who resumes is halted again while nobody minds the bot.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from mm.child_process import import_path
from mm.domain.events import HaltRequested
from mm.fields import seconds
from mm.home import Home
from mm.runner.emergency.kill import send_signal, wait_for_end
from mm.runner.loop import Runner
from mm.runner.process_lock import holder, is_held
from mm.runner.systemd import VARIABLES
from mm.watchdog.judge import SignOfLife
from mm.watchdog.settings import WatchdogSettings

CAUSE = "watchdog_lost"
LOOK_SECONDS = 1.0
START_SECONDS = 10.0
"""How long a new watchdog may take until it holds its lock; it takes a tenth of a second."""
PATIENCE_SECONDS = 3.0
"""A watchdog that a service or a person started may come back by itself; only then is another one started."""
MOST_STARTS, WITHIN_SECONDS = 5, 3600.0
"""A watchdog that dies more often than this has a reason that starting it again does not mend."""
RETRY_SECONDS = 10.0


class Keeper:
    """Starts a watchdog when none minds the environment, and again when it dies."""

    def __init__(self, home: Home, environment: str, settings: WatchdogSettings) -> None:
        self._home = home
        self._env_home = home.environment(environment)
        self._settings = settings
        self._children: list[subprocess.Popen[bytes]] = []
        self._starts: deque[float] = deque(maxlen=MOST_STARTS)
        self._log = structlog.get_logger().bind(watchdog=environment)

    def is_minded(self) -> bool:
        for child in self._children:
            child.poll()  # takes a dead one off the kernel's table
        return is_held(self._env_home.watchdog_lock)

    async def begin(self, runner: Runner) -> None:
        """Before the first order. Without a watchdog the run begins halted."""
        await self._or_halt(runner, self._had)

    async def keep(self, runner: Runner) -> None:
        """Until it is cancelled."""
        life = SignOfLife(2 * LOOK_SECONDS)
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if runner.engine.is_stopping:
                continue
            if not await self._or_halt(runner, lambda: self._kept(runner, life)):
                await asyncio.sleep(RETRY_SECONDS)

    async def _or_halt(self, runner: Runner, work: Callable[[], Awaitable[str]]) -> bool:
        """`work` answers why nobody minds the bot, or nothing. False when the bot was halted."""
        try:
            why = await work()
        except Exception as error:  # noqa: BLE001  else this task would end in silence, and the bot go on unminded
            why = f"the watchdog cannot be looked after ({type(error).__name__}: {error})"
        if not why:
            return True
        self._log.error("nobody minds the bot: halted", why=why)
        runner.dispatcher.process(HaltRequested(cause=CAUSE, detail=why, **runner.dispatcher.now()))
        return False

    async def _had(self) -> str:
        return "" if self.is_minded() or await self._start() else "no watchdog could be started"

    async def _kept(self, runner: Runner, life: SignOfLife) -> str:
        if self._is_frozen(life) and not self._end_the_frozen_one():
            return "the watchdog hangs and may not be killed from here"
        if self.is_minded():
            return ""
        await asyncio.sleep(0 if self._children else PATIENCE_SECONDS)
        if self.is_minded() or runner.engine.is_stopping:
            return ""
        now = time.monotonic()
        if len(self._starts) == MOST_STARTS and now - self._starts[0] < WITHIN_SECONDS:
            return f"the watchdog died {MOST_STARTS} times within {WITHIN_SECONDS / 60:.0f} min"
        self._starts.append(now)
        self._log.warning("the watchdog is gone; another one is started")
        return "" if await self._start() else "the watchdog is gone, and no other could be started"

    def _is_frozen(self, life: SignOfLife) -> bool:
        """A watchdog that hangs holds its lock, and minds nothing."""
        try:
            touched = self._env_home.watchdog_lock.stat().st_mtime_ns
        except OSError:
            return False  # no lock, no watchdog: that is seen without it
        return life.seen(touched, time.monotonic()) > seconds(self._settings.stale_after) and self.is_minded()

    def _end_the_frozen_one(self) -> bool:
        """False when it belongs to somebody else."""
        found = holder(self._env_home.watchdog_lock)
        if found is None:
            return not self.is_minded()
        self._log.warning("the watchdog gives no sign of life and is killed", pid=found.process.pid)
        try:
            send_signal(found.process, signal.SIGKILL)
        except PermissionError:
            return False
        return wait_for_end(found.process, 0.2)

    async def _start(self) -> bool:
        """True when one holds the lock."""
        try:
            await asyncio.to_thread(self._launch)
        except OSError as error:
            self._log.error("no watchdog could be started", why=str(error))
            return False
        until = time.monotonic() + START_SECONDS
        while not self.is_minded():
            if time.monotonic() > until:
                self._log.error("the watchdog did not come up", log=str(self._env_home.watchdog_log))
                return False
            await asyncio.sleep(0.02)
        return True

    def _launch(self) -> None:
        environ = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        output: Any = self._output()
        try:
            child = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [
                    *(sys.executable, "-m", "mm.watchdog"),
                    f"--home={self._home.path}",
                    f"--environment={self._env_home.environment}",
                    f"--stale-after={seconds(self._settings.stale_after)}",
                    f"--check-every={seconds(self._settings.check_every)}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C and a closed terminal are meant for the bot
                cwd=self._env_home.path,
                env={**environ, "PYTHONPATH": import_path()},
            )
        finally:
            if output != subprocess.DEVNULL:
                os.close(output)
        self._children = [child, *(old for old in self._children if old.poll() is None)]

    def _output(self) -> int:
        """Its log, for what it says before it has one of its own."""
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            return os.open(self._env_home.watchdog_log, flags, 0o600)
        except OSError:
            return subprocess.DEVNULL
