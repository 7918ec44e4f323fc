"""What happened, in control.db: after the orders, kept until it can be written, and no condition of anything."""

from collections.abc import Callable
from pathlib import Path

from mm.domain.alert import Alert
from mm.domain.errors import MmError

RETRY_SECONDS = 5.0
BUSY_SECONDS = 1.0
"""Another process's transaction is waited for this long: the watch goes on in between."""


class Records:
    """`control` the file; `say` hears once of each way to fail."""

    def __init__(self, control: Path, environment: str, say: Callable[[str], None]) -> None:
        self._control = control
        self._environment = environment
        self._say = say
        self._waiting: list[str] = []
        self._alerts: list[Alert] = []
        self._next_try = 0.0
        self._why = ""

    @property
    def are_written(self) -> bool:
        return not self._waiting and not self._alerts

    def add(self, detail: str) -> None:
        """A halt `watchdog` that a person lifts, and an incident `crash` that a person explains."""
        self._waiting.append(detail)
        self._next_try = 0.0

    def alert(self, alert: Alert) -> None:
        """Into the outbox, from where a courier delivers it."""
        self._alerts.append(alert)
        self._next_try = 0.0

    def write(self, mono: float) -> None:
        """Tries what waits, every 5 s. Never raises."""
        if self.are_written or mono < self._next_try:
            return
        halts = len(self._waiting)
        self._next_try = mono + RETRY_SECONDS
        try:
            # Only now: SQLAlchemy costs more memory than the whole watchdog.
            from mm.control.store import ControlStore  # noqa: PLC0415

            with ControlStore(self._control, busy_timeout=BUSY_SECONDS) as store:
                while self._alerts:
                    store.outbox.add(self._alerts[0])
                    del self._alerts[0]
                while self._waiting:
                    store.open_halt(self._environment, "watchdog", self._waiting[0])
                    store.incidents.open(self._environment, "crash", self._waiting[0])
                    del self._waiting[0]
        except (Exception, SystemExit) as error:  # noqa: BLE001  whatever it is, the orders are what mattered
            why = str(error) if isinstance(error, MmError) else type(error).__name__
            if why != self._why:
                self._say(f"not on record yet ({why}); it is tried again, and the STOP file holds meanwhile")
            self._why = why
        else:
            if halts:
                self._say("on record: a halt and an incident")
            self._why = ""
