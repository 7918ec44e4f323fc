"""One message under way on one channel, in a thread of its own: a server that never answers holds nobody up."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mm.alerts.channel import Channel, Message, Sent
from mm.control.outbox import KeptAlert

DEADLINE = 30.0
"""Seconds after which a message without an answer counts as failed, whatever a socket's own time-out says."""


@dataclass(slots=True)
class Flight:
    """`alerts` as they were when the message was rendered; `began` monotonic seconds."""

    channel: Channel
    alerts: Sequence[KeptAlert]
    began: float
    result: Sent | None = None
    is_given_up: bool = False


class Sending:
    """At most one message a channel at a time; one that was given up still occupies its channel until it returns."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._flights: dict[str, Flight] = {}
        self._landed = threading.Condition()

    def is_idle(self, channel: Channel) -> bool:
        return channel.name not in self._flights

    def is_stuck(self, channels: Sequence[Channel]) -> bool:
        """Every one of them still hangs in a message that was given up."""
        hanging = [self._flights.get(channel.name) for channel in channels]
        return all(flight is not None and flight.is_given_up for flight in hanging)

    @property
    def under_way(self) -> bool:
        """Whether an answer is still hoped for."""
        return any(not flight.is_given_up for flight in self._flights.values())

    def start(self, channel: Channel, message: Message, alerts: Sequence[KeptAlert]) -> None:
        flight = Flight(channel, alerts, self._monotonic())
        self._flights[channel.name] = flight

        def fly() -> None:
            try:
                result = channel.send(message)
            except Exception as error:  # noqa: BLE001 - a channel that breaks its word failed, and says how
                result = Sent(ok=False, detail=type(error).__name__)
            with self._landed:
                flight.result = result
                self._landed.notify_all()

        # A daemon: what hangs in a name look-up must not keep the process from ending.
        threading.Thread(target=fly, name=f"alert-{channel.name}", daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Until all that left within the last `seconds` have landed, so long at most; older ones hold nobody up."""
        since = self._monotonic() - seconds
        young = [flight for flight in self._flights.values() if flight.began >= since]
        with self._landed:
            self._landed.wait_for(lambda: all(flight.result is not None for flight in young), timeout=seconds)

    def landed(self) -> list[tuple[Flight, Sent]]:
        """Those that ended since the last look, and those given up now."""
        found = []
        for name, flight in list(self._flights.items()):
            if flight.result is not None:
                del self._flights[name]
                if not flight.is_given_up:
                    found.append((flight, flight.result))
            elif not flight.is_given_up and self._monotonic() - flight.began > DEADLINE:
                flight.is_given_up = True
                found.append((flight, Sent(ok=False, detail=f"no answer within {DEADLINE:.0f} s")))
        return found
