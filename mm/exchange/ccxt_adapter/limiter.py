"""The bot's own limits on requests, well inside Binance's, with a share kept for cancels and queries.

Binance counts request weight per minute and IP, and unfilled orders per 10 seconds and account. Own counts run over
rolling windows, which is never less strict than Binance's fixed ones; what its headers say is taken where it is more.
"""

from collections import deque
from decimal import Decimal

from mm.domain.errors import RateLimited
from mm.ports import Clock

_SECOND = 1_000_000_000
_LONGEST_WAIT = 15.0
"""Seconds a read waits by itself; when more is needed the caller is told."""
_PAUSE_WITHOUT_HEADER = {429: 60.0, 418: 120.0, 403: 10.0}
"""Seconds to stay away when no Retry-After came: the weight window, the shortest ban, a firewall's moment."""


class RateLimiter:
    """Gives permits. `try_*` answer None or why not; `wait_read` waits for its permit."""

    def __init__(self, clock: Clock, weight_per_minute: int, orders_per_10s: int, reserve: Decimal) -> None:
        self._clock = clock
        self._weights = _Window(60)
        self._orders = _Window(10)
        self._weight_limit = weight_per_minute
        self._order_weight_limit = int(weight_per_minute * (1 - reserve))
        self._orders_limit = orders_per_10s
        self._banned_until = 0
        self._paused_until = 0

    def try_order(self, weight: int = 1) -> str | None:
        """Permit for a new order, or why it must not leave now."""
        now = self._clock.monotonic()
        if now < max(self._banned_until, self._paused_until):
            return f"the exchange asked for a pause of {self.pause_left():.1f} s"
        if self._orders.used(now) + 1 > self._orders_limit:
            return f"{self._orders_limit} orders in 10 s reached"
        if self._weights.used(now) + weight > self._order_weight_limit:
            return f"request weight {self._order_weight_limit} a minute reached (the rest is kept for cancels)"
        self._orders.add(now, 1)
        self._weights.add(now, weight)
        return None

    def try_cancel(self, weight: int = 1) -> str | None:
        """Permit for a cancel: only a ban (429, 418) holds it back, since Binance would lengthen the ban."""
        now = self._clock.monotonic()
        if now < self._banned_until:
            return f"the exchange asked for a pause of {(self._banned_until - now) / _SECOND:.1f} s"
        self._weights.add(now, weight)
        return None

    async def wait_read(self, weight: int, *, query: bool) -> None:
        """Wait until a read of `weight` may leave; `query`: it may use the reserve.

        Raises RateLimited when that would take longer than 15 s.
        """
        limit = self._weight_limit if query else self._order_weight_limit
        deadline = self._clock.monotonic() + int(_LONGEST_WAIT * _SECOND)
        while True:
            now = self._clock.monotonic()
            free_at = max(self._banned_until, self._paused_until, self._weights.free_at(now, weight, limit))
            if free_at <= now:
                self._weights.add(now, weight)
                return
            if free_at > deadline:
                wait = (free_at - now) / _SECOND
                raise RateLimited("request budget is used up", wait, f"wait {wait:.0f} s; nothing is sent until then")
            await self._clock.sleep((free_at - now) / _SECOND)

    def saw_used_weight(self, used: int) -> None:
        """Header X-MBX-USED-WEIGHT-1M: others on this IP count too."""
        self._weights.told(self._clock.monotonic(), used)

    def saw_order_count(self, count: int) -> None:
        """Header X-MBX-ORDER-COUNT-10S: others with this account count too."""
        self._orders.told(self._clock.monotonic(), count)

    def refused(self, status: int, retry_after: float | None) -> None:
        """429, 418: no request at all until `retry_after` seconds have passed; 403: only cancels."""
        wait = retry_after if retry_after is not None else _PAUSE_WITHOUT_HEADER[status]
        until = self._clock.monotonic() + int(wait * _SECOND)
        if status == 403 and retry_after is None:
            self._paused_until = max(self._paused_until, until)
        else:
            self._banned_until = max(self._banned_until, until)

    def pause_left(self) -> float:
        """Seconds until the exchange may be asked again."""
        return max(0, max(self._banned_until, self._paused_until) - self._clock.monotonic()) / _SECOND


class _Window:
    """A rolling sum, joined with what the exchange told of the same window."""

    def __init__(self, seconds: int) -> None:
        self._length = seconds * _SECOND
        self._entries: deque[tuple[int, int]] = deque()
        self._sum = 0
        self._told_extra = 0
        self._told_at = -self._length

    def add(self, now: int, amount: int) -> None:
        self._entries.append((now, amount))
        self._sum += amount

    def told(self, now: int, total: int) -> None:
        """The exchange's count: what lies above the own sum is someone else's and ages with the window."""
        self._drop_old(now)
        self._told_extra = max(0, total - self._sum)
        self._told_at = now

    def used(self, now: int) -> int:
        self._drop_old(now)
        return self._sum + self._told_extra

    def free_at(self, now: int, amount: int, limit: int) -> int:
        """When `amount` more fits under `limit` (nanoseconds, monotonic); an amount above it fits an empty window."""
        excess = self.used(now) + min(amount, limit) - limit
        if excess <= 0:
            return now
        ages = list(self._entries)
        if self._told_extra:
            ages.append((self._told_at, self._told_extra))
        for at, weight in sorted(ages):
            excess -= weight
            if excess <= 0:
                return at + self._length
        return now + self._length

    def _drop_old(self, now: int) -> None:
        start = now - self._length
        while self._entries and self._entries[0][0] <= start:
            self._sum -= self._entries.popleft()[1]
        if self._told_at <= start:
            self._told_extra = 0
