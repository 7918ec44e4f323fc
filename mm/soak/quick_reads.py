"""What the bot looks at again and again, asked of file and database only when this process has changed them.

A soak is one process, so nobody else trips its latch or writes its control.db. That no order leaves behind a fallen
latch is judged by the oracle on the files themselves.
"""

from collections.abc import Sequence

from mm.control.reader import ControlPoller
from mm.control.store import ControlStore
from mm.domain.events import Event
from mm.ports import StopLatch


class QuickLatch:
    """Plays `mm.ports.StopLatch` of one instance. Whoever trips the latch says so with `touched`."""

    def __init__(self, inner: StopLatch) -> None:
        self._inner = inner
        self._is_known = False

    def is_armed(self) -> bool:
        """Of the files, unless they said yes and nobody touched them since."""
        if not self._is_known:
            self._is_known = self._inner.is_armed()
        return self._is_known

    def touched(self) -> None:
        self._is_known = False

    def beat(self) -> None:
        self._inner.beat()


class QuickControl:
    """Plays `mm.ports.ControlReader` over a poller of `store`."""

    def __init__(self, poller: ControlPoller, store: ControlStore) -> None:
        self._poller = poller
        self._store = store
        self._seen = -1

    def poll(self) -> Sequence[Event]:
        if self._store.own_changes == self._seen:
            return ()
        found = self._poller.poll()
        self._seen = self._store.own_changes
        return found
