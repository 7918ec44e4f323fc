"""The watchdog as a process of its own: its lock, its log, and what it is put together from."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from mm.domain.alert import Alert, Severity
from mm.domain.errors import InstanceRunning
from mm.home import Home
from mm.runner import systemd
from mm.runner.emergency.report import StopReport
from mm.runner.emergency.stop import StopOptions, emergency_stop
from mm.runner.process_lock import ProcessLock, Taken, content
from mm.watchdog.judge import Judge
from mm.watchdog.messenger import Messenger
from mm.watchdog.records import Records
from mm.watchdog.sight import look
from mm.watchdog.watchdog import Surroundings, Watchdog

_LEVELS = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ERROR: "error", Severity.CRITICAL: "error"}


@dataclass(frozen=True, slots=True)
class Manner:
    """`stale_after` and `check_every` in seconds; `until_end`: ends when the bot has ended; `once`: one verdict."""

    stale_after: float
    check_every: float
    until_end: bool = False
    once: bool = False


def mind(home: Home, environment: str, manner: Manner, tell: Callable[[str], None] = lambda _: None) -> int:
    """Minds the bot of `environment`; each line of its log goes to `tell` too. Answers the exit code.

    Raises InstanceRunning when a watchdog minds it already, OSError when its lock cannot be written.
    """
    env_home = home.environment(environment)
    env_home.make()
    unfinished = str(content(env_home.watchdog_lock).get("stopping") or "")
    lock = ProcessLock(env_home.watchdog_lock, {"stopping": unfinished})
    try:
        lock.acquire()
    except Taken as taken:
        who = f"process {taken.holder.process.pid}" if taken.holder else f"{env_home.watchdog_lock} does not say which"
        raise InstanceRunning(
            f"a watchdog already minds {environment} ({who})", "see it with 'mm status'; one is enough"
        ) from None
    try:
        log = _Log(home, environment, tell)
        records = Records(home.control, environment, log.say)
        messenger = Messenger(home, log.say)

        def tell_people(alert: Alert) -> None:
            log.alert(alert)
            records.alert(alert)
            records.write(time.monotonic())
            messenger.start()

        def beat() -> None:
            _quietly(lock.beat)
            systemd.notify(systemd.ALIVE)

        def stop() -> StopReport:
            # The stop asks the machine's clock how long the bot has been quiet, and needs no fence after a long time. A
            # clock that was set forward would hide a request that is still on its way; so the time counts from here.
            _quietly(lambda: os.utime(env_home.armed))
            return emergency_stop(home, environment, StopOptions(os.environ, log.say))

        asked = threading.Event()
        around = Surroundings(
            look=lambda: look(env_home),
            stop=stop,
            alert=tell_people,
            say=log.say,
            beat=beat,
            mark=lambda run_id: _quietly(lambda: lock.say(stopping=run_id)),
            monotonic=time.monotonic,
            pause=asked.wait,
        )
        judge = Judge(manner.stale_after, manner.check_every)
        watchdog = Watchdog(env_home, judge, records, around, unfinished)

        def end(*_: object) -> None:
            watchdog.end()
            asked.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        log.say(f"minds {environment}: a bot without a sign of life for {manner.stale_after:g} s is stopped")
        systemd.notify(systemd.READY)
        try:
            watchdog.run(manner.check_every, until_end=manner.until_end, once=manner.once)
        finally:
            messenger.end()
        log.say("ends")
        return int(watchdog.exit_code)
    finally:
        lock.release()


def _quietly(work: Callable[[], None]) -> None:
    try:
        work()
    except OSError:
        return  # a full disk, a folder that is gone: what it would have told is a comfort, not a condition


class _Log:
    """MM_HOME/<environment>/logs/watchdog.log, in the form of mm.log; a full disk silences it, no more."""

    def __init__(self, home: Home, environment: str, tell: Callable[[str], None]) -> None:
        import structlog  # noqa: PLC0415  after the lock: who waits for the watchdog waits for that

        from mm.logs import configure_logging  # noqa: PLC0415  the same

        self._tell = tell
        try:
            configure_logging(home.environment(environment).watchdog_log, level="INFO", max_file_mb=5, keep_files=2)
        except OSError as error:
            tell(f"no log is kept: {error}")
        self._log = structlog.get_logger().bind(watchdog=environment)

    def say(self, text: str) -> None:
        self._log.info(text)
        self._tell(text)

    def alert(self, alert: Alert) -> None:
        """What goes into the outbox stands here too, at once."""
        level, severity = _LEVELS[alert.severity], alert.severity.name.lower()
        getattr(self._log, level)(alert.title, alert=alert.code, severity=severity, text=alert.text)
        self._tell(f"ALERT {severity}: {alert.title}")
