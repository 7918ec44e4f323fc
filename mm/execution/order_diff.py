"""From desired quotes and live orders to what must be cancelled and what may be placed. Pure."""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from mm.domain.order import OrderStatus, OwnOrder, Side
from mm.domain.quote import QuoteLevel

_OPEN = OrderStatus.OPEN
_placed = attrgetter("placed_mono")


class OrderDiff(NamedTuple):
    """`keep` client ids that stay; `cancel` (client id, reason) pairs; `place` levels whose slot is free now;
    `waiting` levels whose slot is still taken by an order on its way out or of unknown fate."""

    keep: tuple[str, ...]
    cancel: tuple[tuple[str, str], ...]
    place: tuple[QuoteLevel, ...]
    waiting: tuple[QuoteLevel, ...]


def diff_orders(
    desired: Sequence[QuoteLevel],
    live: Sequence[OwnOrder],
    *,
    tolerance_ticks: int,
    mono: int,
    max_age_ns: int,
) -> OrderDiff:
    """Keep what stands within `tolerance_ticks` of its wish (it keeps its place in the queue), cancel the rest.

    A slot is a side and a level. A new order is placed only into an empty slot: a replacement waits until the
    old order is proved gone, so that exposure and funds are never needed twice. A partly filled order is kept;
    one larger than the wish by more than a
    tenth is not (the effective size wavers by a lot as the price moves; limits were checked when it was placed).
    """
    wishes: dict[tuple[Side, int], QuoteLevel] = {(wish.side, wish.level): wish for wish in desired}
    keep: list[str] = []
    cancel: list[tuple[str, str]] = []
    taken: dict[tuple[Side, int], bool] = {}  # whether an order in it is kept
    for order in sorted(live, key=_placed):
        slot = (order.side, order.level)
        is_first = slot not in taken
        if is_first:
            taken[slot] = False
        if order.cancelling or order.status is not _OPEN:
            continue
        is_old = mono - order.placed_mono > max_age_ns
        reason = _reason_to_cancel(order, wishes.get(slot), tolerance_ticks, is_old, is_first)
        if reason:
            cancel.append((order.client_id, reason))
        else:
            keep.append(order.client_id)
            taken[slot] = True
    place: list[QuoteLevel] = []
    waiting: list[QuoteLevel] = []
    for slot, wish in wishes.items():
        is_kept = taken.get(slot)
        if is_kept is None:
            place.append(wish)
        elif not is_kept:
            waiting.append(wish)
    return OrderDiff(tuple(keep), tuple(cancel), tuple(place), tuple(waiting))


def _reason_to_cancel(
    order: OwnOrder,
    wish: QuoteLevel | None,
    tolerance_ticks: int,
    is_old: bool,  # noqa: FBT001 - private, named at the one call
    is_first: bool,  # noqa: FBT001
) -> str:
    if wish is None:
        return "unwanted"
    if not is_first:
        return "duplicate_slot"
    if abs(order.ticks - wish.ticks) > tolerance_ticks:
        return "price"
    if order.lots * 10 > wish.lots * 11:
        return "size"
    if is_old:
        return "age"
    return ""
