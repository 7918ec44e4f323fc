"""How the orders of the last 24 hours ended, counted by the minute."""

from collections import deque
from collections.abc import Iterable

from mm.domain.risk import OrderCount

MINUTES = 24 * 60
LEAST_ORDERS = 20
"""Fewer ended orders say nothing."""


class OrderWindow:
    """`is_abnormal` when more than a tenth of the ended orders ended abnormally (P-2.4). Minutes of UTC: a restart goes
    on with what the ledger counted."""

    def __init__(self, counts: Iterable[OrderCount] = ()) -> None:
        self._counts = deque(counts)
        self.ended = sum(count.ended for count in self._counts)
        self.abnormal = sum(count.abnormal for count in self._counts)

    def add(self, at: int, *, abnormal: bool) -> None:
        """An order ended at `at`, UTC ns."""
        minute = at // 60_000_000_000
        if self._counts and self._counts[-1].minute >= minute:  # also where the wall clock was set back
            last = self._counts.pop()
            self._counts.append(OrderCount(last.minute, last.ended + 1, last.abnormal + abnormal))
        else:
            self._counts.append(OrderCount(minute, 1, int(abnormal)))
        self.ended += 1
        self.abnormal += abnormal
        while self._counts[0].minute <= minute - MINUTES:
            old = self._counts.popleft()
            self.ended -= old.ended
            self.abnormal -= old.abnormal

    @property
    def is_abnormal(self) -> bool:
        return self.ended >= LEAST_ORDERS and 10 * self.abnormal > self.ended

    def clear(self) -> None:
        """A person has seen it: counted anew."""
        self._counts.clear()
        self.ended = self.abnormal = 0

    def describe(self) -> str:
        return f"{self.abnormal} of {self.ended} orders of the last 24 h ended abnormally, at most 10 % may"
