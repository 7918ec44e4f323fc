"""What matching needs of a book, and the book of a generated market: orders in price-time priority."""

from collections.abc import Iterator
from typing import Protocol

from mm.exchange.venue.iceberg import turns
from mm.exchange.venue.ladder import Ladder
from mm.exchange.venue.order import Appetite, Order, Plan
from mm.exchange.venue.planning import Offer, plan

Levels = list[tuple[int, int]]


class DepthLog:
    """Which levels changed since the last drain; every change takes one update id.

    Until somebody drains for the first time nothing is collected: a book nobody follows needs no memory.
    """

    __slots__ = ("_changed", "_followed", "first_id", "last_id")

    def __init__(self, last_id: int) -> None:
        self.last_id = last_id
        self.first_id = last_id + 1
        self._changed: dict[tuple[bool, int], None] = {}
        self._followed = False

    def note(self, ticks: int, *, buy: bool) -> None:
        self.last_id += 1
        if self._followed:
            self._changed[buy, ticks] = None

    def drain(self) -> tuple[int, list[tuple[bool, int]]]:
        """The first update id, and the levels (buy, ticks) changed since."""
        first, changed = self.first_id, list(self._changed)
        self._followed = True
        self.first_id = self.last_id + 1
        self._changed.clear()
        return first, changed


class Book(Protocol):
    """A symbol's book. `rest`, `remove`, `shrink` and `take` keep displayed sizes in step with the orders.

    `holds` must hold of an order that is removed or shrunk.
    """

    log: DepthLog

    def best(self, *, buy: bool) -> int | None: ...
    def displayed(self, ticks: int, *, buy: bool) -> int: ...
    def levels(self, limit: int, *, buy: bool) -> Levels: ...
    def plan(self, appetite: Appetite) -> Plan: ...
    def rest(self, order: Order) -> None: ...
    def holds(self, order: Order) -> bool: ...
    def remove(self, order: Order) -> None: ...
    def take(self, maker: Order | None, ticks: int, lots: int, *, buy: bool) -> None:
        """`lots` of the resting side `buy` are gone; called after the maker's `executed` rose."""

    def shrink(self, order: Order, lots: int) -> None:
        """`lots` of the order go; called before the order itself knows."""


class OrderBook:
    """Every displayed lot belongs to an order; oldest first within a price."""

    __slots__ = ("_icebergs", "_queues", "_sides", "log")

    def __init__(self, last_update_id: int = 0) -> None:
        self.log = DepthLog(last_update_id)
        self._sides = (Ladder(buy=False), Ladder(buy=True))
        self._queues: tuple[dict[int, dict[int, Order]], dict[int, dict[int, Order]]] = ({}, {})
        self._icebergs = 0

    def best(self, *, buy: bool) -> int | None:
        return self._sides[buy].best

    def displayed(self, ticks: int, *, buy: bool) -> int:
        return self._sides[buy].get(ticks)

    def levels(self, limit: int, *, buy: bool) -> Levels:
        return [level for level, _ in zip(self._sides[buy], range(limit), strict=False)]

    def orders_at(self, ticks: int, *, buy: bool) -> list[Order]:
        return list(self._queues[buy].get(ticks, {}).values())

    def plan(self, appetite: Appetite) -> Plan:
        return plan(appetite, self._offers(buy=not appetite.buy))

    def _offers(self, *, buy: bool) -> Iterator[Offer]:
        queues = self._queues[buy]
        for ticks, _ in self._sides[buy]:
            if self._icebergs:
                for order, size in turns(queues[ticks].values()):
                    yield ticks, size, order
                continue
            for order in queues[ticks].values():
                yield ticks, order.remaining, order

    def rest(self, order: Order) -> None:
        self._queues[order.buy].setdefault(order.ticks, {})[order.order_id] = order
        if order.iceberg:
            self._icebergs += 1
            order.visible = min(order.visible or order.iceberg, order.remaining)
        self._change(order.ticks, order.displayed, buy=order.buy)

    def holds(self, order: Order) -> bool:
        return order.order_id in self._queues[order.buy].get(order.ticks, {})

    def remove(self, order: Order) -> None:
        self._leave(order)
        self._change(order.ticks, -order.displayed, buy=order.buy)

    def take(self, maker: Order | None, ticks: int, lots: int, *, buy: bool) -> None:
        if maker is not None:
            if maker.iceberg:
                self._take_visible(maker, lots)
            elif not maker.remaining:
                self._leave(maker)
        self._change(ticks, -lots, buy=buy)

    def _take_visible(self, order: Order, lots: int) -> None:
        """An iceberg shows its next part when the last is gone, at the end of the queue."""
        order.visible -= lots
        if not order.remaining:
            self._leave(order)
        elif not order.visible:
            order.visible = min(order.iceberg, order.remaining)
            queue = self._queues[order.buy][order.ticks]
            del queue[order.order_id]
            queue[order.order_id] = order
            self._change(order.ticks, order.visible, buy=order.buy)
            order.priority = self.log.last_id

    def shrink(self, order: Order, lots: int) -> None:
        if order.iceberg:
            before, order.visible = order.visible, min(order.visible, order.remaining - lots)
            lots = before - order.visible
        self._change(order.ticks, -lots, buy=order.buy)

    def _leave(self, order: Order) -> None:
        queues = self._queues[order.buy]
        queue = queues[order.ticks]
        del queue[order.order_id]
        if order.iceberg:
            self._icebergs -= 1
        if not queue:
            del queues[order.ticks]

    def _change(self, ticks: int, lots: int, *, buy: bool) -> None:
        side = self._sides[buy]
        side.set(ticks, side.get(ticks) + lots)
        self.log.note(ticks, buy=buy)
