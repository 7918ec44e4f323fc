"""The common form of a market on record: what statistics are measured on, whoever made the market."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

GRID_MS = 100
DEPTH_BPS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""How far from its own best price a side's depth is added up."""


class Top(NamedTuple):
    """Best bid and ask in quote."""

    bid: float
    ask: float

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2


class Taken(NamedTuple):
    """One aggressor's order: its prints of the same moment and side as one. `notional` in quote; `low` and `high` the
    cheapest and dearest print."""

    time_ms: float
    buy: bool
    notional: float
    low: float
    high: float


class Depth(NamedTuple):
    """Both sides' mean notional at the touch, and within each of `DEPTH_BPS` of it."""

    touch: float
    within: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MarketRecord:
    """`tops[i]` stood at `start_ms` + 100 × i; `taken` in order of time; `depths` one a second."""

    start_ms: float
    tops: Sequence[Top]
    taken: Sequence[Taken]
    depths: Sequence[Depth]

    @property
    def seconds(self) -> float:
        return len(self.tops) * GRID_MS / 1000

    def parts(self, count: int) -> list["MarketRecord"]:
        """`count` stretches of equal length, one after another."""
        each = len(self.tops) // count
        return [self.part(index * each, (index + 1) * each) for index in range(count)]

    def part(self, first: int, end: int) -> "MarketRecord":
        """The grid points `first` to before `end`, with the trades and depths between them."""
        start, stop = self.start_ms + first * GRID_MS, self.start_ms + end * GRID_MS
        per = 1000 // GRID_MS
        return MarketRecord(
            start,
            self.tops[first:end],
            [each for each in self.taken if start <= each.time_ms < stop],
            self.depths[first // per : end // per],
        )

    def index(self, time_ms: float) -> int:
        """The last grid point at or before `time_ms`; negative before the first one."""
        return int((time_ms - self.start_ms) // GRID_MS)


def joined(prints: Iterable[tuple[float, float, float, bool]]) -> list[Taken]:
    """Orders out of prints (time in ms, price, notional, buying aggressor) that come in order.

    Prints of one side within a millisecond are one order's: a venue prints one for every maker it met.
    """
    orders: list[Taken] = []
    for time_ms, price, notional, buy in prints:
        last = orders[-1] if orders else None
        if last is not None and last.buy == buy and time_ms - last.time_ms < 1.0:
            orders[-1] = Taken(last.time_ms, buy, last.notional + notional, min(last.low, price), max(last.high, price))
        else:
            orders.append(Taken(time_ms, buy, notional, price, price))
    return orders


def depth_of(bids: Iterable[tuple[float, float]], asks: Iterable[tuple[float, float]]) -> Depth | None:
    """From both sides' (price, notional), best first; None when a side is empty."""
    sides = [_profile(side) for side in (bids, asks)]
    if None in sides:
        return None
    touch, within = zip(*(side for side in sides if side is not None), strict=True)
    return Depth(sum(touch) / 2, tuple(sum(both) / 2 for both in zip(*within, strict=True)))


def _profile(levels: Iterable[tuple[float, float]]) -> tuple[float, tuple[float, ...]] | None:
    best = touch = 0.0
    sums = [0.0] * len(DEPTH_BPS)
    for price, notional in levels:
        if not best:
            best, touch = price, notional
        away = abs(price - best) / best * 1e4
        if away > DEPTH_BPS[-1]:
            break
        for index, reach in enumerate(DEPTH_BPS):
            if away <= reach:
                sums[index] += notional
    return (touch, tuple(sums)) if best else None
