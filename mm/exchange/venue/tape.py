"""A symbol's public trades and what is made of them: last and average price, bars, the 24-hour ticker."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

MINUTE_MS = 60_000
AVERAGE_MS = 5 * MINUTE_MS
DAY_MS = 24 * 60 * MINUTE_MS


class Print(NamedTuple):
    """One trade in ticks and lots."""

    trade_id: int
    ticks: int
    lots: int
    time_ms: int
    buyer_is_maker: bool


@dataclass(slots=True)
class Bar:
    """Trades of a stretch of time; `notional` and `taker_notional` in ticks × lots, taker: the buying aggressors."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    first_id: int
    last_id: int
    lots: int = 0
    notional: int = 0
    trades: int = 0
    taker_lots: int = 0
    taker_notional: int = 0

    def add(self, trade: Print) -> None:
        self.high = max(self.high, trade.ticks)
        self.low = min(self.low, trade.ticks)
        self.close = trade.ticks
        self.last_id = trade.trade_id
        self.trades += 1
        self.lots += trade.lots
        self.notional += trade.lots * trade.ticks
        if not trade.buyer_is_maker:
            self.taker_lots += trade.lots
            self.taker_notional += trade.lots * trade.ticks

    def join(self, later: "Bar") -> None:
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.last_id = later.last_id
        self.trades += later.trades
        self.lots += later.lots
        self.notional += later.notional
        self.taker_lots += later.taker_lots
        self.taker_notional += later.taker_notional


class Tape:
    """Keeps 1000 trades, 1500 one-minute bars, and the trades of the last five minutes."""

    def __init__(self, last_ticks: int | None = None) -> None:
        self.last_ticks = last_ticks
        self.prints: deque[Print] = deque(maxlen=1000)
        self._bars: deque[Bar] = deque(maxlen=1500)
        self._window: deque[tuple[int, int, int]] = deque()
        self._window_lots = 0
        self._window_notional = 0

    def add(self, trade: Print) -> None:
        self.last_ticks = trade.ticks
        self.prints.append(trade)
        self._window.append((trade.time_ms, trade.lots, trade.lots * trade.ticks))
        self._window_lots += trade.lots
        self._window_notional += trade.lots * trade.ticks
        self._forget(trade.time_ms)
        minute = trade.time_ms - trade.time_ms % MINUTE_MS
        if not self._bars or self._bars[-1].open_ms < minute:
            t = trade.ticks
            self._bars.append(Bar(minute, t, t, t, t, trade.trade_id, trade.trade_id))
        self._bars[-1].add(trade)

    def _forget(self, now_ms: int) -> None:
        window = self._window
        while window and window[0][0] <= now_ms - AVERAGE_MS:
            _, lots, notional = window.popleft()
            self._window_lots -= lots
            self._window_notional -= notional

    def average(self, now_ms: int) -> tuple[int, int] | None:
        """Average price of five minutes as (ticks × lots, lots), else the last price over 1; None: no trade ever."""
        self._forget(now_ms)
        if self._window_lots:
            return self._window_notional, self._window_lots
        return None if self.last_ticks is None else (self.last_ticks, 1)

    def bars(self, interval_ms: int) -> list[Bar]:
        """Joined to `interval_ms`, oldest first."""
        joined: list[Bar] = []
        for bar in self._bars:
            start = bar.open_ms - bar.open_ms % interval_ms
            if joined and joined[-1].open_ms == start:
                joined[-1].join(bar)
            else:
                joined.append(_copy(bar, start))
        return joined

    def day(self, now_ms: int) -> Bar | None:
        """All bars of the last 24 hours as one; None without any."""
        recent = [bar for bar in self._bars if bar.open_ms > now_ms - DAY_MS]
        if not recent:
            return None
        whole = _copy(recent[0], recent[0].open_ms)
        for bar in recent[1:]:
            whole.join(bar)
        return whole


def _copy(bar: Bar, open_ms: int) -> Bar:
    whole = Bar(open_ms, bar.open, bar.high, bar.low, bar.close, bar.first_id, bar.last_id)
    whole.trades, whole.lots, whole.notional = bar.trades, bar.lots, bar.notional
    whole.taker_lots, whole.taker_notional = bar.taker_lots, bar.taker_notional
    return whole
