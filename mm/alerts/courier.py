"""The courier: delivers what is due in the outbox, again and again, and halts trading when nobody can be told.

An alert goes to every channel whose minimum it reaches, all at once; it is delivered when one of them took it. When
none did, the channels above its minimum are tried, then all of it again after growing pauses, without end. ERROR and
CRITICAL are sent again to all channels until somebody acknowledges them. What is due together goes out as one message.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from mm.alerts.channel import Channel, Sent
from mm.alerts.courier_lock import CourierLock
from mm.alerts.message import AT_MOST, Duty, render
from mm.alerts.outage import Outages
from mm.alerts.sending import Flight, Sending
from mm.alerts.settings import AlertsSettings
from mm.control.outbox import KeptAlert
from mm.control.store import ControlStore
from mm.domain.alert import Severity
from mm.domain.errors import LedgerError
from mm.fields import nanoseconds

POLL = 1.0
"""Seconds between two looks at the outbox."""
PACE_NS = 3_200_000_000
"""Between two messages: DingTalk shuts a robot up for ten minutes after twenty in a minute."""
WAIT = 1.0
"""Seconds that a step waits for answers; slower ones are taken by a later step."""


@dataclass(slots=True)
class _Attempt:
    """One alert on its way: the channels that were asked, and whether one took it."""

    alert: KeptAlert
    waits_for: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    is_delivered: bool = False


class Courier:
    """Use from one thread. `clock` wall time in UTC ns; `monotonic` seconds, for time-outs. `close` gives the lock
    back and closes `store`."""

    def __init__(
        self,
        store: ControlStore,
        channels: Sequence[Channel],
        settings: AlertsSettings,
        duty: Duty,
        outages: Outages,
        *,
        clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
        lock: CourierLock | None = None,
    ) -> None:
        self._store = store
        self._outbox = store.outbox
        self._channels = tuple(channels)
        self._duty = duty
        self._outages = outages
        self._clock = clock
        self._lock = lock
        self._first_ns = nanoseconds(settings.retry_first)
        self._longest_ns = nanoseconds(settings.retry_longest)
        self._escalate_ns = nanoseconds(settings.escalate_after)
        self._slack_ns = 2 * max(self._longest_ns, self._escalate_ns)
        self._sending = Sending(monotonic)
        self._attempts: dict[int, _Attempt] = {}
        self._failing: set[str] = set()
        self._last_message = 0

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. Errors of control.db are logged and tried again: a courier does not give up."""
        is_broken = False
        while not stop.is_set():
            pause = POLL
            try:
                pause = self.step(self._clock())
                is_broken = False
            except LedgerError as error:
                if not is_broken:
                    structlog.get_logger().error("alerts cannot be delivered: control.db", why=str(error))
                is_broken = True
            stop.wait(pause)

    def finish(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> bool:
        """At an end: steps until nothing new waits, so long at most. False when something was left in the outbox."""
        until = monotonic() + seconds
        idle = threading.Event()
        while monotonic() < until:
            pause = self.step(self._clock())
            if not self._attempts and not self._is_anything_new():
                return True
            idle.wait(min(pause, max(0.0, until - monotonic())))
        return False

    def close(self) -> None:
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    def step(self, now: int) -> float:
        """Sends what is due at `now` (UTC ns) and takes answers. Answers seconds until the next step is wanted.
        Raises LedgerError when control.db cannot be used; nothing is lost by it."""
        self._take_answers(now)
        if not 0 <= now - self._last_message < PACE_NS:
            self._send_due(now)
        if self._sending.under_way:
            self._sending.wait(WAIT)
            self._take_answers(now)
        self._outages.mind(self._outbox.outage(), now)
        return POLL

    # --- sending ------------------------------------------------------------------------

    def _send_due(self, now: int) -> None:
        due = [alert for alert in self._outbox.due(now, self._slack_ns) if alert.id not in self._attempts]
        if not due:
            return
        if any(alert.delivered_at is not None for alert in due):
            # One reminder of all that nobody has acknowledged, instead of one for each at its own minute.
            known = {alert.id for alert in due} | self._attempts.keys()
            due += [alert for alert in self._outbox.unacknowledged() if alert.id not in known]
        unwanted = [alert for alert in due if not self._wanted(alert)]
        if unwanted:
            self._outbox.unwanted(unwanted)
        wanted = [alert for alert in due if self._wanted(alert)]
        if wanted and self._sending.is_stuck(self._channels):
            self._outbox.failed(wanted, [now + self._pause(alert.tries) for alert in wanted], now=now)
            return
        self._start({alert.id: _Attempt(alert) for alert in wanted[:AT_MOST]}, now)

    def _start(self, attempts: dict[int, _Attempt], now: int) -> None:
        for channel in self._channels:
            if not self._sending.is_idle(channel):
                continue
            taken = [a for a in attempts.values() if channel.name not in a.asked and channel in self._wanted(a.alert)]
            self._send(channel, taken, now)
        self._attempts |= {number: attempt for number, attempt in attempts.items() if attempt.asked}

    def _send(self, channel: Channel, taken: Sequence[_Attempt], now: int) -> None:
        if not taken:
            return
        for attempt in taken:
            attempt.asked.add(channel.name)
            attempt.waits_for.add(channel.name)
        alerts = [attempt.alert for attempt in taken]
        self._sending.start(channel, render(alerts, self._duty), alerts)
        self._last_message = now

    def _wanted(self, alert: KeptAlert) -> list[Channel]:
        """Reminders of grave alerts go everywhere."""
        is_reminder = alert.delivered_at is not None
        return [channel for channel in self._channels if is_reminder or alert.severity >= channel.minimum]

    # --- answers ------------------------------------------------------------------------

    def _take_answers(self, now: int) -> None:
        while landed := self._sending.landed():
            for flight, sent in landed:
                self._answered(flight, sent, now)
            self._try_others(now)
            self._settle(now)
            self._sending.wait(WAIT)

    def _answered(self, flight: Flight, sent: Sent, now: int) -> None:
        name = flight.channel.name
        if sent.ok:
            self._failing.discard(name)
            self._outbox.delivered(flight.alerts, name, sent.detail, now=now, repeat_at=now + self._escalate_ns)
        else:
            if name not in self._failing:
                structlog.get_logger().warning("an alert was not delivered", channel=name, why=sent.detail)
            self._failing.add(name)
            self._outbox.refused(flight.alerts, name, sent.detail, now=now)
        for alert in flight.alerts:
            attempt = self._attempts.get(alert.id)
            if attempt is not None:
                attempt.waits_for.discard(name)
                attempt.is_delivered = attempt.is_delivered or sent.ok

    def _try_others(self, now: int) -> None:
        """All that were asked failed: better a channel that should not carry so small an alert than none."""
        refused = [a for a in self._attempts.values() if not a.waits_for and not a.is_delivered]
        for channel in self._channels:
            if self._sending.is_idle(channel):
                self._send(channel, [a for a in refused if channel.name not in a.asked][:AT_MOST], now)

    def _settle(self, now: int) -> None:
        done = [attempt for attempt in self._attempts.values() if not attempt.waits_for]
        lost = [attempt.alert for attempt in done if not attempt.is_delivered]
        for attempt in done:
            del self._attempts[attempt.alert.id]
        if lost:
            self._outbox.failed(lost, [now + self._pause(alert.tries) for alert in lost], now=now)

    def _pause(self, tries: int) -> int:
        """After `tries` failures before this one, ns."""
        return min(self._first_ns << min(tries, 20), self._longest_ns)

    def _is_anything_new(self) -> bool:
        """Something waits that was never tried in vain: a further step may deliver it."""
        return any(
            alert.tries == 0 and (alert.delivered_at is None or alert.severity < Severity.ERROR)
            for alert in self._outbox.due(self._clock(), self._slack_ns)
        )
