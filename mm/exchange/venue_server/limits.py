"""Request weight, raw requests and bans per address; unfilled orders per account; in the fixed windows Binance uses.

Source: Binance Spot API documentation, "LIMITS", "WebSocket Limits" and "Spot Unfilled Order Count Rules".
"""

from dataclasses import dataclass, field

from mm.exchange.venue_server.api_error import ApiError

WEIGHT_PER_MINUTE = 6000
REQUESTS_PER_5_MINUTES = 300_000
CONNECTIONS_PER_5_MINUTES = 300
ORDERS_PER_10S = 100
ORDERS_PER_DAY = 200_000
REFUSED_UNTIL_BAN = 10
"""Requests after the first 429 of a minute that end in a ban. Binance does not tell its own figure."""
BAN_MS, LONGEST_BAN_MS = 120_000, 3 * 86_400_000
"""The first ban, and the longest; each ban of the same address doubles the one before."""
BANS_KEPT_MS = 3 * 86_400_000
"""How long after its end a ban counts for the length of the next."""
MAKER_FILL_GIVES_BACK = 5
"""Unfilled orders given back by the first fill of a resting order, as in the documentation's example; a taker's: 1."""
_MINUTE_MS, _TEN_SECONDS_MS, _DAY_MS = 60_000, 10_000, 86_400_000
_FIVE_MINUTES_MS = 300_000
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
class _Address:
    """What one address used. `refused_in`: the minute in which it was last refused, `refused`: how often there."""

    weight: Window
    requests: Window
    refused_in: int = -1
    refused: int = 0
    bans: int = 0
    banned_until_ms: int = 0


@dataclass(slots=True)
class WeightLimit:
    """Request weight a minute and raw requests in 5 minutes, per address, and the bans of those who do not stop."""

    most: int = WEIGHT_PER_MINUTE
    most_requests: int = REQUESTS_PER_5_MINUTES
    _addresses: dict[str, _Address] = field(default_factory=dict)

    def charge(self, address: str, weight: int, now_ms: int) -> int:
        """Adds `weight` and returns what is used.

        Raises -1003: HTTP 418 while the address is banned, 429 when a limit is passed; both with Retry-After.
        """
        known = self._address(address)
        if now_ms < known.banned_until_ms:
            raise self._banned(known, now_ms)
        requests = known.requests.at(now_ms) + 1
        used = known.weight.at(now_ms) + weight
        known.requests.count = requests
        if used > self.most and weight:
            raise self._refused(known, known.weight, now_ms, f"{self.most} request weight per 1 MINUTE")
        if requests > self.most_requests:
            raise self._refused(known, known.requests, now_ms, f"{self.most_requests} raw requests per 5 MINUTE")
        known.weight.count = used
        return used

    def refund(self, address: str, weight: int) -> None:
        """A success turned out to be free."""
        known = self._addresses.get(address)
        if known is not None:
            known.weight.count = max(0, known.weight.count - weight)

    def used(self, address: str, now_ms: int) -> int:
        known = self._addresses.get(address)
        return known.weight.at(now_ms) if known else 0

    def check_ban(self, address: str, now_ms: int) -> None:
        """Raises -1003 with HTTP 418 while the address is banned."""
        known = self._addresses.get(address)
        if known is not None and now_ms < known.banned_until_ms:
            raise self._banned(known, now_ms)

    def _address(self, address: str) -> _Address:
        known = self._addresses.get(address)
        if known is None:
            if len(self._addresses) >= _ADDRESSES_KEPT:
                self._addresses.pop(next(iter(self._addresses)))
            known = _Address(Window(_MINUTE_MS, self.most), Window(_FIVE_MINUTES_MS, self.most_requests))
            self._addresses[address] = known
        return known

    def _refused(self, known: _Address, window: Window, now_ms: int, limit: str) -> ApiError:
        minute = now_ms // _MINUTE_MS
        known.refused = known.refused + 1 if known.refused_in == minute else 1
        known.refused_in = minute
        if known.refused > REFUSED_UNTIL_BAN:
            if now_ms - known.banned_until_ms > BANS_KEPT_MS:
                known.bans = 0
            known.bans += 1
            known.refused = 0
            known.banned_until_ms = now_ms + min(BAN_MS << min(known.bans - 1, 20), LONGEST_BAN_MS)
            return self._banned(known, now_ms)
        return ApiError(
            -1003,
            f"Too much request weight used; current limit is {limit}. "
            "Please use WebSocket Streams for live updates to avoid polling the API.",
            status=429,
            retry_after=window.seconds_left(now_ms),
        )

    @staticmethod
    def _banned(known: _Address, now_ms: int) -> ApiError:
        until = known.banned_until_ms
        return ApiError(
            -1003,
            f"Way too much request weight used; IP banned until {until}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
            status=418,
            retry_after=max(1, -(-(until - now_ms) // 1000)),
        )


@dataclass(slots=True)
class ConnectionLimit:
    """WebSocket connections an address may open in 5 minutes."""

    most: int = CONNECTIONS_PER_5_MINUTES
    _windows: dict[str, Window] = field(default_factory=dict)

    def count(self, address: str, now_ms: int) -> None:
        """Raises -1034 with HTTP 429 when it is one too many."""
        window = self._windows.get(address)
        if window is None:
            if len(self._windows) >= _ADDRESSES_KEPT:
                self._windows.pop(next(iter(self._windows)))
            window = self._windows[address] = Window(_FIVE_MINUTES_MS, self.most)
        if window.at(now_ms) >= window.most:
            raise ApiError(
                -1034,
                f"Too many connection attempts from IP; current limit is {window.most} per '5 MINUTE'.",
                status=429,
                retry_after=window.seconds_left(now_ms),
            )
        window.count += 1


@dataclass(slots=True)
class OrderLimit:
    """Unfilled orders of an account: each placement counts, the first fill of an order gives counts back."""

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
        self._give_back(now_ms, 1)

    def first_filled(self, now_ms: int, *, as_maker: bool) -> None:
        """An order met its first fill."""
        self._give_back(now_ms, MAKER_FILL_GIVES_BACK if as_maker else 1)

    def _give_back(self, now_ms: int, count: int) -> None:
        for window in (self.ten_seconds, self.day):
            window.count = max(0, window.at(now_ms) - count)
