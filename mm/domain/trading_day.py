"""The trading day: from one close (22:00 local by default) to the next; 23–25 h when clocks change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class TradingDay:
    """`day` is the local date on which the day closes; `start` and `end` are UTC, half open."""

    day: date
    start: datetime
    end: datetime


def trading_day_at(moment: datetime, close: time, zone: ZoneInfo) -> TradingDay:
    """The trading day that `moment` (aware) belongs to; at the close itself the next day begins."""
    local = moment.astimezone(zone)
    day = local.date()
    if moment >= _close_utc(day, close, zone):
        day += timedelta(days=1)
    elif moment < _close_utc(day - timedelta(days=1), close, zone):
        day -= timedelta(days=1)
    return trading_day_of(day, close, zone)


def trading_day_of(day: date, close: time, zone: ZoneInfo) -> TradingDay:
    """The trading day that closes on local date `day`."""
    return TradingDay(day, _close_utc(day - timedelta(days=1), close, zone), _close_utc(day, close, zone))


def _close_utc(day: date, close: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, close, zone).astimezone(UTC)
