"""The anonymous makers of a generated market: a displayed book around the fair price."""

import math
import random

from mm.exchange.venue.matching import Matching, SymbolMarket
from mm.exchange.venue.order import Order

_ORDERS_A_SIDE = 40
_REACH = 0.0035
"""How far from the best price they quote, as a fraction of it."""
_CROWDING = 3.0
"""Offsets are reach × u^this for uniform u: dense at the touch, thin far away."""
_ALERT = 0.85
"""Share of stale orders their owners cancel before an informed aggressor gets there."""
_RENEWED = 3
"""Orders a side replaced in every step, whatever the price does."""


class Crowd:
    """Sizes are log-normal; at the touch a median of 2.5 base units at a price of 3000, by notional elsewhere."""

    def __init__(self, matching: Matching, market: SymbolMarket, rng: random.Random) -> None:
        self._matching = matching
        self._market = market
        self._rng = rng
        self._orders: tuple[list[Order], list[Order]] = ([], [])

    def flee(self, fair_bid: int, fair_ask: int) -> None:
        """Most orders the fair price has passed are canceled; filled ones forgotten."""
        for buy, edge in ((True, fair_bid), (False, fair_ask)):
            kept = []
            for order in self._orders[buy]:
                if not order.remaining:
                    continue
                stale = order.ticks > edge if buy else order.ticks < edge
                if stale and self._rng.random() < _ALERT:
                    self._market.book.remove(order)
                else:
                    kept.append(order)
            self._orders[buy][:] = kept

    def fill_up(self, fair_bid: int, fair_ask: int) -> None:
        """Some orders go, new ones come until each side is full again and its touch stands at the fair price."""
        for buy, touch in ((True, fair_bid), (False, fair_ask)):
            orders = self._orders[buy]
            limit = touch * _REACH
            for _ in range(min(_RENEWED, len(orders))):
                self._drop(orders, self._rng.randrange(len(orders)))
            for index in range(len(orders) - 1, -1, -1):
                if abs(orders[index].ticks - touch) > limit:
                    self._drop(orders, index)
            if self._market.book.displayed(touch, buy=buy) == 0:
                self._add(touch, 2.5, buy=buy)
            while len(orders) < _ORDERS_A_SIDE:
                offset = int(limit * self._rng.random() ** _CROWDING)
                if not self._add(touch - offset if buy else touch + offset, 1.0, buy=buy):
                    break

    def _add(self, ticks: int, median: float, *, buy: bool) -> bool:
        """False when it would match (an account's quote stands in the way)."""
        rules = self._market.rules
        notional = median * 3000.0 * math.exp(self._rng.gauss(0.0, 1.2))
        lots = max(1, int(notional * 1e8 / (ticks * rules.quote_step)))
        order = self._matching.rest_anonymous(self._market, ticks, lots, buy=buy)
        if order is not None:
            self._orders[buy].append(order)
        return order is not None

    def _drop(self, orders: list[Order], index: int) -> None:
        order = orders[index]
        orders[index] = orders[-1]
        orders.pop()
        if order.remaining:
            self._market.book.remove(order)
