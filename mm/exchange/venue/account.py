"""An account inside the venue: balances with holds, its orders and trades."""

from dataclasses import dataclass, field

from mm.domain.instrument import UNITS
from mm.exchange.venue.order import Order
from mm.exchange.venue.order_list import OrderList
from mm.exchange.venue.records import Amendment, PreventedMatch
from mm.exchange.venue.views import TradeView


@dataclass(slots=True)
class Balance:
    """1e-8 units; `locked` is held by open orders."""

    free: int = 0
    locked: int = 0


@dataclass(slots=True, eq=False)
class Account:
    """`maker_fee`, `taker_fee` in 1e-8 of the amount received; `burns_bnb`: pays them in BNB where it can."""

    uid: int
    api_key: str = field(repr=False)
    maker_fee: int
    taker_fee: int
    created_ms: int
    updated_ms: int
    closed_ms: int | None = None
    burns_bnb: bool = False
    balances: dict[str, Balance] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict, repr=False)
    open: dict[int, Order] = field(default_factory=dict, repr=False)
    by_client: dict[tuple[str, str], Order] = field(default_factory=dict, repr=False)
    """Newest order of each (symbol, client id)."""
    trades: list[TradeView] = field(default_factory=list, repr=False)
    lists: dict[int, OrderList] = field(default_factory=dict, repr=False)
    prevented: list[PreventedMatch] = field(default_factory=list, repr=False)
    amendments: list[Amendment] = field(default_factory=list, repr=False)

    def balance(self, asset: str) -> Balance:
        found = self.balances.get(asset)
        if found is None:
            found = self.balances[asset] = Balance()
        return found

    def fee(self, received: int, *, is_maker: bool) -> int:
        """Commission on `received` units, in the same asset; fractions of 1e-8 are dropped, as Binance truncates."""
        return received * (self.maker_fee if is_maker else self.taker_fee) // UNITS

    def add_order(self, order: Order) -> None:
        self.orders[order.order_id] = order
        if order.is_open:
            self.open[order.order_id] = order
        elif self.open_client(order.symbol, order.client_id):
            return  # an older order that was amended to this id, and lives
        self.by_client[order.symbol, order.client_id] = order

    def forget(self, order_id: int) -> None:
        """A closed order leaves the memory."""
        order = self.orders.pop(order_id, None)
        if order is not None and self.by_client.get((order.symbol, order.client_id)) is order:
            del self.by_client[order.symbol, order.client_id]

    def open_client(self, symbol: str, client_id: str) -> Order | None:
        """The OPEN order with this client id: ids of closed orders are free again."""
        order = self.by_client.get((symbol, client_id))
        return order if order is not None and order.is_open else None

    def open_at(self, symbol: str) -> list[Order]:
        return [order for order in self.open.values() if order.symbol == symbol]

    def open_list(self, client_id: str) -> OrderList | None:
        """The list with this id that is not done."""
        found = (each for each in self.lists.values() if each.client_id == client_id and not each.is_done)
        return next(found, None)
