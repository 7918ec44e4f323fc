"""A generated market's book without the orders behind it: a touch and a shape on each side, levels made when asked.

For virtual time, where days must pass in seconds. What stands for the anonymous market is a tuple of (ticks from the
touch, lots); an account's order queues behind it as in `recorded_book`: behind the whole size that stood at its price.
Depth diffs name the touch only, so nobody may follow this book over the wire.
"""

from collections.abc import Iterator

from mm.exchange.venue.book import DepthLog, Levels
from mm.exchange.venue.order import Appetite, Order, Plan
from mm.exchange.venue.planning import Offer, plan

Shape = tuple[tuple[int, int], ...]
"""Levels as (ticks away from the touch, lots), nearest first; the first is (0, lots)."""


class CoarseBook:
    """`touch` ticks of the market's best ask and bid (index by `buy`); 0: that side is empty."""

    __slots__ = ("_own", "_shapes", "_taken", "log", "touch")

    def __init__(self, log: DepthLog) -> None:
        self.log = log
        self.touch = [0, 0]
        self._shapes: list[Shape] = [(), ()]
        self._taken: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._own: tuple[dict[int, list[Order]], dict[int, list[Order]]] = ({}, {})

    # --- what matching needs ---------------------------------------------------------------

    def best(self, *, buy: bool) -> int | None:
        own = self._own[buy]
        if not own and not self._taken[buy]:
            return self.touch[buy] or None
        return next((ticks for ticks, _ in self._levels(buy=buy)), None)

    def displayed(self, ticks: int, *, buy: bool) -> int:
        own = sum(order.remaining for order in self._own[buy].get(ticks, ()))
        return own + self.others(ticks, buy=buy)

    def levels(self, limit: int, *, buy: bool) -> Levels:
        touch, shape = self.touch[buy], self._shapes[buy][:limit]
        if self._taken[buy]:
            return [level for level, _ in zip(self._levels(buy=buy), range(limit), strict=False)]
        found = (
            [(touch - away, lots) for away, lots in shape] if buy else [(touch + away, lots) for away, lots in shape]
        )
        own = self._own[buy]
        if not own:
            return found
        for ticks, orders in own.items():
            size = 0
            for order in orders:
                size += order.lots - order.executed
            self._insert(found, ticks, size, buy=buy)
        return found[:limit]

    @staticmethod
    def _insert(found: Levels, ticks: int, size: int, *, buy: bool) -> None:
        """An account's size among the market's levels."""
        for at, (price, lots) in enumerate(found):
            if price == ticks:
                found[at] = (ticks, lots + size)
                return
            if (price < ticks) if buy else (price > ticks):
                found.insert(at, (ticks, size))
                return
        found.append((ticks, size))

    def plan(self, appetite: Appetite) -> Plan:
        return plan(appetite, self._offers(buy=not appetite.buy))

    def rest(self, order: Order) -> None:
        order.queue_ahead = self.others(order.ticks, buy=order.buy)
        self._own[order.buy].setdefault(order.ticks, []).append(order)
        self.log.note(order.ticks, buy=order.buy)

    def holds(self, order: Order) -> bool:
        return order in self._own[order.buy].get(order.ticks, ())

    def remove(self, order: Order) -> None:
        orders = self._own[order.buy][order.ticks]
        orders.remove(order)
        if not orders:
            del self._own[order.buy][order.ticks]
        self.log.note(order.ticks, buy=order.buy)

    def take(self, maker: Order | None, ticks: int, lots: int, *, buy: bool) -> None:
        if maker is None:
            taken = self._taken[buy]
            taken[ticks] = taken.get(ticks, 0) + lots
        elif not maker.remaining:
            self.remove(maker)
        self.log.note(ticks, buy=buy)

    def shrink(self, order: Order, lots: int) -> None:
        """Sizes are counted when asked; there is nothing to take away."""
        self.log.note(order.ticks, buy=order.buy)

    # --- what the market does ---------------------------------------------------------------

    def set_market(self, bid: int, ask: int, bids: Shape, asks: Shape) -> None:
        """The market quotes anew: what accounts took from the old levels counts no more."""
        self.touch[0], self.touch[1] = ask, bid
        self._shapes[0], self._shapes[1] = asks, bids
        self._taken[0].clear()
        self._taken[1].clear()
        self.log.note(bid, buy=True)
        self.log.note(ask, buy=False)

    def others(self, ticks: int, *, buy: bool) -> int:
        """The market's lots at a price, less what accounts took."""
        away = self.touch[buy] - ticks if buy else ticks - self.touch[buy]
        for offset, lots in self._shapes[buy]:
            if offset >= away:
                return max(0, lots - self._taken[buy].get(ticks, 0)) if offset == away else 0
        return 0

    def has_own(self, *, buy: bool) -> bool:
        return bool(self._own[buy])

    def hit(self, ticks: int, lots: int, *, buy: bool) -> list[tuple[Order, int]]:
        """An aggressor trades `lots` against side `buy` down to `ticks`: the orders it reaches, and for how much.

        Orders at better prices come first; at the price itself the size ahead is eaten before an order gets anything.
        """
        fills: list[tuple[Order, int]] = []
        left = lots
        own = self._own[buy]
        for price in sorted(own, reverse=buy):
            if price != ticks and (price > ticks) != buy:
                break
            for order in own[price]:
                if price == ticks:
                    ahead = min(order.queue_ahead, left)
                    order.queue_ahead -= ahead
                    left -= ahead
                size = min(order.remaining, left)
                if size:
                    fills.append((order, size))
                    left -= size
        return fills

    def crossed(self, ticks: int, *, buy: bool) -> list[Order]:
        """Orders of side `buy` that the other side of the market, now at `ticks`, has reached."""
        own = self._own[buy]
        return [
            order
            for price in sorted(own, reverse=buy)
            if (price >= ticks if buy else price <= ticks)
            for order in own[price]
        ]

    # --- inside -------------------------------------------------------------------------------

    def _market_levels(self, *, buy: bool) -> Iterator[tuple[int, int]]:
        touch, taken, sign = self.touch[buy], self._taken[buy], -1 if buy else 1
        for away, lots in self._shapes[buy]:
            ticks = touch + sign * away
            left = lots - taken.get(ticks, 0)
            if left > 0:
                yield ticks, left

    def _offers(self, *, buy: bool) -> Iterator[Offer]:
        """Best price first; at one price the market before accounts: it was there first."""
        own = self._own[buy]
        prices = sorted(own, reverse=buy)
        at = 0
        for ticks, lots in self._market_levels(buy=buy):
            while at < len(prices) and (prices[at] > ticks if buy else prices[at] < ticks):
                yield from ((prices[at], order.remaining, order) for order in own[prices[at]])
                at += 1
            yield ticks, lots, None
        for price in prices[at:]:
            yield from ((price, order.remaining, order) for order in own[price])

    def _levels(self, *, buy: bool) -> Iterator[tuple[int, int]]:
        """Prices with the sizes of market and accounts together."""
        at, size = 0, 0
        for ticks, lots, _ in self._offers(buy=buy):
            if ticks != at:
                if size:
                    yield at, size
                at, size = ticks, 0
            size += lots
        if size:
            yield at, size
