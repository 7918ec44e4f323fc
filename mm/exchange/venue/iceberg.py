"""Icebergs: orders that show a part of themselves and stand in line anew for each further part."""

from collections import deque
from collections.abc import Iterable, Iterator

from mm.exchange.venue.order import Order


def turns(queue: Iterable[Order]) -> Iterator[tuple[Order, int]]:
    """A price's orders and lots in the order they trade: what is shown first, hidden parts behind it, in turn."""
    waiting = deque((order, order.displayed, order.remaining) for order in queue)
    while waiting:
        order, shown, remaining = waiting.popleft()
        yield order, shown
        if remaining > shown:
            left = remaining - shown
            waiting.append((order, min(order.iceberg, left), left))


def parts(lots: int, iceberg: int) -> int:
    """Into how many parts an iceberg breaks: CEIL(qty / icebergQty)."""
    return -(-lots // iceberg)
