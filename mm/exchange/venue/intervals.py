"""Kline intervals: where a bar begins and where the next one does, in UTC or in another time zone.

Weeks begin on Monday, months on their first day; bars of three days count from 1970-01-01. Sources: Binance Spot API
documentation, "Kline/Candlestick data" (intervals, time zones from -12:00 to +14:00).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
_MONDAY_MS = 4 * DAY_MS
"""The first Monday after the epoch, which was a Thursday."""
_ZONE = re.compile(r"^(?P<sign>[+-]?)(?P<hours>[0-9]{1,2})(?::(?P<minutes>[0-9]{2}))?$")


@dataclass(frozen=True, slots=True)
class Interval:
    """`length_ms` 0 for a month; `anchor_ms` a time at which one begins in UTC."""

    name: str
    length_ms: int
    anchor_ms: int = 0

    def start(self, time_ms: int, offset_ms: int = 0) -> int:
        """When the bar that holds `time_ms` opens (UTC ms); `offset_ms` is the zone's lead on UTC."""
        local = time_ms + offset_ms
        if self.length_ms:
            return local - (local - self.anchor_ms) % self.length_ms - offset_ms
        day = datetime.fromtimestamp(local // 1000, UTC)
        return _month_ms(day.year, day.month) - offset_ms

    def next(self, start_ms: int, offset_ms: int = 0) -> int:
        """When the bar after the one that opens at `start_ms` opens."""
        if self.length_ms:
            return start_ms + self.length_ms
        day = datetime.fromtimestamp((start_ms + offset_ms) // 1000, UTC)
        year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
        return _month_ms(year, month) - offset_ms


def _month_ms(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000


def _intervals() -> dict[str, Interval]:
    units = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
    plain = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d")
    found = {name: Interval(name, int(name[:-1]) * units[name[-1]]) for name in plain}
    return found | {"1w": Interval("1w", 7 * DAY_MS, _MONDAY_MS), "1M": Interval("1M", 0)}


INTERVALS = _intervals()
"""By name, as on the wire (1m is a minute, 1M a month)."""


def zone_offset_ms(text: str) -> int:
    """`8`, `-1:00`, `05:45` as milliseconds ahead of UTC. Raises ValueError for what is no zone or out of range."""
    found = _ZONE.fullmatch(text)
    minutes = int(found["minutes"] or 0) if found else 60
    if found is None or minutes >= 60:
        raise ValueError(f"{text!r} is no time zone")
    offset = (int(found["hours"]) * 60 + minutes) * MINUTE_MS * (-1 if found["sign"] == "-" else 1)
    if not -12 * HOUR_MS <= offset <= 14 * HOUR_MS:
        raise ValueError(f"{text!r} is beyond -12:00 to +14:00")
    return offset
