"""The bars of a symbol in bounded memory: seconds of the last hour and more, minutes of eight days, quarters of an
hour of over a year. Every kline and every ticker window is joined from these."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from mm.exchange.venue.bar import Bar
from mm.exchange.venue.intervals import DAY_MS, MINUTE_MS, SECOND_MS, Interval
from mm.exchange.venue.print import Print

QUARTER_MS = 15 * MINUTE_MS
KEPT = {SECOND_MS: 5_000, MINUTE_MS: 8 * DAY_MS // MINUTE_MS, QUARTER_MS: 40_000}
"""Bars kept at most by width (ms)."""


class BarHistory:
    """Trades come in rising time; one that does not joins the newest bar."""

    def __init__(self) -> None:
        self._kept: dict[int, list[Bar]] = {width: [] for width in KEPT}
        self._running: Bar | None = None
        self._saved: dict[int, int] = dict.fromkeys(KEPT, 0)

    def add(self, trade: Print) -> None:
        running = self._running
        if running is None or trade.time_ms - running.open_ms >= SECOND_MS:
            self._settle()
            running = self._running = Bar.of(trade, trade.time_ms - trade.time_ms % SECOND_MS)
        running.add(trade)

    def _settle(self) -> None:
        """The running second joins all widths."""
        piece, self._running = self._running, None
        if piece is None:
            return
        for width, bars in self._kept.items():
            start = piece.open_ms - piece.open_ms % width
            if bars and bars[-1].open_ms >= start:
                bars[-1].join(piece)
            else:
                bars.append(piece.copy(start))
                if len(bars) > KEPT[width] * 5 // 4:
                    del bars[: len(bars) - KEPT[width]]

    # --- keeping over a restart --------------------------------------------------------------

    def take_unsaved(self) -> list[tuple[int, Bar]]:
        """(width, bar) of all bars that changed since the last call."""
        self._settle()
        found = []
        for width, bars in self._kept.items():
            changed = bars[bisect_left(bars, self._saved[width], key=_open_ms) :]
            if changed:
                self._saved[width] = changed[-1].open_ms
                found += [(width, bar.copy()) for bar in changed]
        return found

    def restore(self, rows: Iterable[tuple[int, Bar]]) -> None:
        """What was saved, oldest first within a width."""
        for width, bar in rows:
            self._kept[width].append(bar)
            self._saved[width] = bar.open_ms

    # --- reading -----------------------------------------------------------------------------

    def window(self, start_ms: int, end_ms: int) -> Bar | None:
        """Everything from `start_ms` (to whole minutes, upwards) to before `end_ms`, as one; None without trades."""
        self._settle()
        whole: Bar | None = None
        for bar in self._pieces(start_ms, end_ms):
            if whole is None:
                whole = bar.copy()
            else:
                whole.join(bar)
        return whole

    def close_before(self, time_ms: int) -> int | None:
        """Ticks of the last trade in a bar that opened before `time_ms`; None where no record reaches."""
        self._settle()
        best: Bar | None = None
        for bars in self._kept.values():
            place = bisect_left(bars, time_ms, key=_open_ms)
            # A wide bar that was still open then closes with a later trade, so it does not answer.
            while place and bars[place - 1].last_ms >= time_ms:
                place -= 1
            if place and (best is None or bars[place - 1].last_id > best.last_id):
                best = bars[place - 1]
        return None if best is None else best.close

    def klines(
        self,
        interval: Interval,
        now_ms: int,
        limit: int,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        offset_ms: int = 0,
    ) -> list[tuple[int, int, Bar]]:
        """(open, next open, bar), oldest first. A stretch without trades is a flat bar at the close before it.

        With `start_ms` the first `limit` that open at or after it, else the last ones that open until `end_ms`.
        """
        self._settle()
        oldest = self._oldest(interval, offset_ms)
        if oldest is None or (start_ms is not None and start_ms > now_ms):
            return []
        first = interval.start(oldest, offset_ms)
        last = interval.start(now_ms if end_ms is None else min(end_ms, now_ms), offset_ms)
        if start_ms is not None:
            start = interval.start(start_ms, offset_ms)
            first = max(first, start if start == start_ms else interval.next(start, offset_ms))
        starts = _starts(interval, first, last, limit, offset_ms, from_first=start_ms is not None)
        if not starts:
            return []
        end = interval.next(starts[-1], offset_ms)
        joined: dict[int, Bar] = {}
        if interval.length_ms == SECOND_MS:
            pieces: Iterable[Bar] = self._between(SECOND_MS, starts[0], end)
        elif _whole_quarters(interval, offset_ms):
            pieces = self._pieces(starts[0], end)
        else:
            pieces = self._between(MINUTE_MS, starts[0], end)
        for bar in pieces:
            at = interval.start(bar.open_ms, offset_ms)
            if at in joined:
                joined[at].join(bar)
            else:
                joined[at] = bar.copy(at)
        close = self.close_before(starts[0])
        rows = []
        for at, following in zip(starts, [*starts[1:], end], strict=True):
            found = joined.get(at)
            if found is None and close is None:
                continue  # before the first trade
            row = found or Bar.flat(at, close or 0)
            rows.append((at, following, row))
            close = row.close
        return rows

    def _oldest(self, interval: Interval, offset_ms: int) -> int | None:
        """The oldest bar from which bars of this interval can be made."""
        widths = [SECOND_MS] if interval.length_ms == SECOND_MS else [MINUTE_MS]
        if _whole_quarters(interval, offset_ms):
            widths.append(QUARTER_MS)
        return min((self._kept[width][0].open_ms for width in widths if self._kept[width]), default=None)

    def _pieces(self, start_ms: int, end_ms: int) -> Iterator[Bar]:
        """Bars that cover [start, end) without overlap: quarters of an hour inside, minutes at the edges."""
        inner = -(-start_ms // QUARTER_MS) * QUARTER_MS
        outer = end_ms // QUARTER_MS * QUARTER_MS
        if inner >= outer:
            yield from self._between(MINUTE_MS, start_ms, end_ms)
            return
        yield from self._between(MINUTE_MS, start_ms, inner)
        yield from self._between(QUARTER_MS, inner, outer)
        yield from self._between(MINUTE_MS, outer, end_ms)

    def _between(self, width: int, start_ms: int, end_ms: int) -> list[Bar]:
        bars = self._kept[width]
        return bars[bisect_left(bars, start_ms, key=_open_ms) : bisect_left(bars, end_ms, key=_open_ms)]


def _starts(interval: Interval, first: int, last: int, limit: int, offset_ms: int, *, from_first: bool) -> list[int]:
    """At most `limit` starts of bars from `first` to `last`, rising: the first ones or the last ones."""
    found: list[int] = []
    if from_first:
        at = first
        while at <= last and len(found) < limit:
            found.append(at)
            at = interval.next(at, offset_ms)
        return found
    at = last
    while at >= first and len(found) < limit:
        found.append(at)
        at = interval.start(at - 1, offset_ms)
    return found[::-1]


def _whole_quarters(interval: Interval, offset_ms: int) -> bool:
    return interval.length_ms % QUARTER_MS == 0 and offset_ms % QUARTER_MS == 0


def _open_ms(bar: Bar) -> int:
    return bar.open_ms
