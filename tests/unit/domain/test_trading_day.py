from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.trading_day import trading_day_at, trading_day_of

CLOSE = time(22, 0)
BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_day_runs_from_close_to_close() -> None:
    day = trading_day_of(date(2026, 11, 22), CLOSE, BERLIN)
    assert day.start == datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
    assert day.end == datetime(2026, 11, 22, 21, 0, tzinfo=UTC)


def test_the_close_itself_begins_the_next_day() -> None:
    close = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
    assert trading_day_at(close - timedelta(microseconds=1), CLOSE, BERLIN).day == date(2026, 11, 22)
    assert trading_day_at(close, CLOSE, BERLIN).day == date(2026, 11, 23)
    assert trading_day_at(close + timedelta(hours=2, minutes=30), CLOSE, BERLIN).day == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 3, 28), 24), (date(2026, 10, 26), 24)],
)
def test_clock_changes_make_days_of_23_and_25_hours(day: date, hours: int) -> None:
    found = trading_day_of(day, CLOSE, BERLIN)
    assert found.end - found.start == timedelta(hours=hours)


def test_shanghai_has_no_clock_changes() -> None:
    day = trading_day_at(datetime(2026, 3, 29, 13, 59, tzinfo=UTC), CLOSE, SHANGHAI)
    assert (day.day, day.end - day.start) == (date(2026, 3, 29), timedelta(days=1))


_ZONES = st.sampled_from(
    ["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "UTC", "Pacific/Apia"]
)
_MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(_MOMENTS, st.times(), _ZONES)
def test_every_moment_lies_in_exactly_its_day(moment: datetime, close: time, name: str) -> None:
    zone, close = ZoneInfo(name), close.replace(tzinfo=None, fold=0)
    day = trading_day_at(moment, close, zone)
    assert day.start <= moment < day.end
    before, after = (trading_day_of(day.day + timedelta(days=n), close, zone) for n in (-1, 1))
    assert before.end == day.start
    assert after.start == day.end
