"""One order of the bot as the order manager keeps it."""

from dataclasses import dataclass

from mm.domain.order import OrderIntent, OrderStatus, OwnOrder


@dataclass(slots=True)
class TrackedOrder:
    """`executed_lots` is the exchange's cumulative word, `filled_lots` what fills account for; `fence_mono` when a
    request that left can no longer execute (0: nothing left yet); `next_query_mono` 0: no query is due."""

    intent: OrderIntent
    status: OrderStatus
    placed_mono: int
    exchange_id: str = ""
    executed_lots: int = 0
    filled_lots: int = 0
    fence_mono: int = 0
    next_query_mono: int = 0
    query_pause: int = 0
    querying: bool = False
    cancel_why: str = ""
    next_cancel_mono: int = 0
    withdrawn: bool = False

    @property
    def open_lots(self) -> int:
        """What may still change the position: the unfilled rest, or fills of an ended order not seen yet."""
        end = self.executed_lots if self.status.is_final else self.intent.lots
        return max(0, end - self.filled_lots)

    @property
    def is_done(self) -> bool:
        return self.status.is_final and self.open_lots == 0


def as_own_order(order: TrackedOrder) -> OwnOrder:
    """As strategy and risk see it. One that ended but whose fills are not all known counts as unknown."""
    return OwnOrder(
        client_id=order.intent.client_id,
        side=order.intent.side,
        ticks=order.intent.ticks,
        lots=order.open_lots,
        status=OrderStatus.UNKNOWN if order.status.is_final else order.status,
        cancelling=bool(order.cancel_why) or order.status.is_final,
        level=order.intent.level,
        placed_mono=order.placed_mono,
    )
