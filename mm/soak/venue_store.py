"""The venue's own database in a soak: days of orders and trades stay out of memory, where they would hide growth."""

from mm.exchange.venue.changes import Changes
from mm.exchange.venue.store import Store


class SoakStore(Store):
    """Without public trades and bars: the tape keeps what is asked for, and nobody starts this venue again."""

    def write(self, changes: Changes) -> None:
        changes.tapes.clear()
        super().write(changes)
