"""What one unit of base is worth right now, from the book that others make."""

from mm.domain.book import Book
from mm.domain.order import OrderStatus
from mm.domain.snapshot import Snapshot

_IN_THE_MARKET = (OrderStatus.OPEN, OrderStatus.UNKNOWN)


def others_book(snapshot: Snapshot) -> Book:
    """The book without own orders. An order that has not left yet (PENDING) cannot be in it."""
    return snapshot.book.minus_own_orders(o for o in snapshot.own_orders if o.status in _IN_THE_MARKET)


def mid(book: Book) -> float | None:
    """Halfway between best bid and best ask, in ticks; None when a side is empty."""
    return (book.best_bid + book.best_ask) / 2 if book.is_two_sided else None


def microprice(book: Book) -> float | None:
    """Each best price weighted by the size of the other side, in ticks; None when a side is empty.

    A heavy bid pushes the price towards the ask: the side that is thin goes next.
    """
    if not book.is_two_sided:
        return None
    (bid, bid_lots), (ask, ask_lots) = book.bids[0], book.asks[0]
    return (bid * ask_lots + ask * bid_lots) / (bid_lots + ask_lots)


FAIR_VALUES = {"mid": mid, "microprice": microprice}
