"""Diffs of a book at the slow speed, made only while somebody follows them."""

from typing import Any

from mm.exchange.venue.views import DepthChange
from mm.exchange.venue_server import events_wire, wire


class SlowDepth:
    """Fast depth changes merged into one: the newest size of each level, ids from the first to the last."""

    def __init__(self) -> None:
        self._first = self._last = 0
        self._bids: dict[str, str] = {}
        self._asks: dict[str, str] = {}

    def add(self, change: DepthChange) -> None:
        if not self._first:
            self._first = change.first_update_id
        self._last = change.last_update_id
        self._bids.update(wire.levels(change.bids))
        self._asks.update(wire.levels(change.asks))

    def take(self, symbol: str, now_ms: int) -> dict[str, Any] | None:
        """What came since the last call; None when nothing did."""
        if not self._first:
            return None
        bids, asks = list(self._bids.items()), list(self._asks.items())
        update = events_wire.depth_update(symbol, (self._first, self._last), bids, asks, now_ms)
        self.clear()
        return update

    def clear(self) -> None:
        """Nobody follows: the next one begins anew."""
        self._first = 0
        self._bids, self._asks = {}, {}
