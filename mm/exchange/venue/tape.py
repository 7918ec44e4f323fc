"""A symbol's public trades and what is made of them: last and average price, aggregates, bars, ticker windows."""

from collections import deque
from collections.abc import Iterable

from mm.exchange.venue.bar import Bar
from mm.exchange.venue.bar_history import BarHistory
from mm.exchange.venue.intervals import MINUTE_MS
from mm.exchange.venue.print import Print

__all__ = ["AVERAGE_MS", "PRINTS_KEPT", "Aggregate", "Bar", "Print", "Tape"]

AVERAGE_MS = 5 * MINUTE_MS
PRINTS_KEPT = 10_000
Aggregate = list[Print]
"""Trades of one taker at one price, oldest first."""


class Tape:
    """Keeps the last 10,000 trades, bars (`bar_history`), and the trades of the last five minutes."""

    def __init__(self, last_ticks: int | None = None) -> None:
        self.last_ticks = last_ticks
        self.prints: deque[Print] = deque(maxlen=PRINTS_KEPT)
        self.bars = BarHistory()
        self._window: deque[tuple[int, int, int]] = deque()
        self._window_lots = 0
        self._window_notional = 0
        self._saved_id = 0

    def add(self, trade: Print) -> None:
        self.last_ticks = trade.ticks
        self.prints.append(trade)
        self._enter_window(trade)
        self._forget(trade.time_ms)
        self.bars.add(trade)

    # --- average price -----------------------------------------------------------------------

    def _enter_window(self, trade: Print) -> None:
        self._window.append((trade.time_ms, trade.lots, trade.lots * trade.ticks))
        self._window_lots += trade.lots
        self._window_notional += trade.lots * trade.ticks

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

    # --- trades ------------------------------------------------------------------------------

    def aggregates(self) -> list[Aggregate]:
        """Of all trades kept, oldest first; the oldest may lack its first trades."""
        found: list[Aggregate] = []
        for trade in self.prints:
            if found and found[-1][-1].aggregate_id == trade.aggregate_id:
                found[-1].append(trade)
            else:
                found.append([trade])
        return found

    def aggregate(self, aggregate_id: int) -> Aggregate:
        """One of the newest aggregates; empty when it is not kept."""
        found: Aggregate = []
        for trade in reversed(self.prints):
            if trade.aggregate_id < aggregate_id:
                break
            if trade.aggregate_id == aggregate_id:
                found.append(trade)
        return found[::-1]

    # --- keeping over a restart --------------------------------------------------------------

    def take_unsaved(self) -> list[Print]:
        """Trades since the last call, oldest first."""
        found: list[Print] = []
        for trade in reversed(self.prints):
            if trade.trade_id <= self._saved_id:
                break
            found.append(trade)
        if found:
            self._saved_id = found[0].trade_id
        return found[::-1]

    def restore(self, prints: Iterable[Print], bars: Iterable[tuple[int, Bar]]) -> None:
        """What was kept, oldest first. The five minutes of the average price come from the trades."""
        self.prints.extend(prints)
        self.bars.restore(bars)
        if self.prints:
            newest = self.prints[-1]
            self.last_ticks, self._saved_id = newest.ticks, newest.trade_id
            for trade in self.prints:
                if trade.time_ms > newest.time_ms - AVERAGE_MS:
                    self._enter_window(trade)
