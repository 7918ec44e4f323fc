"""Bars: where each interval begins (weeks, months, time zones), and that bars of every interval tell the trades."""

import random
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mm.exchange.venue.bar import Bar
from mm.exchange.venue.bar_history import KEPT, BarHistory
from mm.exchange.venue.intervals import DAY_MS, HOUR_MS, INTERVALS, MINUTE_MS, zone_offset_ms
from mm.exchange.venue.print import Print


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def trade(number: int, time_ms: int, ticks: int, lots: int = 1, *, sold: bool = False) -> Print:
    return Print(number, ticks, lots, time_ms, sold, number)


@pytest.mark.parametrize(
    ("name", "zone", "at", "start", "following"),
    [
        ("1s", "0", "2026-03-05T10:11:12.345", "2026-03-05T10:11:12", "2026-03-05T10:11:13"),
        ("3m", "0", "2026-03-05T10:11:12", "2026-03-05T10:09:00", "2026-03-05T10:12:00"),
        ("4h", "0", "2026-03-05T10:11:12", "2026-03-05T08:00:00", "2026-03-05T12:00:00"),
        ("4h", "+02:00", "2026-03-05T10:11:12", "2026-03-05T10:00:00", "2026-03-05T14:00:00"),
        ("1d", "8", "2026-03-05T17:00:00", "2026-03-05T16:00:00", "2026-03-06T16:00:00"),
        ("1d", "-1:00", "2026-03-05T00:30:00", "2026-03-04T01:00:00", "2026-03-05T01:00:00"),
        ("1h", "05:45", "2026-03-05T10:11:12", "2026-03-05T09:15:00", "2026-03-05T10:15:00"),
        ("1w", "0", "2026-03-01T23:59:59", "2026-02-23T00:00:00", "2026-03-02T00:00:00"),
        ("1w", "0", "2026-03-02T00:00:00", "2026-03-02T00:00:00", "2026-03-09T00:00:00"),
        ("1w", "+08:00", "2026-03-01T16:00:00", "2026-03-01T16:00:00", "2026-03-08T16:00:00"),
        ("1M", "0", "2024-02-29T23:59:59", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
        ("1M", "0", "2026-12-31T12:00:00", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
        ("1M", "+14:00", "2026-01-31T10:00:00", "2026-01-31T10:00:00", "2026-02-28T10:00:00"),
        ("1M", "-12:00", "2026-01-01T11:59:59", "2025-12-01T12:00:00", "2026-01-01T12:00:00"),
    ],
)
def test_where_a_bar_begins_and_the_next(name: str, zone: str, at: str, start: str, following: str) -> None:
    interval, offset = INTERVALS[name], zone_offset_ms(zone)
    assert interval.start(ms(at), offset) == ms(start)
    assert interval.next(ms(start), offset) == ms(following)


@pytest.mark.parametrize("name", INTERVALS)
def test_an_interval_holds_its_times_whatever_the_zone(name: str) -> None:
    rng = random.Random(name)
    interval = INTERVALS[name]
    for _ in range(50):
        offset = rng.randrange(-12 * 60, 14 * 60 + 1) * MINUTE_MS
        at = rng.randrange(ms("2020-01-01"), ms("2030-01-01"))
        start = interval.start(at, offset)
        end = interval.next(start, offset)
        assert start <= at < end
        assert interval.start(start, offset) == start
        assert interval.start(end - 1, offset) == start
        assert interval.start(end, offset) == end
        if interval.length_ms == 0 or interval.length_ms % DAY_MS == 0:
            there = datetime.fromtimestamp(start / 1000, timezone(timedelta(milliseconds=offset)))
            assert (there.hour, there.minute, there.second) == (0, 0, 0)


@pytest.mark.parametrize("text", ["", "x", "+", "8:5", "15", "14:01", "-12:01", "1:60", "+08:00:00", "1.5"])
def test_what_is_no_time_zone(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|beyond"):
        zone_offset_ms(text)


def straight(prints: list[Print], name: str, offset: int, now: int) -> list[tuple[int, ...]]:
    """Bars made directly from all trades: start, OHLC, lots, notional, trades, taker lots."""
    interval = INTERVALS[name]
    rows: list[tuple[int, ...]] = []
    at = interval.start(prints[0].time_ms, offset)
    close = 0
    while at <= now:
        end = interval.next(at, offset)
        inside = [each for each in prints if at <= each.time_ms < end]
        prices = [each.ticks for each in inside] or [close]
        close = prices[-1]
        rows.append(
            (
                at,
                prices[0],
                max(prices),
                min(prices),
                close,
                sum(each.lots for each in inside),
                sum(each.lots * each.ticks for each in inside),
                len(inside),
                sum(each.lots for each in inside if not each.buyer_is_maker),
            )
        )
        at = end
    return rows


@pytest.mark.parametrize(("name", "zone"), [(name, zone) for name in INTERVALS for zone in ("0", "+08:00", "-3:30")])
def test_bars_of_every_interval_are_those_of_the_trades(name: str, zone: str) -> None:
    rng = random.Random(f"{name}{zone}")
    interval, offset = INTERVALS[name], zone_offset_ms(zone)
    step = {0: 9 * DAY_MS}.get(interval.length_ms, max(300, interval.length_ms // 3))
    history, prints, now = BarHistory(), [], ms("2026-02-26T22:10:00")
    for number in range(1, 60):
        now += rng.randrange(1, 2 * step) if rng.random() < 0.9 else 5 * step
        prints.append(trade(number, now, rng.randrange(90, 110), rng.randrange(1, 9), sold=rng.random() < 0.5))
        history.add(prints[-1])
        if rng.random() < 0.2:
            history.klines(interval, now, 3)  # reading in between changes nothing
    now += 2 * step
    rows = history.klines(interval, now, 1000, offset_ms=offset)
    found = [(at, b.open, b.high, b.low, b.close, b.lots, b.notional, b.trades, b.taker_lots) for at, _, b in rows]
    assert found == straight(prints, name, offset, now)[-1000:]
    assert all(end == interval.next(at, offset) for at, end, _ in rows)
    middle = rows[len(rows) // 2][0]
    assert [row[0] for row in history.klines(interval, now, 3, start_ms=middle, offset_ms=offset)] == [
        row[0] for row in rows if row[0] >= middle
    ][:3]
    assert [row[0] for row in history.klines(interval, now, 3, end_ms=middle, offset_ms=offset)] == [
        row[0] for row in rows if row[0] <= middle
    ][-3:]


def test_windows_are_those_of_the_trades() -> None:
    rng = random.Random(5)
    history, prints, now = BarHistory(), [], ms("2026-02-26T22:10:00")
    for number in range(1, 400):
        now += rng.randrange(1, 10 * MINUTE_MS)
        prints.append(trade(number, now, rng.randrange(90, 110)))
        history.add(prints[-1])
    for length in (MINUTE_MS, 17 * MINUTE_MS, HOUR_MS, 7 * HOUR_MS, DAY_MS):
        start = (now - length) // MINUTE_MS * MINUTE_MS
        window = history.window(start, now + 1)
        inside = [each for each in prints if each.time_ms >= start]
        assert window is not None
        assert (window.trades, window.lots) == (len(inside), len(inside))
        assert (window.first_id, window.last_id) == (inside[0].trade_id, inside[-1].trade_id)
        before = [each for each in prints if each.time_ms < start]
        assert history.close_before(start) == before[-1].ticks
    assert history.window(now + HOUR_MS, now + 2 * HOUR_MS) is None


def test_memory_is_bounded_and_old_bars_stay_at_the_wider_width() -> None:
    history, now = BarHistory(), ms("2026-01-01")
    first = now
    for number in range(1, 20_000):
        now += 61_000
        history.add(trade(number, now, 100 + number % 7))
    rows = history.take_unsaved()
    counts = {width: sum(1 for each, _ in rows if each == width) for width in KEPT}
    for width, most in KEPT.items():
        assert counts[width] <= most * 5 // 4, width
    days = history.klines(INTERVALS["1d"], now, 1000)
    assert days[0][0] == INTERVALS["1d"].start(first)
    assert sum(bar.trades for _, _, bar in days) == 19_999


def test_saved_bars_go_on_after_they_are_restored() -> None:
    whole, before, rng, now = BarHistory(), BarHistory(), random.Random(2), ms("2026-03-05T10:00:00")
    kept: dict[tuple[int, int], Bar] = {}
    for number in range(1, 300):
        now += rng.randrange(1, 5000)
        each = trade(number, now, rng.randrange(90, 110))
        whole.add(each)
        before.add(each)
        if number % 7 == 0 or number == 150:
            kept |= {(width, bar.open_ms): bar for width, bar in before.take_unsaved()}
        if number == 150:
            before = BarHistory()
            before.restore((width, kept[width, at]) for width, at in sorted(kept))
    for name in ("1s", "1m", "15m", "1d"):
        assert before.klines(INTERVALS[name], now, 1000) == whole.klines(INTERVALS[name], now, 1000), name
