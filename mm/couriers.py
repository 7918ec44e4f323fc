"""The composition root of alerts: a courier out of a home and its configuration, and the process that is one.

    python -m mm.couriers [PROFILE]     delivers until its standard input ends, then what is left, then ends

A process of its own beside a run: name look-ups, TLS and slow mail servers share no interpreter with the event loop.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from mm.alerts.apprise_channel import AppriseChannel
from mm.alerts.channel import Channel
from mm.alerts.courier import Courier
from mm.alerts.courier_lock import CourierLock
from mm.alerts.dingtalk import DingTalkChannel
from mm.alerts.email import EmailChannel
from mm.alerts.message import Contact, Duty
from mm.alerts.outage import Outages, running_environments
from mm.alerts.secrets import load_alert_secrets
from mm.alerts.writer import OutboxWriter
from mm.clock.live import LiveClock
from mm.config.loader import LoadedSettings, load_settings
from mm.control.store import ControlStore
from mm.domain.alert import AlertSink, Severity
from mm.domain.errors import MmError
from mm.home import Home
from mm.logs import close_logging, configure_logging

LOCK_PAUSE = 5.0
"""Seconds until a courier that found another one at work looks again whether it is gone."""
WRITTEN_WITHIN = 5.0
"""Seconds that the end of a run waits for control.db to take its last alerts."""
LAST_WORDS = 10.0
"""Seconds a courier's process takes at its end for what nobody was told yet."""


def channels_of(home: Home, loaded: LoadedSettings, environ: Mapping[str, str] = os.environ) -> tuple[Channel, ...]:
    """Those that are configured: mail, DingTalk, Apprise, in this order. Raises CredentialsMissing, ConfigurationError
    (a webhook or URL that is none)."""
    settings = loaded.settings.alerts
    secrets = load_alert_secrets(home, environ)
    found: list[Channel] = []
    if settings.email.host:
        found.append(EmailChannel(settings.email, secrets.smtp_user, secrets.smtp_password))
    if secrets.dingtalk_webhook is not None:
        minimum = Severity[settings.dingtalk.minimum]
        clock = LiveClock().now
        found.append(DingTalkChannel(secrets.dingtalk_webhook, secrets.dingtalk_secret, minimum, clock))
    for number, url in enumerate(secrets.apprise_urls, 1):
        found.append(AppriseChannel(url, number, Severity[settings.apprise.minimum]))
    return tuple(found)


def duty_of(loaded: LoadedSettings) -> Duty:
    contacts = loaded.settings.contacts
    named = (("primary", contacts.primary), ("backup", contacts.backup))
    return Duty(
        loaded.settings.operator.name,
        tuple(Contact(role, contact.name, contact.phone, contact.email) for role, contact in named),
    )


def start_courier(home: Home, loaded: LoadedSettings, environ: Mapping[str, str] = os.environ) -> Courier | None:
    """A courier that holds MM_HOME's one lock; None when no channel is configured, or another courier has the lock.

    Use `step(now)` or `run(stop)` from one thread, then `close`. Raises CredentialsMissing, ConfigurationError,
    LedgerError (control.db), OSError (the lock's file).
    """
    channels = channels_of(home, loaded, environ)
    if not channels:
        return None
    lock = CourierLock.taken(home.courier_lock)
    if lock is None:
        return None
    try:
        store = ControlStore(home.control)
    except BaseException:
        lock.release()
        raise
    settings = loaded.settings.alerts
    outages = Outages(store, settings.halt_after, lambda: running_environments(home))
    return Courier(store, channels, settings, duty_of(loaded), outages, lock=lock)


@dataclass(slots=True)
class CourierProcess:
    """The courier's process beside a run; it ends by itself when its standard input does, however the run ends."""

    process: "subprocess.Popen[bytes]"

    @classmethod
    def start(cls, home: Home, profile: str) -> "CourierProcess":
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "mm.couriers", profile],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "MM_HOME": str(home.path)},
            cwd=Path(__file__).parent.parent,
            start_new_session=True,  # Ctrl-C is for the bot; what it tells while it stops must still go out
        )
        return cls(process)

    def end(self, seconds: float) -> bool:
        """Lets it deliver what is left, so long at most; it goes on by itself for a moment after that."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


@asynccontextmanager
async def alerts_of_run(
    home: Home, loaded: LoadedSettings, profile: str, on_failure: Callable[[str], None]
) -> AsyncIterator[AlertSink]:
    """Where a run puts its alerts, and a courier's process beside it when a channel is configured (it waits while
    another courier has the lock). At the end all are in control.db, and a moment is given for them to go out.
    Raises what `channels_of` raises."""
    process = CourierProcess.start(home, profile) if channels_of(home, loaded) else None
    writer = OutboxWriter(lambda: ControlStore(home.control), on_failure)
    try:
        yield writer.put
    finally:
        await asyncio.to_thread(writer.close, WRITTEN_WITHIN)
        if process is not None and not await asyncio.to_thread(process.end, LAST_WORDS + 2):
            on_failure("the courier still delivers; see mm alerts list --open")


def work(home: Home, loaded: LoadedSettings, stop: threading.Event) -> None:
    """Delivers until `stop`, waiting for the lock while another courier has it; then what is left, also where `stop`
    was set before this began: a run may end sooner than its courier has started."""
    while True:
        try:
            courier = start_courier(home, loaded)
        except (MmError, OSError) as error:
            structlog.get_logger().error("the courier cannot start", why=str(error))
            courier = None
        if courier is None:
            if stop.wait(LOCK_PAUSE):
                return
            continue
        try:
            courier.run(stop)
            courier.finish(LAST_WORDS)
        except MmError as error:
            structlog.get_logger().error("the courier could not finish", why=str(error))
        finally:
            courier.close()
        if stop.is_set():
            return


def main(arguments: list[str]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a service manager tells all processes at once; the bot ends this one
    home = Home.of()
    loaded = load_settings(home, arguments[0] if arguments else None, os.environ)
    log = loaded.settings.logging
    configure_logging(home.courier_log, level=log.level, max_file_mb=log.max_file_mb, keep_files=log.keep_files)
    stop = threading.Event()

    def listen() -> None:
        sys.stdin.buffer.read()
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        work(home, loaded, stop)
    finally:
        close_logging()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
