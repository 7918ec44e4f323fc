"""What an account may read: its state, orders and trades."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from mm.exchange.venue.account import Account
from mm.exchange.venue.errors import missing, no_such_list, no_such_order
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

T = TypeVar("T")
_MOST = 1000
"""Rows one query answers at most."""


class AccountReads(MarketData):
    """An unknown uid raises KeyError everywhere: uids come from `account_by_key`, never from the wire."""

    def __init__(
        self, markets: Mapping[str, SymbolMarket], now_ms: Callable[[], int], accounts: dict[int, Account]
    ) -> None:
        super().__init__(markets, now_ms)
        self._accounts = accounts

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
        found = [
            order
            for order in self._account(uid).orders.values()
            if order.symbol == symbol
            and (from_order_id is None or order.order_id >= from_order_id)
            and (start_ms is None or order.created_ms >= start_ms)
            and (end_ms is None or order.created_ms <= end_ms)
        ]
        page = _page(found, limit, from_start=from_order_id is not None or start_ms is not None)
        return tuple(order_view(order, rules) for order in page)

    def order_list(self, uid: int, list_id: int | None = None, client_id: str | None = None) -> OrderListView:
        """Alive or done; of several with one client id the newest. Raises -2018 when there is none, -1102."""
        account = self._account(uid)
        found = self._find_list(account, list_id, client_id)
        if found is None:
            raise no_such_list()
        return list_view(found, account, self._market(found.symbol).rules)

    def open_order_lists(self, uid: int) -> tuple[OrderListView, ...]:
        """Oldest first."""
        account = self._account(uid)
        return tuple(
            list_view(each, account, self._market(each.symbol).rules)
            for each in account.lists.values()
            if not each.is_done
        )

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
        found = [
            each
            for each in account.lists.values()
            if (from_id is None or each.list_id >= from_id)
            and (start_ms is None or each.created_ms >= start_ms)
            and (end_ms is None or each.created_ms <= end_ms)
        ]
        page = _page(found, limit, from_start=from_id is not None or start_ms is not None)
        return tuple(list_view(each, account, self._market(each.symbol).rules) for each in page)

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
        found = [
            each
            for each in self._account(uid).prevented
            if each.symbol == symbol
            and (match_id is None or each.match_id == match_id)
            and (order_id is None or order_id in {each.taker_order_id, each.maker_order_id})
            and (from_id is None or each.match_id >= from_id)
        ]
        return tuple(prevented_view(each, rules) for each in _page(found, limit, from_start=True))

    def amendments(
        self, uid: int, symbol: str, order_id: int, *, from_execution_id: int | None = None, limit: int = 500
    ) -> tuple[AmendmentView, ...]:
        """Of one order, oldest first, the first `limit`. Raises -2013 for an order the account never had."""
        rules = self._market(symbol).rules
        self._find(uid, symbol, order_id, None)
        found = [
            each
            for each in self._account(uid).amendments
            if each.order_id == order_id and (from_execution_id is None or each.execution_id >= from_execution_id)
        ]
        return tuple(amendment_view(each, rules) for each in _page(found, limit, from_start=True))

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
        found = [
            trade
            for trade in self._account(uid).trades
            if trade.symbol == symbol
            and (from_id is None or trade.trade_id >= from_id)
            and (order_id is None or trade.order_id == order_id)
            and (start_ms is None or trade.time_ms >= start_ms)
            and (end_ms is None or trade.time_ms <= end_ms)
        ]
        return tuple(_page(found, limit, from_start=from_id is not None or start_ms is not None))

    def account_trades(self, uid: int | None = None) -> tuple[TradeView, ...]:
        """Every trade on record of one account (None: of all, closed ones too), all symbols, oldest first."""
        accounts = self._accounts.values() if uid is None else (self._account(uid),)
        return tuple(trade for account in accounts for trade in account.trades)

    def _account(self, uid: int) -> Account:
        return self._accounts[uid]

    def _find_list(self, account: Account, list_id: int | None, client_id: str | None) -> OrderList | None:
        if list_id is None and not client_id:
            raise missing("orderListId")
        found: OrderList | None
        if list_id is not None:
            found = account.lists.get(list_id)
            return found if found is not None and client_id in {None, found.client_id} else None
        with_id = [each for each in account.lists.values() if each.client_id == client_id]
        return with_id[-1] if with_id else None

    def _find(self, uid: int, symbol: str, order_id: int | None, client_id: str | None) -> Order:
        account = self._account(uid)
        if order_id is None and not client_id:
            raise missing("orderId")
        found = account.by_client.get((symbol, client_id or "")) if order_id is None else account.orders.get(order_id)
        if found is None or found.symbol != symbol or (client_id and found.client_id != client_id):
            raise no_such_order()
        return found


def _page(rows: list[T], limit: int, *, from_start: bool) -> list[T]:
    size = max(1, min(limit, _MOST))
    return rows[:size] if from_start else rows[-size:]
