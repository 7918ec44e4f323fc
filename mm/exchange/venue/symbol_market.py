"""One symbol's market: its rules, its book, its trades, the orders that wait for a price, and whether it is open."""

from dataclasses import dataclass, field

from mm.exchange.venue.book import Book
from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.stop_orders import StopOrders
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.tape import Tape

TRADING = "TRADING"
STATUSES = (TRADING, "END_OF_DAY", "HALT", "BREAK", "CANCEL_ONLY")
_CLOSED = "Market is closed."


@dataclass(slots=True)
class SymbolMarket:
    """`status` as exchangeInfo tells it: nothing is placed but in TRADING, nothing canceled but there and in
    CANCEL_ONLY. `aggregate_id`: of the taker's trades at one price that are not complete yet, else 0."""

    rules: SymbolRules
    book: Book
    tape: Tape
    stops: StopOrders = field(default_factory=StopOrders)
    status: str = TRADING
    aggregate_id: int = 0

    def check_placing(self) -> None:
        """Raises -1013 while the market is closed."""
        if self.status != TRADING:
            raise VenueError(-1013, _CLOSED)

    def check_canceling(self) -> None:
        """Raises -2011 while not even cancels are taken."""
        if self.status not in {TRADING, "CANCEL_ONLY"}:
            raise VenueError(-2011, _CLOSED)
