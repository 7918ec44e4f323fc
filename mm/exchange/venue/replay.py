"""Recorded market data played at wall-clock pace, served under another symbol's name.

Paced by the recording's local receive time: the first line falls on the first `advance`. Depth diffs that come before
the one REST snapshot are buffered, as Binance tells clients to do. A book ticker newer than the last diff sharpens the
top of the book. Trades between others are printed on the symbol's tape; what an account's order takes of a recorded
trade is printed as its own trade, and only the rest as the others'.
"""

from collections.abc import Sequence
from pathlib import Path

from mm.domain.instrument import from_units
from mm.exchange.venue.recorded_book import QueueModel, RecordedBook
from mm.exchange.venue.recording import Diff, Level, RecordedTrade, ReplayBroken, Snapshot, Top, check, read
from mm.exchange.venue.venue import Venue

__all__ = ["Replay", "ReplayBroken"]


class Replay:
    """Plays `files` (captures in order) as `symbol`, whose open orders move into the recorded book.

    `queue`: see `recorded_book`; the default never flatters. Raises ValueError when a file is no capture.
    """

    def __init__(self, venue: Venue, symbol: str, files: Sequence[Path], *, queue: QueueModel = "conservative") -> None:
        for path in files:
            check(path)
        self._venue = venue
        self._market = venue.market(symbol)
        self._book = RecordedBook(self._market.book.log, queue)
        venue.serve(symbol, self._book)
        self._lines = read(files)
        self._next = next(self._lines, None)
        self._first_ns = self._next[0] if self._next else 0
        self._start_ms: int | None = None
        self._early: list[Diff] = []
        self._last_id: int | None = None
        self._top: Top | None = None
        self._broken: ReplayBroken | None = None
        self._applied = 0
        self.trades = 0
        self.diffs = 0
        self.tickers = 0

    @property
    def finished(self) -> bool:
        """True at the end of the last file; the book then stays."""
        return self._next is None

    def advance(self, now_ms: int) -> None:
        """Every line due by `now_ms` is played. Raises ReplayBroken on a gap or a crossed book, then and ever after."""
        if self._broken:
            raise self._broken
        if self._start_ms is None:
            self._start_ms = now_ms
        due_ns = self._first_ns + (now_ms - self._start_ms) * 1_000_000
        if self._next is None or self._next[0] > due_ns:
            return  # most calls in a quiet market: nothing to write or tell
        try:
            while self._next is not None and self._next[0] <= due_ns:
                self._play(self._next[1])
                self._next = next(self._lines, None)
        except ReplayBroken as error:
            self._broken = error
            raise
        finally:
            self._venue.commit()

    def _play(self, message: Snapshot | Diff | Top | RecordedTrade) -> None:
        if isinstance(message, RecordedTrade):
            self.trades += 1
            self._trade(message)
        elif isinstance(message, Top):
            self.tickers += 1
            self._ticker(message)
        elif isinstance(message, Diff):
            self.diffs += 1
            self._diff(message)
        else:
            self._snapshot(message)
        self._fill_crossed()

    def _snapshot(self, snapshot: Snapshot) -> None:
        if self._last_id is not None:
            return  # one is enough: the diffs go on from it without a gap
        self._last_id = snapshot.last_id
        self._levels(snapshot.bids, snapshot.asks)
        for diff in self._early:
            self._diff(diff)
        self._early.clear()
        self._check_crossed()
        self._book.open()

    def _diff(self, diff: Diff) -> None:
        if self._last_id is None:
            self._early.append(diff)
            return
        if diff.last_id <= self._last_id and not self._applied:
            return  # from before the snapshot, received after it
        overlaps = diff.first_id <= self._last_id and not self._applied  # only the first one may reach back
        if diff.first_id != self._last_id + 1 and not overlaps:
            raise ReplayBroken(
                f"the recording has a gap: diff {diff.first_id}–{diff.last_id} follows {self._last_id}",
                "replay a capture without holes",
            )
        self._applied += 1
        self._last_id = diff.last_id
        self._levels(diff.bids, diff.asks)
        if self._top is not None and self._top.update_id > diff.last_id:
            self._sharpen(self._top)
        self._check_crossed()

    def _ticker(self, top: Top) -> None:
        if self._last_id is None or top.update_id <= self._last_id:
            return  # the book is newer already
        self._top = top
        self._sharpen(top)
        self._check_crossed()

    def _sharpen(self, top: Top) -> None:
        for buy, (price, size) in ((True, top.bid), (False, top.ask)):
            ticks = self._ticks(price)
            for gone in self._book.recorded[buy].better_than(ticks):
                self._book.set_recorded(gone, 0, buy=buy)
            self._book.set_recorded(ticks, self._lots(size), buy=buy)

    def _levels(self, bids: list[Level], asks: list[Level]) -> None:
        for buy, levels in ((True, bids), (False, asks)):
            for price, size in levels:
                self._book.set_recorded(self._ticks(price), self._lots(size), buy=buy)

    def _trade(self, trade: RecordedTrade) -> None:
        """Rounded down to lots for what it may fill, up for what is printed."""
        ticks = self._ticks(trade.price)
        matching, market, buy = self._venue.matching, self._market, trade.buyer_is_maker
        left = self._lots(trade.size)
        for order, size in self._book.hit(ticks, trade.size // market.rules.lot_units, buy=buy):
            matching.fill_resting(order, size, market)
            left -= size
        if left:
            matching.print_recorded(market, ticks, left, buyer_is_maker=buy)

    def _fill_crossed(self) -> None:
        """The recorded other side stands at or beyond an order's price: it fills at its own price."""
        while (found := self._book.crossing()) is not None:
            order, ticks, lots = found
            self._book.consume(ticks, lots, buy=not order.buy)
            self._venue.matching.fill_resting(order, lots, self._market)

    def _check_crossed(self) -> None:
        bid, ask = self._book.recorded[True].best, self._book.recorded[False].best
        if bid is not None and ask is not None and bid >= ask:
            tick = self._market.rules.tick_size
            raise ReplayBroken(
                f"the recorded book is crossed after update {self._last_id}: bid {bid * tick}, ask {ask * tick}",
                "replay an undamaged capture",
            )

    def _ticks(self, price: int) -> int:
        ticks, rest = divmod(price, self._market.rules.tick_units)
        if rest:
            symbol = self._market.rules.symbol
            raise ReplayBroken(
                f"recorded price {from_units(price)} is off the grid of {symbol}", "serve it as a symbol with its tick"
            )
        return ticks

    def _lots(self, size: int) -> int:
        """Displayed sizes finer than a lot are rounded up: more in front of an order, never less."""
        return -(-size // self._market.rules.lot_units)
