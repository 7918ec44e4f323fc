"""What an account may do with its orders: place, cancel, replace, amend; each call is one durable change."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal

from mm.domain.instrument import to_units
from mm.exchange.venue.account import Account
from mm.exchange.venue.account_reads import AccountReads
from mm.exchange.venue.admission import Request, check_client_id, lots_of
from mm.exchange.venue.amending import amend, check_amend
from mm.exchange.venue.errors import (
    DUPLICATE,
    RESTRICTED,
    VenueError,
    filter_failure,
    no_such_order,
    rejected,
    unknown_order,
)
from mm.exchange.venue.filters import check_filters
from mm.exchange.venue.history import PAGE_MOST, Page
from mm.exchange.venue.matching import Matching
from mm.exchange.venue.order import Order
from mm.exchange.venue.order_list import check_pair
from mm.exchange.venue.reports import list_view, order_view
from mm.exchange.venue.symbol_market import SymbolMarket
from mm.exchange.venue.views import NewOrder, NewPair, OrderListView, OrderView

Restriction = str | None
"""cancelRestrictions: ONLY_NEW, ONLY_PARTIALLY_FILLED, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReplaced:
    """Each half's order or refusal; `placed` None: not attempted."""

    canceled: OrderView | VenueError
    placed: OrderView | VenueError | None


class Trading(AccountReads, ABC):
    """Raises VenueError with Binance's code and message; a refused request changes nothing."""

    matching: Matching

    @abstractmethod
    def commit(self) -> None: ...

    # --- placing ---------------------------------------------------------------------------

    def place(self, uid: int, order: NewOrder) -> OrderView:
        """Raises VenueError -1013 -1014 -1100 -1102 -1106 -1111 -1115 -1116 -1117 -1121 -1134 -2010.

        `fills`: what it took at once.
        """
        account, market = self._account(uid), self._market(order.symbol)
        view = self._place(account, Request(order, market.rules), market)
        self.commit()
        return view

    def _place(self, account: Account, request: Request, market: SymbolMarket) -> OrderView:
        done = self.matching.place(account, request, market)
        return order_view(done.order, market.rules, done.fills, preventions=done.prevented)

    def check(self, uid: int, order: NewOrder) -> None:
        """order/test: raises what `place` would raise, places nothing."""
        account, market = self._account(uid), self._market(order.symbol)
        self.matching.check(account, Request(order, market.rules), market)

    def place_pair(self, uid: int, pair: NewPair) -> OrderListView:
        """An OCO. Raises what `place` raises, and -1158 -1165 to -1168 -1196 to -1199 for legs that do not pair."""
        account, market = self._account(uid), self._market(pair.above.symbol)
        buys = pair.above.side == "BUY"
        check_client_id(pair.client_id, "listClientOrderId")
        check_pair(pair.above.type, pair.below.type, buy=buys)
        above, below = Request(pair.above, market.rules), Request(pair.below, market.rules)
        legs = (above, below) if buys else (below, above)  # the leg that stops a loss comes first
        listed = self.matching.lists.place_pair(account, legs, pair.client_id, market)
        view = list_view(listed, self.matching.lists.legs(listed), market.rules)
        self.commit()
        return view

    # --- canceling -------------------------------------------------------------------------

    def cancel(
        self,
        uid: int,
        symbol: str,
        *,
        order_id: int | None = None,
        orig_client_id: str | None = None,
        new_client_id: str | None = None,
        restriction: Restriction = None,
    ) -> OrderView:
        """An order of a list takes its whole list with it.

        Raises VenueError -2011 when no such order is open or the restriction forbids it, -1102 without any id.
        """
        market = self._market(symbol)
        check_client_id(new_client_id, "newClientOrderId")
        order = self._cancelable(uid, market, order_id, orig_client_id, restriction)
        view = self._cancel(order, market, new_client_id)
        self.commit()
        return view

    def _cancelable(
        self,
        uid: int,
        market: SymbolMarket,
        order_id: int | None,
        client_id: str | None,
        restriction: Restriction,
    ) -> Order:
        market.check_canceling()
        order = self._open_order(uid, market.rules.symbol, order_id, client_id)
        if restriction is not None and order.status != restriction.removeprefix("ONLY_"):
            raise VenueError(-2011, RESTRICTED)
        return order

    def _cancel(self, order: Order, market: SymbolMarket, new_client_id: str | None = None) -> OrderView:
        cancel_id = new_client_id or f"cancel-{order.order_id}"
        self.matching.end(order, "CANCELED", market, cancel_id=cancel_id)
        return order_view(order, market.rules, cancel_id=cancel_id)

    def cancel_all(self, uid: int, symbol: str) -> tuple[OrderView | OrderListView, ...]:
        """Orders of a list are answered as their list. Raises VenueError -2011 when none is open (as Binance does)."""
        market, account = self._market(symbol), self._account(uid)
        market.check_canceling()
        orders = account.open_at(symbol)
        if not orders:
            raise unknown_order()
        alone = [self._cancel(order, market) for order in orders if order.list_id < 0]
        lists = [
            self._cancel_list(account, list_id, market)
            for list_id in dict.fromkeys(order.list_id for order in orders if order.list_id >= 0)
        ]
        self.commit()
        return (*alone, *lists)

    def cancel_list(
        self,
        uid: int,
        symbol: str,
        *,
        list_id: int | None = None,
        client_id: str | None = None,
        new_client_id: str | None = None,
    ) -> OrderListView:
        """Raises VenueError -2011 when no such list is alive."""
        market, account = self._market(symbol), self._account(uid)
        check_client_id(new_client_id, "newClientOrderId")
        market.check_canceling()
        found = self._find_list(account, list_id, client_id)
        if found is None or found.symbol != symbol or found.is_done:
            raise unknown_order()
        view = self._cancel_list(account, found.list_id, market, new_client_id)
        self.commit()
        return view

    def _cancel_list(
        self, account: Account, list_id: int, market: SymbolMarket, new_client_id: str | None = None
    ) -> OrderListView:
        listed = account.lists[list_id]
        cancel_id = new_client_id or f"cancel-list-{list_id}"
        alive = next(leg for leg in self.matching.lists.legs(listed) if leg.is_open)
        self.matching.end(alive, "CANCELED", market, cancel_id=cancel_id)
        return list_view(listed, self.matching.lists.legs(listed), market.rules, cancel_id)

    def cancel_replace(
        self,
        uid: int,
        order: NewOrder,
        *,
        order_id: int | None = None,
        orig_client_id: str | None = None,
        cancel_client_id: str | None = None,
        restriction: Restriction = None,
        stop_on_failure: bool,
        may_place: VenueError | None = None,
    ) -> CancelReplaced:
        """Cancels one order and places another, in one durable change; a refused half is answered, not raised.

        The new order's parameters and filters come first and are raised. `may_place`: why no order may be placed
        now (too many orders), None if one may.
        """
        account, market = self._account(uid), self._market(order.symbol)
        check_client_id(cancel_client_id, "cancelNewClientOrderId")
        request = Request(order, market.rules)
        check_filters(account, (request,), market.rules, market.tape.average(self._now_ms()))
        canceled: OrderView | VenueError
        placed: OrderView | VenueError | None = None
        try:
            old = self._cancelable(uid, market, order_id, orig_client_id, restriction)
            canceled = self._cancel(old, market, cancel_client_id)
        except VenueError as error:
            canceled = error
        if may_place is not None and not (stop_on_failure and isinstance(canceled, VenueError)):
            placed = may_place
        elif not (stop_on_failure and isinstance(canceled, VenueError)):
            try:
                placed = self._place(account, request, market)
            except VenueError as error:
                placed = error
        self.commit()
        return CancelReplaced(canceled=canceled, placed=placed)

    # --- amending --------------------------------------------------------------------------

    def amend(
        self,
        uid: int,
        symbol: str,
        new_quantity: Decimal,
        *,
        order_id: int | None = None,
        orig_client_id: str | None = None,
        new_client_id: str | None = None,
    ) -> OrderView:
        """order/amend/keepPriority: a smaller quantity, the place in the queue kept.

        Without `new_client_id` the order gets a new id of the venue's. Raises VenueError -2013 when no such order
        is open, -2038 unless the quantity falls and stays above what is filled, -1013 for a filter.
        """
        market, account = self._market(symbol), self._account(uid)
        check_client_id(new_client_id, "newClientOrderId")
        lots = lots_of(new_quantity, market.rules, "newQty")
        try:
            order = self._open_order(uid, symbol, order_id, orig_client_id)
        except VenueError as error:
            raise no_such_order() if error.code == -2011 else error from None
        market.check_placing()
        check_amend(order, lots, self._times_amended(account, order), market)
        if (order.ticks or order.stop_ticks) * lots * market.rules.quote_step < to_units(market.rules.min_notional):
            raise filter_failure("NOTIONAL")
        other = account.open_client(symbol, new_client_id) if new_client_id else None
        if other is not None and other is not order:
            raise rejected(DUPLICATE)
        amend(self.matching, order, lots, market, new_client_id or f"amend-{order.order_id}-{lots}")
        self.commit()
        return order_view(order, market.rules)

    def _times_amended(self, account: Account, order: Order) -> int:
        return len(self.history.amendments(account, order.order_id, Page(limit=PAGE_MOST)))

    def _open_order(self, uid: int, symbol: str, order_id: int | None, client_id: str | None) -> Order:
        try:
            order = self._find(uid, symbol, order_id, client_id)
        except VenueError as error:
            raise unknown_order() if error.code == -2013 else error from None
        if not order.is_open:
            raise unknown_order()
        return order

    # --- terms of the account -----------------------------------------------------------------

    def burn_bnb(self, uid: int, *, burns: bool) -> None:
        """Whether commissions are paid in BNB from now on."""
        account = self._account(uid)
        account.burns_bnb = burns
        self.matching.changes.accounts[uid] = account
        self.commit()
