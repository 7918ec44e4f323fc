"""The top of the order book, in ticks and lots, best level first."""

from collections.abc import Iterable
from dataclasses import dataclass

from mm.domain.order import OwnOrder, Side

Level = tuple[int, int]
_BUY = Side.BUY


@dataclass(frozen=True, slots=True)
class Book:
    """`bids` falling, `asks` rising, each `(ticks, lots)`; `update_id` the exchange's, rising."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    update_id: int = 0

    @property
    def is_two_sided(self) -> bool:
        return bool(self.bids and self.asks)

    @property
    def is_crossed(self) -> bool:
        """Crossed or locked: best bid at or above best ask."""
        return bool(self.bids and self.asks) and self.bids[0][0] >= self.asks[0][0]

    @property
    def best_bid(self) -> int:
        return self.bids[0][0] if self.bids else 0

    @property
    def best_ask(self) -> int:
        return self.asks[0][0] if self.asks else 0

    def minus_own_orders(self, orders: Iterable[OwnOrder]) -> "Book":
        """The book as others make it: own open sizes taken out, emptied levels dropped. Itself when no own order is
        within the levels that are seen."""
        own_bids: dict[int, int] = {}
        own_asks: dict[int, int] = {}
        for order in orders:
            own = own_bids if order.side is _BUY else own_asks
            own[order.ticks] = own.get(order.ticks, 0) + order.lots
        bids, asks = _without(self.bids, own_bids), _without(self.asks, own_asks)
        if bids is self.bids and asks is self.asks:
            return self
        return Book(bids, asks, self.update_id)


def _without(levels: tuple[Level, ...], own: dict[int, int]) -> tuple[Level, ...]:
    if not own or own.keys().isdisjoint(dict(levels)):
        return levels
    kept = ((ticks, lots - own.get(ticks, 0)) for ticks, lots in levels)
    return tuple((ticks, lots) for ticks, lots in kept if lots > 0)
