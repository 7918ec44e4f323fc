"""What one unit of base is worth right now, from the book that others make."""

from mm.domain.book import Book


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
