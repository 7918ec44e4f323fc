"""Market data of one book, made wrong on its way to one listener, and put right again afterwards.

The venue's own book stays as it is. A wrong level is taken back by the true size at its price.
"""

from decimal import Decimal
from typing import Any

from mm.exchange.venue.faults.fate import BookFault
from mm.exchange.venue.venue import Venue

_DEEPEST = 5000
Levels = list[Any]


class WrongBook:
    """Of one `symbol` as one connection sees it. `tick`: the price step of its rules."""

    def __init__(self, venue: Venue, symbol: str, tick: Decimal) -> None:
        self._venue = venue
        self._symbol = symbol
        self._tick = tick
        self._false_bid: Decimal | None = None
        self._shift: Decimal | None = None

    @property
    def is_right(self) -> bool:
        """Nothing wrong was shown that would have to be taken back."""
        return self._false_bid is None and self._shift is None

    def change(self, event: dict[str, Any], fault: BookFault | None) -> dict[str, Any]:
        """A change of the book (depthUpdate, with `b` and `a`) as it is shown under `fault`."""
        kind = fault.kind if fault else ""
        bids, asks = list(event["b"]), list(event["a"])
        if kind == "price-gap" and self._shift is None:
            assert fault is not None  # noqa: S101 - it has a kind
            self._shift = self.shift_of(fault)
            bids, asks = self._moved(bids, asks, Decimal(0), self._shift)
        elif kind == "price-gap" and self._shift is not None:
            bids, asks = _shifted(bids, self._shift), _shifted(asks, self._shift)
        elif self._shift is not None:
            bids, asks = self._moved(bids, asks, self._shift, Decimal(0))
            self._shift = None
        if kind in {"crossed-book", "locked-book"}:
            bids += self._cross(above=kind == "crossed-book")
        elif self._false_bid is not None:
            bids.append([_text(self._false_bid), self._true_size(self._false_bid)])
            self._false_bid = None
        stands = fault is not None and kind == "stale-book"
        return {**event, "b": bids, "a": asks, **({"E": fault.starts_ms} if stands and fault else {})}

    def whole(self, bids: Levels, asks: Levels, fault: BookFault) -> tuple[Levels, Levels]:
        """All levels that are shown at once (a snapshot), under `fault`."""
        if fault.kind == "price-gap":
            by = self._shift if self._shift is not None else self.shift_of(fault)
            return _shifted(bids, by), _shifted(asks, by)
        return bids, asks

    def shift_of(self, fault: BookFault) -> Decimal:
        """What a price gap adds to every price, on the grid."""
        best = self._venue.book_ticker(self._symbol)
        middle = (best.bid + best.ask) / 2
        return (middle * Decimal(str(fault.per_cent)) / 100 / self._tick).to_integral_value() * self._tick

    def _cross(self, *, above: bool) -> Levels:
        best = self._venue.book_ticker(self._symbol)
        price = best.ask + (self._tick if above else 0)
        shown = [] if self._false_bid in {None, price} else [[_text(self._false_bid), self._true_size(self._false_bid)]]
        self._false_bid = price
        return [*shown, [_text(price), "1.00000000"]]

    def _moved(self, bids: Levels, asks: Levels, away: Decimal, to: Decimal) -> tuple[Levels, Levels]:
        """Everything shown `away` from the truth goes, and comes back `to` beside it."""
        book = self._venue.depth(self._symbol, _DEEPEST)
        sides = []
        for changed, levels in ((bids, book.bids), (asks, book.asks)):
            gone = {Decimal(price) + away for price, _ in changed} | {price + away for price, _ in levels}
            shown = {price + to: _text(size) for price, size in levels}
            sides.append([[_text(price), shown.get(price, "0.00000000")] for price in sorted(gone | shown.keys())])
        return sides[0], sides[1]

    def _true_size(self, price: Decimal | None) -> str:
        for at, size in self._venue.depth(self._symbol, _DEEPEST).bids:
            if at == price:
                return _text(size)
        return "0.00000000"


def _shifted(levels: Levels, by: Decimal) -> Levels:
    return [[_text(Decimal(price) + by), size] for price, size in levels]


def _text(number: Decimal | None) -> str:
    return f"{number:.8f}"
