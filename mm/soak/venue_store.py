"""The venue's own database in a soak: days of orders and trades stay out of memory, where they would hide growth."""

from pathlib import Path

from mm.exchange.venue.bar_history import BarHistory
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.print import Print
from mm.exchange.venue.store import Store

_COMMIT_EVERY = 500


class SoakStore(Store):
    """Without public trades and bars: the tape keeps what is asked for, and nobody starts this venue again. For the
    same reason many changes are one transaction: whoever reads here reads over the connection that wrote them."""

    keeps_tapes = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        # The file is in memory already where there is /dev/shm; a second copy of it would look like growth.
        self._db.execute("PRAGMA cache_size = -500")
        self._left = _COMMIT_EVERY

    def write(self, changes: Changes) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        self._put(changes)
        self._left -= 1
        if not self._left:
            self._left = _COMMIT_EVERY
            self._db.execute("COMMIT")

    def close(self) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        super().close()


class NoBars(BarHistory):
    """In place of a tape's bars, which nobody asks for in a soak."""

    def add(self, trade: Print) -> None:
        """Kept by nobody."""
