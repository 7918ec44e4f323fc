"""Trades of a stretch of time, summed up."""

from dataclasses import dataclass

from mm.exchange.venue.print import Print


@dataclass(slots=True)
class Bar:
    """`notional` and `taker_notional` in ticks × lots, taker: the buying aggressors. `last_ms` is the last trade's
    time. A bar without trades has ids of -1."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    first_id: int
    last_id: int
    last_ms: int = 0
    lots: int = 0
    notional: int = 0
    trades: int = 0
    taker_lots: int = 0
    taker_notional: int = 0

    @classmethod
    def of(cls, trade: Print, open_ms: int) -> "Bar":
        """A bar that begins with this trade, which is still to be added."""
        ticks = trade.ticks
        return cls(open_ms, ticks, ticks, ticks, ticks, trade.trade_id, trade.trade_id)

    @classmethod
    def flat(cls, open_ms: int, ticks: int) -> "Bar":
        """No trades: the price of the trade before."""
        return cls(open_ms, ticks, ticks, ticks, ticks, -1, -1)

    def copy(self, open_ms: int | None = None) -> "Bar":
        return Bar(
            self.open_ms if open_ms is None else open_ms,
            self.open,
            self.high,
            self.low,
            self.close,
            self.first_id,
            self.last_id,
            self.last_ms,
            self.lots,
            self.notional,
            self.trades,
            self.taker_lots,
            self.taker_notional,
        )

    def add(self, trade: Print) -> None:
        ticks, lots = trade.ticks, trade.lots
        if ticks > self.high:
            self.high = ticks
        elif ticks < self.low:
            self.low = ticks
        self.close = ticks
        self.last_id = trade.trade_id
        self.last_ms = trade.time_ms
        self.trades += 1
        self.lots += lots
        self.notional += lots * ticks
        if not trade.buyer_is_maker:
            self.taker_lots += lots
            self.taker_notional += lots * ticks

    def join(self, later: "Bar") -> None:
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.last_id = later.last_id
        self.last_ms = later.last_ms
        self.trades += later.trades
        self.lots += later.lots
        self.notional += later.notional
        self.taker_lots += later.taker_lots
        self.taker_notional += later.taker_notional
