"""What an account may read: its state, orders and trades."""

from collections.abc import Callable, Mapping

from mm.exchange.venue.account import Account
from mm.exchange.venue.errors import missing, no_such_list, no_such_order
from mm.exchange.venue.history import History, Page
from mm.exchange.venue.market_data import MarketData
from mm.exchange.venue.matching import SymbolMarket
from mm.exchange.venue.order import Order
from mm.exchange.venue.order_list import OrderList
from mm.exchange.venue.reports import account_state, amendment_view, list_view, order_view, prevented_view
from mm.exchange.venue.views import (
    AccountState,
    AmendmentView,
    OrderListView,
    OrderView,
    PreventedView,
    TradeView,
)


class AccountReads(MarketData):
    """An unknown uid raises KeyError everywhere: uids come from `account_by_key`, never from the wire."""

    def __init__(
        self,
        markets: Mapping[str, SymbolMarket],
        now_ms: Callable[[], int],
        accounts: dict[int, Account],
        history: History,
    ) -> None:
        super().__init__(markets, now_ms)
        self._accounts = accounts
        self.history = history

    def account_by_key(self, api_key: str) -> AccountState | None:
        """The open account of this key."""
        account = self._by_key(api_key)
        return None if account is None else self._state(account)

    def account(self, uid: int) -> AccountState:
        """With balances of every asset it ever held and of all listed assets. Raises KeyError."""
        return self._state(self._accounts[uid])

    def accounts(self) -> tuple[AccountState, ...]:
        """All accounts, closed ones too, oldest first."""
        return tuple(self._state(account) for account in self._accounts.values())

    def _by_key(self, api_key: str) -> Account | None:
        for account in self._accounts.values():
            if account.api_key == api_key and account.closed_ms is None:
                return account
        return None

    def _state(self, account: Account) -> AccountState:
        listed = (asset for m in self._markets.values() for asset in (m.rules.base, m.rules.quote))
        return account_state(account, tuple(dict.fromkeys(listed)))

    def order(self, uid: int, symbol: str, order_id: int | None = None, orig_client_id: str | None = None) -> OrderView:
        """The order, open or closed; of several with one client id the newest. Raises -2013, -1102."""
        return order_view(self._find(uid, symbol, order_id, orig_client_id), self._market(symbol).rules)

    def open_orders(self, uid: int, symbol: str | None = None) -> tuple[OrderView, ...]:
        """Oldest first."""
        return tuple(
            order_view(order, self._market(order.symbol).rules)
            for order in self._account(uid).open.values()
            if symbol is None or order.symbol == symbol
        )

    def all_orders(
        self,
        uid: int,
        symbol: str,
        *,
        from_order_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> tuple[OrderView, ...]:
        """Oldest first; with `from_order_id` or `start_ms` the first `limit` of those, else the last `limit`."""
        rules = self._market(symbol).rules
        page = Page(from_id=from_order_id, start_ms=start_ms, end_ms=end_ms, limit=limit)
        return tuple(order_view(order, rules) for order in self.history.orders(self._account(uid), symbol, page))

    def order_list(self, uid: int, list_id: int | None = None, client_id: str | None = None) -> OrderListView:
        """Alive or done; of several with one client id the newest. Raises -2018 when there is none, -1102."""
        account = self._account(uid)
        found = self._find_list(account, list_id, client_id)
        if found is None:
            raise no_such_list()
        return self._list_view(found, account)

    def open_order_lists(self, uid: int) -> tuple[OrderListView, ...]:
        """Oldest first."""
        account = self._account(uid)
        return tuple(self._list_view(each, account) for each in account.lists.values() if not each.is_done)

    def _list_view(self, listed: OrderList, account: Account) -> OrderListView:
        legs = [self.history.order(account, number) for number in listed.order_ids]
        return list_view(listed, [leg for leg in legs if leg is not None], self._market(listed.symbol).rules)

    def all_order_lists(
        self,
        uid: int,
        *,
        from_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> tuple[OrderListView, ...]:
        """Oldest first; with `from_id` or `start_ms` the first `limit` of those, else the last `limit`."""
        account = self._account(uid)
        page = Page(from_id=from_id, start_ms=start_ms, end_ms=end_ms, limit=limit)
        return tuple(self._list_view(each, account) for each in self.history.lists(account, page))

    def prevented_matches(
        self,
        uid: int,
        symbol: str,
        *,
        match_id: int | None = None,
        order_id: int | None = None,
        from_id: int | None = None,
        limit: int = 500,
    ) -> tuple[PreventedView, ...]:
        """Oldest first, the first `limit`."""
        rules = self._market(symbol).rules
        page = Page(from_id=from_id, limit=limit)
        found = self.history.prevented(self._account(uid), symbol, page, match_id=match_id, order_id=order_id)
        return tuple(prevented_view(each, rules) for each in found)

    def amendments(
        self, uid: int, symbol: str, order_id: int, *, from_execution_id: int | None = None, limit: int = 500
    ) -> tuple[AmendmentView, ...]:
        """Of one order, oldest first, the first `limit`. Raises -2013 for an order the account never had."""
        rules = self._market(symbol).rules
        self._find(uid, symbol, order_id, None)
        page = Page(from_id=from_execution_id, limit=limit)
        return tuple(
            amendment_view(each, rules) for each in self.history.amendments(self._account(uid), order_id, page)
        )

    def my_trades(
        self,
        uid: int,
        symbol: str,
        *,
        from_id: int | None = None,
        order_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> tuple[TradeView, ...]:
        """Oldest first; with `from_id` (inclusive) or `start_ms` the first `limit` of those, else the last `limit`."""
        self._market(symbol)
        page = Page(from_id=from_id, start_ms=start_ms, end_ms=end_ms, limit=limit)
        return tuple(self.history.trades(self._account(uid), symbol, page, order_id))

    def account_trades(self, uid: int | None = None) -> tuple[TradeView, ...]:
        """Every trade on record of one account (None: of all, closed ones too), all symbols, oldest first."""
        accounts = self._accounts.values() if uid is None else (self._account(uid),)
        return tuple(self.history.all_trades(accounts))

    def _account(self, uid: int) -> Account:
        return self._accounts[uid]

    def _find_list(self, account: Account, list_id: int | None, client_id: str | None) -> OrderList | None:
        if list_id is None and not client_id:
            raise missing("orderListId")
        if list_id is None:
            return self.history.list_named(account, client_id or "")
        found = self.history.order_list(account, list_id)
        return found if found is not None and client_id in {None, found.client_id} else None

    def _find(self, uid: int, symbol: str, order_id: int | None, client_id: str | None) -> Order:
        account = self._account(uid)
        if order_id is None and not client_id:
            raise missing("orderId")
        found = (
            self.history.order_named(account, symbol, client_id or "")
            if order_id is None
            else self.history.order(account, order_id)
        )
        if found is None or found.symbol != symbol or (client_id and found.client_id != client_id):
            raise no_such_order()
        return found
