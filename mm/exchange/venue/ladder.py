"""One side of a book as price levels: sizes by tick, best level in constant time."""

from bisect import bisect_left, insort
from collections.abc import Iterator


class Ladder:
    """Ticks to lots. Keys are kept sorted with the best price last (sells negated)."""

    __slots__ = ("_keys", "_lots", "_sign")

    def __init__(self, *, buy: bool) -> None:
        self._sign = 1 if buy else -1
        self._keys: list[int] = []
        self._lots: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, ticks: int) -> int:
        return self._lots.get(ticks, 0)

    def set(self, ticks: int, lots: int) -> None:
        """`lots` 0 removes the level."""
        key = ticks * self._sign
        if lots:
            if ticks not in self._lots:
                insort(self._keys, key)
            self._lots[ticks] = lots
        elif self._lots.pop(ticks, 0):
            del self._keys[bisect_left(self._keys, key)]

    def clear(self) -> None:
        self._keys.clear()
        self._lots.clear()

    @property
    def best(self) -> int | None:
        return self._keys[-1] * self._sign if self._keys else None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """(ticks, lots), best first. The ladder must not change meanwhile."""
        for key in reversed(self._keys):
            ticks = key * self._sign
            yield ticks, self._lots[ticks]

    def better_than(self, ticks: int) -> list[int]:
        """Levels strictly better than `ticks`, best first."""
        start = bisect_left(self._keys, ticks * self._sign + 1)
        return [key * self._sign for key in reversed(self._keys[start:])]
