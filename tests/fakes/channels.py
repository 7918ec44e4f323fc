"""Channels that do what a test says, and a courier around them with a clock that stands."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mm.alerts.channel import Message, Sent
from mm.alerts.courier import Courier
from mm.alerts.message import Contact, Duty
from mm.alerts.outage import Outages
from mm.alerts.settings import AlertsSettings
from mm.control.outbox import KeptAlert
from mm.control.store import ControlStore
from mm.domain.alert import Alert, Severity

START = datetime(2026, 11, 28, 12, tzinfo=UTC)
DUTY = Duty("Li", (Contact("primary", "Li", "+86 1", "li@x.test"), Contact("backup", "Wu", "+86 2", "wu@x.test")))


@dataclass
class FakeChannel:
    name: str
    minimum: Severity = Severity.WARNING
    is_up: bool = True
    messages: list[Message] = field(default_factory=list)
    tried: int = 0
    on_send: Callable[[], None] = lambda: None
    hold: threading.Event | None = None

    def send(self, message: Message) -> Sent:
        self.tried += 1
        self.on_send()
        if self.hold is not None:
            self.hold.wait(20)
        if not self.is_up:
            return Sent(ok=False, detail="refused: down")
        self.messages.append(message)
        return Sent(ok=True, detail="taken")


class Desk:
    """Everything around a courier; `pass_time` moves its clock and lets it step once a second."""

    def __init__(self, folder: Path, *channels: FakeChannel, running: tuple[str, ...] = ()) -> None:
        self.now = START
        self.mono = 0.0
        self.folder = folder
        self.channels = channels
        self.running = list(running)
        self.settings = AlertsSettings()
        self.store = ControlStore(folder / "control.db", now=lambda: self.now)
        self.courier = self.new_courier()

    def new_courier(self) -> Courier:
        outages = Outages(self.store, self.settings.halt_after, lambda: self.running)
        return Courier(
            self.store,
            self.channels,
            self.settings,
            DUTY,
            outages,
            clock=lambda: self.now_ns,
            monotonic=lambda: self.mono,
        )

    @property
    def now_ns(self) -> int:
        return (self.now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000

    def add(
        self, code: str = "daily_loss", severity: Severity = Severity.ERROR, text: str = "lost 6 USDC"
    ) -> KeptAlert:
        number = self.store.outbox.add(Alert("sim", code, severity, f"halted: {code}", text))
        return self.kept(number)

    def kept(self, number: int) -> KeptAlert:
        return next(alert for alert in self.store.outbox.list() if alert.id == number)

    def step(self) -> None:
        self.courier.step(self.now_ns)

    def pass_time(self, seconds: float, every: float = 1.0) -> None:
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.now = min(end, self.now + timedelta(seconds=every))
            self.mono += every
            self.step()
