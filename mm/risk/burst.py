"""A market that moves too fast to quote in."""

from collections import deque
from fractions import Fraction


class BurstWatch:
    """Told a mid now and then, it says whether that is more than `max_move` away from one within the window, as a
    share of the older one. Two queues of extremes, so that each mid is touched twice at most."""

    def __init__(self, max_move: Fraction, window_ns: int) -> None:
        self._over, self._under = max_move.numerator, max_move.denominator
        self._window = window_ns
        self._low: deque[tuple[int, int]] = deque()
        self._high: deque[tuple[int, int]] = deque()

    def see(self, mid: int, mono: int) -> bool:
        """`mid` in any unit, the same each time."""
        low, high = self._low, self._high
        for queue in (low, high):
            while queue and mono - queue[0][0] > self._window:
                queue.popleft()
        while low and low[-1][1] >= mid:
            low.pop()
        while high and high[-1][1] <= mid:
            high.pop()
        low.append((mono, mid))
        high.append((mono, mid))
        lowest, highest = low[0][1], high[0][1]
        return (mid - lowest) * self._under > lowest * self._over or (
            highest - mid
        ) * self._under > highest * self._over
