"""A book of recorded sizes with accounts' orders queued behind them.

Recorded levels show size without orders. An account's order joins behind the whole recorded size at its price; it
comes to the front only as recorded trades at that price eat that size (`hit`) or the level shrinks below what was
ahead. That default (`conservative`) assumes that every cancel happened behind the order: it can only be too late with
a fill, never too early. `proportional` lets cancels shorten the queue by the order's share of it; `optimistic` assumes
that every cancel happened in front of the order: it can only be too early.
What an account takes from a recorded level stays gone while that level lasts.
"""

from collections.abc import Iterator
from typing import Literal

from mm.exchange.venue.book import DepthLog, Levels
from mm.exchange.venue.ladder import Ladder
from mm.exchange.venue.order import Appetite, Order, Plan
from mm.exchange.venue.planning import Offer, plan

QueueModel = Literal["conservative", "proportional", "optimistic"]
_UNSEEN = -1


class RecordedBook:
    """Lots and ticks. Until `open` (the snapshot) nothing is displayed of the market."""

    def __init__(self, log: DepthLog, queue: QueueModel) -> None:
        self.log = log
        self.is_open = False
        self.queue = queue
        self.recorded = (Ladder(buy=False), Ladder(buy=True))
        self._shown = (Ladder(buy=False), Ladder(buy=True))
        self._consumed: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._own: tuple[dict[int, list[Order]], dict[int, list[Order]]] = ({}, {})
        self._traded: tuple[dict[int, int], dict[int, int]] = ({}, {})

    # --- what matching needs ---------------------------------------------------------------

    def best(self, *, buy: bool) -> int | None:
        return self._shown[buy].best

    def displayed(self, ticks: int, *, buy: bool) -> int:
        return self._shown[buy].get(ticks)

    def levels(self, limit: int, *, buy: bool) -> Levels:
        return [level for level, _ in zip(self._shown[buy], range(limit), strict=False)]

    def plan(self, appetite: Appetite) -> Plan:
        return plan(appetite, self._offers(buy=not appetite.buy))

    def _offers(self, *, buy: bool) -> Iterator[Offer]:
        for ticks, _ in self._shown[buy]:
            size = self.others(ticks, buy=buy)
            if size:
                yield ticks, size, None
            for order in self._own[buy].get(ticks, ()):
                yield ticks, order.remaining, order

    def rest(self, order: Order) -> None:
        order.queue_ahead = self.others(order.ticks, buy=order.buy) if self.is_open else _UNSEEN
        self._own[order.buy].setdefault(order.ticks, []).append(order)
        self._show(order.ticks, buy=order.buy)

    def holds(self, order: Order) -> bool:
        return order in self._own[order.buy].get(order.ticks, ())

    def remove(self, order: Order) -> None:
        self._leave(order)
        self._show(order.ticks, buy=order.buy)

    def take(self, maker: Order | None, ticks: int, lots: int, *, buy: bool) -> None:
        if maker is None:
            self.consume(ticks, lots, buy=buy)
            return
        if not maker.remaining:
            self._leave(maker)
        self._show(ticks, buy=buy)

    def shrink(self, order: Order, lots: int) -> None:
        """The order's own lots were lowered by `lots` already or will be at once."""
        shown = self._shown[order.buy]
        shown.set(order.ticks, shown.get(order.ticks) - lots)
        self.log.note(order.ticks, buy=order.buy)

    # --- what the recording does -----------------------------------------------------------

    def others(self, ticks: int, *, buy: bool) -> int:
        """Recorded lots at a price that no account has taken."""
        return self.recorded[buy].get(ticks) - self._consumed[buy].get(ticks, 0)

    def open(self) -> None:
        """The snapshot is in: orders that came before it join behind what it shows."""
        self.is_open = True
        for buy in (True, False):
            for ticks, orders in self._own[buy].items():
                for order in orders:
                    order.queue_ahead = self.others(ticks, buy=buy)

    def set_recorded(self, ticks: int, lots: int, *, buy: bool) -> None:
        """A recorded level has a new size (0: gone)."""
        before = self.recorded[buy].get(ticks)
        traded = self._traded[buy].pop(ticks, 0)
        if before == lots:
            return
        self.recorded[buy].set(ticks, lots)
        consumed = self._consumed[buy]
        if ticks in consumed:
            consumed[ticks] = min(consumed[ticks], lots)
            if not consumed[ticks]:
                del consumed[ticks]
        canceled = max(0, before - lots - traded)
        for order in self._own[buy].get(ticks, ()):
            if order.queue_ahead > 0 and canceled:
                ahead = min(order.queue_ahead, before)
                if self.queue == "proportional":
                    order.queue_ahead -= canceled * ahead // before
                elif self.queue == "optimistic":
                    order.queue_ahead -= min(canceled, ahead)
            order.queue_ahead = min(order.queue_ahead, lots)
        self._show(ticks, buy=buy)

    def consume(self, ticks: int, lots: int, *, buy: bool) -> None:
        """An account took `lots` of recorded size."""
        consumed = self._consumed[buy]
        consumed[ticks] = consumed.get(ticks, 0) + lots
        self._show(ticks, buy=buy)

    def hit(self, ticks: int, lots: int, *, buy: bool) -> list[tuple[Order, int]]:
        """A recorded aggressor traded `lots` at `ticks` against side `buy`: the orders it reaches, and for how much.

        Orders at better prices than the trade come first (the market traded through them). At the price itself the
        recorded size ahead is eaten before an order gets anything. No lot is given away twice.
        """
        fills: list[tuple[Order, int]] = []
        left = lots
        for price in self._own_prices(buy=buy):
            if price == ticks or (price > ticks) != buy:
                continue
            for order in self._own[buy][price]:
                size = min(order.remaining, left)
                if size:
                    fills.append((order, size))
                    left -= size
        traded = self._traded[buy]
        traded[ticks] = traded.get(ticks, 0) + lots
        for order in self._own[buy].get(ticks, ()):
            if order.queue_ahead == _UNSEEN:
                continue
            ahead = min(order.queue_ahead, left)
            order.queue_ahead -= ahead
            size = min(order.remaining, left - ahead)
            if size:
                fills.append((order, size))
                left -= size
        return fills

    def crossing(self) -> tuple[Order, int, int] | None:
        """An account's order that the recorded other side has reached: (order, recorded ticks, lots), or None."""
        if not self.is_open:
            return None
        for buy in (True, False):
            for price in self._own_prices(buy=buy):
                for ticks, _ in self.recorded[not buy]:
                    if (ticks > price) if buy else (ticks < price):
                        break
                    size = self.others(ticks, buy=not buy)
                    if size:
                        order = self._own[buy][price][0]
                        return order, ticks, min(size, order.remaining)
        return None

    def _own_prices(self, *, buy: bool) -> list[int]:
        return sorted(self._own[buy], reverse=buy)

    def _leave(self, order: Order) -> None:
        orders = self._own[order.buy][order.ticks]
        orders.remove(order)
        if not orders:
            del self._own[order.buy][order.ticks]

    def _show(self, ticks: int, *, buy: bool) -> None:
        own = sum(order.remaining for order in self._own[buy].get(ticks, ()))
        lots = self.others(ticks, buy=buy) + own
        if self._shown[buy].get(ticks) != lots:
            self._shown[buy].set(ticks, lots)
            self.log.note(ticks, buy=buy)
