"""The top of the order book, in ticks and lots, best level first."""

from collections.abc import Iterable
from typing import NamedTuple

from mm.domain.order import OwnOrder, Side
from mm.domain.value import value

Level = tuple[int, int]
_BUY = Side.BUY


class OwnSizes(NamedTuple):
    """Lots of own orders by their ticks."""

    bids: dict[int, int]
    asks: dict[int, int]

    @classmethod
    def of(cls, orders: Iterable[OwnOrder]) -> "OwnSizes":
        """Of those that may stand in the book we see."""
        sizes = cls({}, {})
        for order in orders:
            if order.is_in_market:
                own = sizes.bids if order.side is _BUY else sizes.asks
                own[order.ticks] = own.get(order.ticks, 0) + order.lots
        return sizes


@value(frozen=True, slots=True)
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
        """The book as others make it; an order that has not left yet cannot be in it."""
        return self.minus(OwnSizes.of(orders))

    def minus(self, own: OwnSizes) -> "Book":
        """The book with own sizes taken out, emptied levels dropped. Itself when no own order is within the levels
        that are seen."""
        bids, asks = _without(self.bids, own.bids), _without(self.asks, own.asks)
        if bids is self.bids and asks is self.asks:
            return self
        return Book(bids, asks, self.update_id)


def _without(levels: tuple[Level, ...], own: dict[int, int]) -> tuple[Level, ...]:
    if not own or dict(levels).keys().isdisjoint(own):
        return levels
    kept = [(ticks, lots - own[ticks]) if ticks in own else (ticks, lots) for ticks, lots in levels]
    return tuple([level for level in kept if level[1] > 0])
