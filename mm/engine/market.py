"""What the engine knows of the market."""

from mm.domain.book import Book
from mm.domain.events import BookSeen, MarketTradeSeen

_EMPTY = Book((), ())
_HALF_LIFE_NS = 60_000_000_000
"""Half-life of the reference price: slow enough that one sweep does not drag it along, fast enough to follow
a minute's move; the price collar is measured from it."""


class Market:
    """Book, its freshness, and a reference price made of trades alone, independent of resting orders.

    `drift_ms`: exchange time minus local time, as last measured.
    """

    def __init__(self) -> None:
        self.book = _EMPTY
        self.book_mono = 0
        self.is_up = False
        self.drift_ms = 0
        self.reference_ticks = 0.0
        self.last_trade_ticks = 0
        self._reference_mono = 0

    def on_book(self, event: BookSeen) -> None:
        """A book is as old as the exchange's event, not as its arrival: a connection that lags brings the past."""
        self.book = event.book
        lag_ms = event.at // 1_000_000 + self.drift_ms - event.exchange_ms if event.exchange_ms else 0
        self.book_mono = event.mono - max(0, lag_ms) * 1_000_000
        self.is_up = True

    def on_trade(self, event: MarketTradeSeen) -> None:
        """Time-weighted exponential average: weight of the old value is 2^(−dt / half-life)."""
        self.last_trade_ticks = event.ticks
        if not self.reference_ticks:
            self.reference_ticks = float(event.ticks)
        else:
            elapsed = max(0, event.mono - self._reference_mono)
            # Many trades in one millisecond must not outweigh time: each gets at least a small share.
            share = 1.0 - 2.0 ** (-max(elapsed, 1_000_000) / _HALF_LIFE_NS)
            self.reference_ticks += share * (event.ticks - self.reference_ticks)
        self._reference_mono = event.mono

    def drop_book(self) -> None:
        """A gap or a closed stream: nothing may be quoted from this book any more."""
        self.book = _EMPTY
        self.is_up = False
