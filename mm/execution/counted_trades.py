"""Which trades were counted, so that each counts once however often it is told."""

_REMEMBERED = 20_000
"""By number. Readings overlap by a few hundred ids; this is hours of the liveliest trading."""


class CountedTrades:
    """Holds the newest ids; of those it let go it knows the highest, and ids rise with time."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._ids: dict[int, None] = {}  # in the order they were counted
        self._remembered = remembered
        self._let_go = -1

    def __contains__(self, trade_id: int) -> bool:
        return trade_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, trade_id: int) -> None:
        self._ids[trade_id] = None
        if len(self._ids) > self._remembered:
            oldest = next(iter(self._ids))
            del self._ids[oldest]
            self._let_go = max(self._let_go, oldest)

    def is_older(self, trade_id: int) -> bool:
        """As old as trades that were let go. Of an order that is no longer kept it was counted: an order is let go
        only when all of its fills were."""
        return trade_id <= self._let_go
