"""What the bot did lately: orders, cancels and fills, as the checks on its conduct count them. Monotonic ns."""

from collections import deque

from mm.domain.order import Side
from mm.risk.order_limits import MINUTE_NS


class Conduct:
    """`orders_without_fill` orders approved in the trading day since its last fill."""

    def __init__(self, most_fills: int, fills_window_ns: int, orders_without_fill: int) -> None:
        self.orders_without_fill = orders_without_fill
        self._most_fills = most_fills
        self._fills_window = fills_window_ns
        self._orders: deque[int] = deque()
        self._messages: deque[int] = deque()
        self._fills: dict[Side, deque[int]] = {Side.BUY: deque(), Side.SELL: deque()}
        self._last_filled: dict[Side, str] = {}

    def ordered(self, mono: int) -> None:
        self.orders_without_fill += 1
        self._orders.append(mono)
        self._messages.append(mono)

    def cancelled(self, mono: int) -> None:
        self._messages.append(mono)
        self.recent_messages(mono)

    def filled(self, side: Side, client_id: str, mono: int) -> int:
        """How many orders of this side were filled within the window when that is too many, else 0. The parts in which
        one order fills count once."""
        self.orders_without_fill = 0
        if self._last_filled.get(side) == client_id:
            return 0
        self._last_filled[side] = client_id
        fills = self._fills[side]
        fills.append(mono)
        _forget(fills, mono, self._fills_window)
        return len(fills) if len(fills) > self._most_fills else 0

    def new_day(self) -> None:
        self.orders_without_fill = 0

    def recent_orders(self, mono: int) -> int:
        _forget(self._orders, mono, MINUTE_NS)
        return len(self._orders)

    def recent_messages(self, mono: int) -> int:
        _forget(self._messages, mono, MINUTE_NS)
        return len(self._messages)


def _forget(moments: deque[int], mono: int, window_ns: int) -> None:
    while moments and mono - moments[0] >= window_ns:
        moments.popleft()
