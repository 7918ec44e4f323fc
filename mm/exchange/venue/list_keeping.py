"""Keeps the orders of a list together: which ends when another works, fills or is canceled, and what they hold.

An OCO pair locks the larger need of its two legs once; the leg that starts working takes its own need over.
"""

from typing import TYPE_CHECKING

from mm.exchange.venue.entry import enter_pair
from mm.exchange.venue.events import ListStatus
from mm.exchange.venue.order import Order
from mm.exchange.venue.order_list import OrderList
from mm.exchange.venue.settlement import hold, needs
from mm.exchange.venue.symbol_market import SymbolMarket

if TYPE_CHECKING:
    from mm.exchange.venue.account import Account
    from mm.exchange.venue.admission import Request
    from mm.exchange.venue.matching import Matching


class ListKeeping:
    def __init__(self, matching: "Matching") -> None:
        self._matching = matching

    # --- placing ---------------------------------------------------------------------------

    def place_pair(
        self, account: "Account", legs: "tuple[Request, Request]", client_id: str | None, market: SymbolMarket
    ) -> OrderList:
        """An OCO; `legs` in the order they get their ids. Raises VenueError, then nothing has changed."""
        matching, rules = self._matching, market.rules
        enter_pair(account, legs, client_id, market, matching.now_ms())
        listed = self._open(account, client_id, "OCO", rules.symbol)
        orders = [matching.accept(account, leg, None, rules, listed.list_id) for leg in legs]
        listed.order_ids = tuple(order.order_id for order in orders)
        carrier = max(orders, key=lambda order: needs(order, rules))
        hold(account, carrier, needs(carrier, rules), rules, matching.changes)
        for order in orders:
            self._start(order, market)
        self.tell(listed, "EXEC_STARTED")
        return listed

    def _open(self, account: "Account", client_id: str | None, contingency: str, symbol: str) -> OrderList:
        list_id, now = self._matching.ids.next("list"), self._matching.now_ms()
        listed = OrderList(list_id, account.uid, symbol, client_id or f"list-{list_id}", contingency, (), now, now)
        account.lists[list_id] = listed
        self._matching.changes.lists[list_id] = listed
        return listed

    def _start(self, order: Order, market: SymbolMarket) -> None:
        if order.stop_ticks:
            self._matching.wait(order, market)
        else:
            self._matching.report(order, market.rules, "NEW", is_on_book=True)
            self._matching.rest(order, market)

    # --- while it lives ---------------------------------------------------------------------

    def activate(self, order: Order, market: SymbolMarket) -> None:
        """The order starts working or trades: the other leg of its pair expires, its own need becomes its hold."""
        matching = self._matching
        for other in self._open_legs(order):
            matching.end(other, "EXPIRED", market, reason="OCO_TRIGGER")
        missing = needs(order, market.rules) - order.held
        if missing and (order.ticks or order.is_waiting):
            hold(matching.accounts[order.uid], order, missing, market.rules, matching.changes)

    def leg_ended(self, order: Order, market: SymbolMarket, cancel_id: str | None) -> None:
        """An order of a list is closed: those that still live end too, and with the last of them the list."""
        listed = self._matching.accounts[order.uid].lists[order.list_id]
        if listed.is_done or self._is_activating(order):
            return
        canceled = order.status == "CANCELED"
        for other in self._open_legs(order):
            if canceled:
                self._matching.end(other, "CANCELED", market, cancel_id=cancel_id)
            else:
                self._matching.end(other, "EXPIRED", market, reason="OCO_TRIGGER")
        if not listed.is_done:
            self._close(listed)

    def _is_activating(self, order: Order) -> bool:
        """It ended because another leg works: that one goes on."""
        return order.expiry == "OCO_TRIGGER" and bool(self._open_legs(order))

    def _close(self, listed: OrderList) -> None:
        listed.status = "ALL_DONE"
        self.tell(listed, "ALL_DONE")

    def _open_legs(self, order: Order) -> list[Order]:
        """The other open orders of its list."""
        account = self._matching.accounts[order.uid]
        legs = (account.orders[order_id] for order_id in account.lists[order.list_id].order_ids)
        return [leg for leg in legs if leg is not order and leg.is_open]

    def legs(self, listed: OrderList) -> list[Order]:
        orders = self._matching.accounts[listed.uid].orders
        return [orders[order_id] for order_id in listed.order_ids]

    def amended(self, order: Order, lots: int, market: SymbolMarket) -> bool:
        """Both legs of a pair have the same quantity: the other follows, and the pair holds what it then needs.

        False when the order stands alone by now.
        """
        matching = self._matching
        account = matching.accounts[order.uid]
        others = self._open_legs(order)
        for other in others:
            if market.book.holds(other):
                market.book.shrink(other, other.lots - lots)
            other.lots = lots
            matching.changes.orders[other.order_id] = other
            legs = (order, other)
            need = max(needs(leg, market.rules) for leg in legs)
            carrier = max(legs, key=lambda leg: leg.held)
            hold(account, carrier, need - carrier.held, market.rules, matching.changes)
        return bool(others)

    def tell(self, listed: OrderList, status_type: str) -> None:
        matching = self._matching
        listed.updated_ms = matching.now_ms()
        matching.changes.lists[listed.list_id] = listed
        if matching.has_listeners:
            orders = tuple((leg.order_id, leg.client_id) for leg in self.legs(listed))
            matching.changes.events.append(
                ListStatus(
                    uid=listed.uid,
                    symbol=listed.symbol,
                    list_id=listed.list_id,
                    contingency=listed.contingency,
                    status_type=status_type,
                    status=listed.status,
                    client_id=listed.client_id,
                    time_ms=listed.updated_ms,
                    orders=orders,
                )
            )
