"""The anonymous makers of a generated market: a displayed book around the fair price."""

import math
import random

from mm.exchange.venue.matching import Matching, SymbolMarket
from mm.exchange.venue.order import Order
from mm.exchange.venue.scenario import Scenario

_ORDERS_A_SIDE = 40
_CROWDING = 3.0
"""Offsets are reach × u^this for uniform u: many small orders near the touch, few large ones far away."""
_RENEWED = 3
"""Orders a side replaced in every step, whatever the price does."""
_SIGMA = 0.8
"""Of the log of an order's size around what the depth profile asks for."""
_MEAN = math.exp(_SIGMA**2 / 2)


class Crowd:
    """Sizes follow the scenario's depth profile by notional, log-normal around it."""

    def __init__(self, matching: Matching, market: SymbolMarket, scenario: Scenario, rng: random.Random) -> None:
        self._matching = matching
        self._market = market
        self._scenario = scenario
        self._rng = rng
        self._orders: tuple[list[Order], list[Order]] = ([], [])
        self._reach = scenario.depth[-1][0] * 1.5 / 1e4

    def flee(self, fair_bid: int, fair_ask: int) -> None:
        """Most orders the fair price has passed are canceled; filled ones forgotten."""
        alert = self._scenario.alert
        for buy, edge in ((True, fair_bid), (False, fair_ask)):
            kept = []
            for order in self._orders[buy]:
                if not order.remaining:
                    continue
                stale = order.ticks > edge if buy else order.ticks < edge
                if stale and self._rng.random() < alert:
                    self._market.book.remove(order)
                else:
                    kept.append(order)
            self._orders[buy][:] = kept

    def fill_up(self, fair_bid: int, fair_ask: int) -> None:
        """Some orders go, new ones come until each side is full again and its touch stands at the fair price."""
        rng = self._rng
        for buy, touch in ((True, fair_bid), (False, fair_ask)):
            orders = self._orders[buy]
            limit = touch * self._reach
            for _ in range(min(_RENEWED, len(orders))):
                self._drop(orders, rng.randrange(len(orders)))
            for index in range(len(orders) - 1, -1, -1):
                if abs(orders[index].ticks - touch) > limit:
                    self._drop(orders, index)
            if self._market.book.displayed(touch, buy=buy) == 0:
                self._add(touch, self._scenario.touch_notional, buy=buy)
            while len(orders) < _ORDERS_A_SIDE:
                share = rng.random() ** _CROWDING
                offset = int(limit * share)
                notional = self._density(share) * share ** (1.0 - 1.0 / _CROWDING) / _MEAN
                if not self._add(touch - offset if buy else touch + offset, notional, buy=buy):
                    break

    def _density(self, share: float) -> float:
        """What an order at `share` of the reach has to show for the profile to come out, but for the crowding there."""
        bps = share * self._reach * 1e4
        inner_bps = inner = slope = 0.0
        for outer_bps, outer in self._scenario.depth:
            slope = (outer - inner) / (outer_bps - inner_bps)
            if bps <= outer_bps:
                break
            inner_bps, inner = outer_bps, outer
        return slope * self._reach * 1e4 * _CROWDING / _ORDERS_A_SIDE

    def _add(self, ticks: int, notional: float, *, buy: bool) -> bool:
        """False when it would match (an account's quote stands in the way)."""
        rules = self._market.rules
        drawn = notional * math.exp(self._rng.gauss(0.0, _SIGMA))
        lots = max(1, int(drawn * 1e8 / (ticks * rules.quote_step)))
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
