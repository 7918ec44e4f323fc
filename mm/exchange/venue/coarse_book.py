"""A generated market's book without the orders behind it: a touch and a shape on each side, levels made when asked.

For virtual time, where days must pass in seconds. What stands for the anonymous market is a shape; an account's order
queues behind it as in `recorded_book`: behind the whole size that stood at its price.
Depth diffs name the touch only, so nobody may follow this book over the wire.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mm.exchange.venue.book import DepthLog, Levels
from mm.exchange.venue.order import Appetite, Order, Plan
from mm.exchange.venue.planning import Offer, plan


class Shape(NamedTuple):
    """Ticks from the touch, nearest first and 0 the first, and the lots there."""

    away: tuple[int, ...]
    lots: tuple[int, ...]

    @classmethod
    def of(cls, levels: Iterable[tuple[int, int]]) -> "Shape":
        """From (ticks from the touch, lots)."""
        rising = sorted(levels)
        return cls(tuple([away for away, _ in rising]), tuple([lots for _, lots in rising]))


_NOTHING = Shape((), ())


class CoarseBook:
    """`touch` ticks of the market's best ask and bid (index by `buy`); 0: that side is empty."""

    __slots__ = ("_own", "_shapes", "_taken", "log", "touch")

    def __init__(self, log: DepthLog) -> None:
        self.log = log
        self.touch = [0, 0]
        self._shapes: list[Shape] = [_NOTHING, _NOTHING]
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
        if self._taken[buy]:
            return [level for level, _ in zip(self._levels(buy=buy), range(limit), strict=False)]
        touch, own, (offsets, lots) = self.touch[buy], self._own[buy], self._shapes[buy]
        offsets = offsets[:limit]
        # Asked for at every step: no line of Python for each level.
        found = list(zip(map(touch.__sub__ if buy else touch.__add__, offsets), lots, strict=False))
        if not own:
            return found
        put = 0
        for ticks in own if len(own) == 1 else sorted(own, reverse=buy):
            size = 0
            for order in own[ticks]:
                size += order.lots - order.executed
            away = touch - ticks if buy else ticks - touch
            at = bisect_left(offsets, away)
            if at < len(offsets) and offsets[at] == away:
                found[at + put] = (ticks, lots[at] + size)
            else:
                found.insert(at + put, (ticks, size))
                put += 1
        return found[:limit]

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
        offsets, lots = self._shapes[buy]
        at = bisect_left(offsets, away)
        if at == len(offsets) or offsets[at] != away:
            return 0
        return max(0, lots[at] - self._taken[buy].get(ticks, 0))

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
        reached = [price for price in own if (price >= ticks if buy else price <= ticks)]
        return [order for price in sorted(reached, reverse=buy) for order in own[price]] if reached else []

    # --- inside -------------------------------------------------------------------------------

    def _market_levels(self, *, buy: bool) -> Iterator[tuple[int, int]]:
        touch, taken, sign = self.touch[buy], self._taken[buy], -1 if buy else 1
        for away, lots in zip(*self._shapes[buy], strict=True):
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
