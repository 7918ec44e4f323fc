"""Orders that wait for a last price: which they are, when they are due, whether one would be due at once.

Source: Binance Spot API documentation, "New order": a stop price above the market belongs to STOP_LOSS BUY and
TAKE_PROFIT SELL, below it to STOP_LOSS SELL and TAKE_PROFIT BUY.
"""

from mm.exchange.venue.order import Order


def waits_for_a_rise(order_type: str, *, buy: bool) -> bool:
    """True when the order is triggered by a last price at or above its stop price."""
    return buy == order_type.startswith("STOP_LOSS")


def would_trigger(order_type: str, stop_ticks: int, last_ticks: int, *, buy: bool) -> bool:
    return stop_ticks <= last_ticks if waits_for_a_rise(order_type, buy=buy) else stop_ticks >= last_ticks


class StopOrders:
    """The waiting orders of one symbol, and the highest and lowest trade since they were last looked through."""

    __slots__ = ("_high", "_low", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[int, Order] = {}
        self._high: int | None = None
        self._low: int | None = None

    def __bool__(self) -> bool:
        return bool(self.waiting)

    def add(self, order: Order) -> None:
        self.waiting[order.order_id] = order

    def discard(self, order: Order) -> None:
        self.waiting.pop(order.order_id, None)

    def note(self, ticks: int) -> None:
        """A trade at `ticks`."""
        if self._high is None or ticks > self._high:
            self._high = ticks
        if self._low is None or ticks < self._low:
            self._low = ticks

    def next_due(self) -> Order | None:
        """The order whose stop price is reached first, taken out; None (and the trades forgotten) when none is due."""
        if self._high is None or self._low is None:
            return None
        due = [order for order in self.waiting.values() if self._is_due(order)]
        if not due:
            self._high = self._low = None
            return None
        first = min(due, key=_turn)
        self.discard(first)
        return first

    def _is_due(self, order: Order) -> bool:
        assert self._high is not None and self._low is not None  # noqa: S101, PT018 - next_due asked already
        if waits_for_a_rise(order.type, buy=order.buy):
            return self._high >= order.stop_ticks
        return self._low <= order.stop_ticks


def _turn(order: Order) -> tuple[bool, int, int]:
    rises = waits_for_a_rise(order.type, buy=order.buy)
    return not rises, order.stop_ticks if rises else -order.stop_ticks, order.order_id
