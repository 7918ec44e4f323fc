"""The top of the order book, in ticks and lots, best level first."""

from collections.abc import Iterable
from dataclasses import dataclass

from mm.domain.order import OwnOrder, Side

Level = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Book:
    """`bids` falling, `asks` rising, each `(ticks, lots)`; `update_id` the exchange's, rising."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    update_id: int = 0

    @property
    def is_two_sided(self) -> bool:
        return bool(self.bids) and bool(self.asks)

    @property
    def is_crossed(self) -> bool:
        """Crossed or locked: best bid at or above best ask."""
        return self.is_two_sided and self.bids[0][0] >= self.asks[0][0]

    @property
    def best_bid(self) -> int:
        return self.bids[0][0] if self.bids else 0

    @property
    def best_ask(self) -> int:
        return self.asks[0][0] if self.asks else 0

    def minus_own_orders(self, orders: Iterable[OwnOrder]) -> "Book":
        """The book as others make it: own open sizes taken out, emptied levels dropped."""
        own: dict[tuple[Side, int], int] = {}
        for order in orders:
            key = (order.side, order.ticks)
            own[key] = own.get(key, 0) + order.lots
        if not own:
            return self
        return Book(_without(self.bids, Side.BUY, own), _without(self.asks, Side.SELL, own), self.update_id)


def _without(levels: tuple[Level, ...], side: Side, own: dict[tuple[Side, int], int]) -> tuple[Level, ...]:
    kept = ((ticks, lots - own.get((side, ticks), 0)) for ticks, lots in levels)
    return tuple((ticks, lots) for ticks, lots in kept if lots > 0)
