"""People's commands as events of the engine, and the engine's halts for people."""

from collections.abc import Callable, Sequence
from datetime import datetime

from mm.control.records import Command
from mm.control.store import ControlStore
from mm.domain.errors import LedgerError
from mm.domain.events import Event, HaltRequested, ResumeRequested, StopRequested
from mm.ports import Clock

KINDS = ("stop", "resume", "halt")
OnFailure = Callable[[str], None]


class ControlPoller:
    """Plays `mm.ports.ControlReader`; cheap enough for once a second.

    Commands given before `since` (the run's start) were for an earlier run and are dropped. A locked or broken
    control.db is told once by `on_failure` and tried again at the next poll: the stop latch is the way that always
    works. Give it a store with a short `busy_timeout`, since it is polled from the event loop.
    """

    def __init__(
        self,
        store: ControlStore,
        *,
        environment: str,
        run_id: str,
        since: datetime,
        clock: Clock,
        on_failure: OnFailure,
    ) -> None:
        self._store = store
        self._environment = environment
        self._run_id = run_id
        self._since = since
        self._clock = clock
        self._on_failure = on_failure
        self._failing = False
        self._unwritten: dict[str, str] = {}
        self._unwritten_incidents: dict[str, str] = {}

    def write_halt(self, cause: str, detail: str) -> None:
        """A halt that a person must lift. One that cannot be written now is written at a later poll: it must outlive
        this process. Never raises."""
        self._unwritten.setdefault(cause, detail)
        self._try_to_write()

    def write_incident(self, kind: str, detail: str) -> None:
        """An incident that a person must close; kept and tried again like a halt. Never raises."""
        self._unwritten_incidents.setdefault(kind, detail)
        self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self._write()
        except LedgerError as error:
            self._tell(error)

    def _write(self) -> None:
        for waiting, write in (
            (self._unwritten, self._store.open_halt),
            (self._unwritten_incidents, self._store.incidents.open),
        ):
            while waiting:
                what = next(iter(waiting))
                write(self._environment, what, waiting[what])
                del waiting[what]

    def poll(self) -> Sequence[Event]:
        try:
            self._write()
            commands = self._store.take_commands(self._environment, self._run_id, KINDS)
        except LedgerError as error:
            self._tell(error)
            return ()
        self._failing = False
        return tuple(self._event(command) for command in commands if command.at >= self._since)

    def _tell(self, error: LedgerError) -> None:
        if not self._failing:
            self._failing = True
            self._on_failure(str(error))

    def _event(self, command: Command) -> Event:
        at, mono = self._clock.now(), self._clock.monotonic()
        text = command.payload.get
        if command.kind == "resume":
            return ResumeRequested(at=at, mono=mono, by=command.by, note=str(text("note", "")))
        if command.kind == "halt":
            return HaltRequested(at=at, mono=mono, cause=str(text("cause", "ordered")), detail=str(text("detail", "")))
        return StopRequested(at=at, mono=mono, why=str(text("why") or f"ordered by {command.by}"))
