"""Request weight per address and unfilled orders per account, counted in the fixed windows Binance uses."""

from dataclasses import dataclass, field

from mm.exchange.venue_server.api_error import ApiError

WEIGHT_PER_MINUTE = 6000
ORDERS_PER_10S = 100
ORDERS_PER_DAY = 200_000
_MINUTE_MS, _TEN_SECONDS_MS, _DAY_MS = 60_000, 10_000, 86_400_000
_ADDRESSES_KEPT = 1000


@dataclass(slots=True)
class Window:
    """A count that begins anew at each multiple of `length_ms` (UTC)."""

    length_ms: int
    most: int
    count: int = 0
    number: int = 0

    def at(self, now_ms: int) -> int:
        number = now_ms // self.length_ms
        if number != self.number:
            self.number, self.count = number, 0
        return self.count

    def seconds_left(self, now_ms: int) -> int:
        return max(1, -(-(self.length_ms - now_ms % self.length_ms) // 1000))


@dataclass(slots=True)
class WeightLimit:
    """Request weight a minute, per address."""

    most: int = WEIGHT_PER_MINUTE
    _windows: dict[str, Window] = field(default_factory=dict)

    def charge(self, address: str, weight: int, now_ms: int) -> int:
        """Adds `weight` and returns what is used. Raises -1003 with Retry-After when it is passed."""
        window = self._windows.get(address)
        if window is None:
            if len(self._windows) >= _ADDRESSES_KEPT:
                self._windows.clear()
            window = self._windows[address] = Window(_MINUTE_MS, self.most)
        used = window.at(now_ms)
        if used + weight > self.most and weight:
            raise ApiError(
                -1003,
                f"Too much request weight used; current limit is {self.most} request weight per 1 MINUTE. "
                "Please use WebSocket Streams for live updates to avoid polling the API.",
                status=429,
                retry_after=window.seconds_left(now_ms),
            )
        window.count = used + weight
        return window.count

    def refund(self, address: str, weight: int) -> None:
        """A success turned out to be free."""
        window = self._windows.get(address)
        if window is not None:
            window.count = max(0, window.count - weight)

    def used(self, address: str, now_ms: int) -> int:
        window = self._windows.get(address)
        return window.at(now_ms) if window else 0


@dataclass(slots=True)
class OrderLimit:
    """Unfilled orders: each placement counts, the first fill of a resting order gives its count back."""

    most_10s: int = ORDERS_PER_10S
    most_day: int = ORDERS_PER_DAY
    ten_seconds: Window = field(init=False)
    day: Window = field(init=False)

    def __post_init__(self) -> None:
        self.ten_seconds = Window(_TEN_SECONDS_MS, self.most_10s)
        self.day = Window(_DAY_MS, self.most_day)

    def check(self, now_ms: int) -> None:
        """Raises -1015 with HTTP 429 when no further order is allowed now."""
        for window, name in ((self.ten_seconds, "10 SECONDS"), (self.day, "1 DAY")):
            if window.at(now_ms) >= window.most:
                raise ApiError(
                    -1015,
                    f"Too many new orders; current limit is {window.most} orders per {name}.",
                    status=429,
                    retry_after=window.seconds_left(now_ms),
                )

    def placed(self, now_ms: int) -> None:
        for window in (self.ten_seconds, self.day):
            window.count = window.at(now_ms) + 1

    def withdrawn(self, now_ms: int) -> None:
        """The placement just counted was refused."""
        self.filled_as_maker(now_ms)

    def filled_as_maker(self, now_ms: int) -> None:
        for window in (self.ten_seconds, self.day):
            window.count = max(0, window.at(now_ms) - 1)
