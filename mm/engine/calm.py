"""While nothing has happened but time and small moves of the market, an event cannot lead to anything. Until when, and
between which prices, is worked out once; in between an event is only noted.

Safety is in the bounds: staleness, losses, due queries and readings, ages of orders and delays after fills each end
the calm by themselves, and every event that is no book, trade or pulse ends it at once.
"""

from typing import NamedTuple

from mm.domain.order import OrderStatus, Side
from mm.domain.snapshot import Snapshot
from mm.execution.order_diff import kept_until
from mm.strategy.base import Strategy

NEVER = 1 << 62
_NO_PRICE = 1 << 62
_MARGIN = 3
"""Ticks by which the bounds stay inside the tolerance: prices of quotes are rounded."""


class Calm(NamedTuple):
    """Everything stays as it is while the best bid is from `lowest` up and above `own_bid`, the best ask from
    `highest` down and below `own_ask` (so both are other people's), equity from `least_units` to `most_units`
    (1e-8 quote), before `until_mono`; a pulse leads to nothing before `due_mono`."""

    lowest: int
    highest: int
    own_bid: int
    own_ask: int
    least_units: int
    most_units: int
    until_mono: int
    due_mono: int


class Rest(NamedTuple):
    """Between which prices and until when no own order is taken down."""

    lowest: int
    highest: int
    own_bid: int
    own_ask: int
    until_mono: int


def rest_of_orders(strategy: Strategy, snapshot: Snapshot, tolerance: tuple[int, int], max_age_ns: int) -> Rest | None:
    """As far as the present orders allow, else half as far; None: not known. `tolerance`: a ratio to the fair value."""
    own = snapshot.own_orders
    if not own:
        return Rest(0, _NO_PRICE, 0, _NO_PRICE, NEVER)
    others = snapshot.others_book()
    if not others.is_two_sided or snapshot.book.is_crossed:
        return None
    share, whole = tolerance
    bid, ask = others.best_bid, others.best_ask
    for part in (1, 2):
        reach = _reach(strategy, snapshot, bid * share // whole, part)
        if reach is None:
            return None
        lowest, highest = min(bid, bid - reach[0]), max(ask, ask + reach[1])
        steady = strategy.steady(snapshot, lowest, highest)
        if steady is None:
            continue
        until = kept_until(steady.levels, own, tolerance_ticks=lowest * share // whole, max_age_ns=max_age_ns)
        if until is not None:
            return Rest(
                lowest,
                highest,
                max((order.ticks for order in own if order.side is Side.BUY), default=0),
                min((order.ticks for order in own if order.side is Side.SELL), default=_NO_PRICE),
                min(until, steady.until_mono),
            )
    return None


def _reach(strategy: Strategy, snapshot: Snapshot, tolerance_ticks: int, part: int) -> tuple[int, int] | None:
    """How far the market may fall, rise until one is out of tolerance, a `part` of that; None: one is not wished."""
    wishes = {(wish.side, wish.level): wish.ticks for wish in strategy.quote(snapshot).levels}
    down = up = tolerance_ticks
    for order in snapshot.own_orders:
        if order.cancelling or order.status is not OrderStatus.OPEN:
            continue
        wish = wishes.get((order.side, order.level))
        if wish is None:
            return None
        down = min(down, wish - order.ticks + tolerance_ticks)
        up = min(up, order.ticks - wish + tolerance_ticks)
    return (down - _MARGIN) // part, (up - _MARGIN) // part
