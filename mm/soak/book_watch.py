"""A recorded market as its listeners see it: a book rebuilt from the depth updates, and the books the bot is told."""

from collections.abc import Callable

from mm.domain.book import Book
from mm.exchange.venue.ladder import Ladder
from mm.exchange.venue.venue import Venue

_WHOLE_EVERY = 500
"""The rebuilt book is compared with the venue's whole after so many updates; its touch after each."""


class BookWatch:
    """`wrong` is called with each gap, crossed book and difference. Ticks and lots.

    `updates` depth updates followed, `compared` times the whole book was equal, `told` books that the bot was given.
    """

    def __init__(self, venue: Venue, symbol: str, wrong: Callable[[str], None]) -> None:
        self._venue = venue
        self._symbol = symbol
        self._market = venue.market(symbol)
        self._wrong = wrong
        self._sides = (Ladder(buy=False), Ladder(buy=True))
        self._told_id = 0
        self.updates = 0
        self.compared = 0
        self.told = 0
        venue.drain_depth(symbol)
        self._last_id = self._market.book.log.last_id
        for buy in (True, False):
            for ticks, lots in self._levels(buy=buy):
                self._sides[buy].set(ticks, lots)

    def look(self) -> None:
        """Takes what changed since the last look, as a subscriber of depth@100ms would."""
        change = self._venue.drain_depth(self._symbol)
        if change is None:
            return
        self.updates += 1
        if change.first_update_id != self._last_id + 1:
            self._wrong(f"a gap: depth {change.first_update_id} to {change.last_update_id} follows {self._last_id}")
        self._last_id = change.last_update_id
        rules = self._market.rules
        for buy, levels in ((True, change.bids), (False, change.asks)):
            side = self._sides[buy]
            for price, size in levels:
                side.set(int(price / rules.tick_size), int(size / rules.lot_size))
        bid, ask = self._sides[True].best, self._sides[False].best
        book = self._market.book
        if (bid, ask) != (book.best(buy=True), book.best(buy=False)):
            self._wrong(f"after update {self._last_id} the depth updates make {bid}/{ask}, not the venue's touch")
        if bid is not None and ask is not None and bid >= ask:
            self._wrong(f"the book is crossed after update {self._last_id}: {bid}/{ask} ticks")
        if self.updates % _WHOLE_EVERY == 0:
            self.compare()

    def compare(self) -> None:
        """Every level of the rebuilt book against the venue's. To be called right after `look`."""
        for buy in (True, False):
            if list(self._sides[buy]) != self._levels(buy=buy):
                self._wrong(f"after update {self._last_id} the rebuilt {'bids' if buy else 'asks'} are not the venue's")
                return
        self.compared += 1

    def told_bot(self, book: Book) -> None:
        """What the bot is given must not go back, nor be crossed."""
        self.told += 1
        if book.update_id < self._told_id:
            self._wrong(f"the bot was told book {book.update_id} after {self._told_id}")
        self._told_id = book.update_id
        if book.bids and book.asks and book.bids[0][0] >= book.asks[0][0]:
            self._wrong(f"the bot was told a crossed book {book.update_id}: {book.bids[0]} {book.asks[0]}")

    def _levels(self, *, buy: bool) -> list[tuple[int, int]]:
        return self._market.book.levels(1 << 30, buy=buy)
