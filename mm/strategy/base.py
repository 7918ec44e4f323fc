"""What a strategy is: a pure function from a snapshot to the orders it wants in the market."""

from typing import Protocol

from mm.domain.quote import Quote
from mm.domain.snapshot import Snapshot
from mm.strategy.steady import Steady


class Strategy(Protocol):
    """Keeps nothing but its settings, so the same snapshot always gives the same quote."""

    def quote(self, snapshot: Snapshot) -> Quote:
        """The whole set of orders that should rest, those already in the market included."""
        ...

    def steady(self, snapshot: Snapshot, lowest: int, highest: int) -> Steady | None:
        """What `quote` certainly answers for every snapshot that differs in the book and the moment only, while the
        best bid of others is at `lowest` ticks or above and their best ask at `highest` or below. None: not known."""
        ...
