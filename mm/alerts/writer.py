"""Puts alerts into the outbox from a thread: the event loop never waits for control.db."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from mm.control.store import ControlStore
from mm.domain.alert import Alert, Severity
from mm.domain.errors import LedgerError

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0
_Key = tuple[str, str, Severity]


@dataclass(slots=True)
class _Waiting:
    """One alert that was not written yet; the same code that comes again meanwhile is counted."""

    alert: Alert
    times: int
    last_text: str


class OutboxWriter:
    """`put` is an AlertSink. `open_store` is called in the thread; what cannot be written is tried again until
    `close`, and `on_failure` is told once for each stretch of failures. It holds one entry a code, not more."""

    def __init__(self, open_store: Callable[[], ControlStore], on_failure: Callable[[str], None]) -> None:
        self._open_store = open_store
        self._on_failure = on_failure
        self._store: ControlStore | None = None
        self._waiting: dict[_Key, _Waiting] = {}
        self._writing: _Waiting | None = None
        self._changed = threading.Condition()
        self._is_closing = False
        self._is_failing = False
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)
        self._thread.start()

    def put(self, alert: Alert) -> None:
        """Returns at once."""
        key = (alert.environment, alert.code, alert.severity)
        with self._changed:
            waiting = self._waiting.get(key)
            if waiting is None:
                self._waiting[key] = _Waiting(alert, 1, alert.text)
            else:
                waiting.times += 1
                waiting.last_text = alert.text
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Entries that are not in control.db yet."""
        with self._changed:
            return len(self._waiting) + (self._writing is not None)

    def flush(self, seconds: float) -> bool:
        """Whether everything that was put is in control.db, after so long at most. Blocks."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and self._writing is None, timeout=seconds)

    def close(self, seconds: float) -> bool:
        """Flushes and ends. False when something could not be written; `on_failure` is told what. Blocks."""
        is_flushed = self.flush(seconds)
        with self._changed:
            self._is_closing = True
            left = [*([self._writing] if self._writing else []), *self._waiting.values()]
            self._changed.notify_all()
        for lost in left:
            self._on_failure(f"not written: {lost.alert.severity.name} {lost.alert.code}: {lost.alert.text}")
        self._thread.join(seconds)
        return is_flushed

    # --- the thread ---------------------------------------------------------------------

    def _work(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closing)
                if self._is_closing:
                    break
                key = next(iter(self._waiting))
                self._writing = self._waiting.pop(key)
            is_written = self._try(self._writing)
            with self._changed:
                if not is_written:
                    self._put_back(key, self._writing)
                self._writing = None
                self._changed.notify_all()
                if is_written:
                    pause = _FIRST_PAUSE
                else:
                    self._changed.wait_for(lambda: self._is_closing, timeout=pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
        if self._store is not None:
            self._store.close()

    def _try(self, entry: _Waiting) -> bool:
        try:
            if self._store is None:
                self._store = self._open_store()
            self._store.outbox.add(entry.alert, times=entry.times, last_text=entry.last_text)
        except LedgerError as error:
            if not self._is_failing:
                self._on_failure(str(error))
            self._is_failing = True
            return False
        self._is_failing = False
        return True

    def _put_back(self, key: _Key, entry: _Waiting) -> None:
        """What came meanwhile is counted with it; it keeps its place before others."""
        newer = self._waiting.pop(key, None)
        if newer is not None:
            entry.times += newer.times
            entry.last_text = newer.last_text
        self._waiting = {key: entry, **self._waiting}
