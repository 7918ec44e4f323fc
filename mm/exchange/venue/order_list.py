"""A list of orders that belong together, and the rules of what may be paired.

Source: Binance Spot API documentation, "New order list - OCO" and "-OTO", and error codes -1158 to -1199.
"""

from dataclasses import dataclass

from mm.exchange.venue.errors import VenueError, rejected
from mm.exchange.venue.order import STOPS

BAD_PRICES = "The relationship of the prices for the orders is not correct."


@dataclass(slots=True, eq=False)
class OrderList:
    """`contingency` OCO or OTO; `order_ids` in the order they were placed. OTO: the first one works, the others wait.

    `status` EXECUTING or ALL_DONE (listOrderStatus).
    """

    list_id: int
    uid: int
    symbol: str
    client_id: str
    contingency: str
    order_ids: tuple[int, ...]
    created_ms: int
    updated_ms: int
    status: str = "EXECUTING"

    @property
    def is_done(self) -> bool:
        return self.status == "ALL_DONE"

    @property
    def status_type(self) -> str:
        """listStatusType of the list as it stands."""
        return "ALL_DONE" if self.is_done else "EXEC_STARTED"


def check_pair(above: str, below: str, *, buy: bool) -> None:
    """Raises VenueError unless one leg takes a profit (or rests) and the other stops a loss, each on its side."""
    for leg in (above, below):
        if leg not in STOPS and leg != "LIMIT_MAKER":
            raise VenueError(-1158, "Order type not supported in OCO.")
    if above == below == "LIMIT_MAKER":
        raise VenueError(-1168, "At least one OCO order must be contingent.")
    profit, loss = (below, above) if buy else (above, below)
    if loss == "LIMIT_MAKER":
        if buy:
            raise VenueError(-1165, "A limit order in a buy OCO must be below.")
        raise VenueError(-1166, "A limit order in a sell OCO must be above.")
    if loss.startswith("TAKE_PROFIT"):
        if buy:
            raise VenueError(-1198, "A take profit order in a buy OCO must be below.")
        raise VenueError(-1199, "A take profit order in a sell OCO must be above.")
    if profit.startswith("STOP_LOSS"):
        if buy:
            raise VenueError(-1196, "A stop loss order in a buy OCO must be above.")
        raise VenueError(-1197, "A stop loss order in a sell OCO must be below.")


def check_prices(above_ticks: int, below_ticks: int, last_ticks: int | None) -> None:
    """Raises -2010 unless above price > last price > below price (a leg's stop price, LIMIT_MAKER its price)."""
    if last_ticks is None:
        if above_ticks <= below_ticks:
            raise rejected(BAD_PRICES)
    elif not above_ticks > last_ticks > below_ticks:
        raise rejected(BAD_PRICES)
