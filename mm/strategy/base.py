"""What a strategy is: a pure function from a snapshot to the orders it wants in the market."""

from typing import Protocol

from mm.domain.quote import Quote
from mm.domain.snapshot import Snapshot


class Strategy(Protocol):
    """Keeps nothing but its settings, so the same snapshot always gives the same quote."""

    def quote(self, snapshot: Snapshot) -> Quote:
        """The whole set of orders that should rest, those already in the market included."""
        ...
