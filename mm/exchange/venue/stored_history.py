"""History read from the venue's database: memory holds open orders and lists alone, however long the venue runs."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from mm.exchange.venue.account import Account
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.history import Page
from mm.exchange.venue.order import Order
from mm.exchange.venue.order_list import OrderList
from mm.exchange.venue.order_rows import OrderRows
from mm.exchange.venue.records import Amendment, PreventedMatch
from mm.exchange.venue.trade_rows import TradeRows
from mm.exchange.venue.views import TradeView

T = TypeVar("T")


class StoredHistory:
    """What an account still holds in memory is answered from there; it is the newer."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._orders = OrderRows(db)
        self._trades = TradeRows(db)
        # Of the last change: whoever hears of an order's end asks for it at once.
        self._just_closed: dict[int, Order] = {}

    def order(self, account: Account, order_id: int) -> Order | None:
        known = account.orders.get(order_id) or self._just_closed.get(order_id)
        if known is not None and known.uid == account.uid:
            return known
        return next(self._read(account, "order_id = ?", order_id), None)

    def order_named(self, account: Account, symbol: str, client_id: str) -> Order | None:
        known = account.by_client.get((symbol, client_id))
        where = "symbol = ? AND client_id = ? ORDER BY order_id DESC LIMIT 1"
        return known or next(self._read(account, where, symbol, client_id), None)

    def orders(self, account: Account, symbol: str, page: Page) -> Sequence[Order]:
        where, values = _of_page(page, "order_id", "created_ms")
        return _rising(page, list(self._read(account, f"symbol = ? {where}", symbol, *values)))

    def _read(self, account: Account, where: str, *values: object) -> Iterator[Order]:
        for order in self._orders.orders(f"uid = ? AND {where}", (account.uid, *values)):
            yield account.orders.get(order.order_id, order)

    def order_list(self, account: Account, list_id: int) -> OrderList | None:
        known = account.lists.get(list_id)
        return known or next(iter(self._lists(account, "list_id = ?", list_id)), None)

    def list_named(self, account: Account, client_id: str) -> OrderList | None:
        known = account.open_list(client_id)
        where = "client_id = ? ORDER BY list_id DESC LIMIT 1"
        return known or next(iter(self._lists(account, where, client_id)), None)

    def lists(self, account: Account, page: Page) -> Sequence[OrderList]:
        where, values = _of_page(page, "list_id", "created_ms")
        return _rising(page, list(self._lists(account, f"1 {where}", *values)))

    def _lists(self, account: Account, where: str, *values: object) -> Iterable[OrderList]:
        for listed in self._orders.lists(f"uid = ? AND {where}", (account.uid, *values)):
            yield account.lists.get(listed.list_id, listed)

    def trades(self, account: Account, symbol: str, page: Page, order_id: int | None = None) -> Sequence[TradeView]:
        where, values = _of_page(page, "trade_id", "time_ms")
        of_order, which = ("", ()) if order_id is None else ("AND order_id = ?", (order_id,))
        found = self._trades.read(f"uid = ? AND symbol = ? {of_order} {where}", (account.uid, symbol, *which, *values))
        return _rising(page, list(found))

    def all_trades(self, accounts: Iterable[Account]) -> Sequence[TradeView]:
        return [trade for each in accounts for trade in self._trades.read("uid = ? ORDER BY number", (each.uid,))]

    def prevented(
        self, account: Account, symbol: str, page: Page, *, match_id: int | None, order_id: int | None
    ) -> Sequence[PreventedMatch]:
        where, values = "uid = ? AND symbol = ?", list[object]((account.uid, symbol))
        if match_id is not None:
            where, values = f"{where} AND match_id = ?", [*values, match_id]
        if order_id is not None:
            where, values = f"{where} AND ? IN (taker_order_id, maker_order_id)", [*values, order_id]
        if page.from_id is not None:
            where, values = f"{where} AND match_id >= ?", [*values, page.from_id]
        return list(self._orders.prevented(f"{where} ORDER BY match_id LIMIT ?", (*values, page.size)))

    def amendments(self, account: Account, order_id: int, page: Page) -> Sequence[Amendment]:
        where = "uid = ? AND order_id = ? AND execution_id >= ? ORDER BY execution_id LIMIT ?"
        return list(self._orders.amendments(where, (account.uid, order_id, page.from_id or 0, page.size)))

    def written(self, changes: Changes) -> None:
        """What is closed leaves the memory; legs of a list stay as long as it lives."""
        for account in changes.accounts.values():
            for rows in (account.trades, account.prevented, account.amendments):
                rows.clear()
        for listed in changes.lists.values():
            account = changes.accounts[listed.uid]
            if listed.is_done:
                account.lists.pop(listed.list_id, None)
                for order_id in listed.order_ids:
                    account.forget(order_id)
        self._just_closed = {each.order_id: each for each in changes.orders.values() if not each.is_open}
        for order in changes.orders.values():
            account = changes.accounts[order.uid]
            if not order.is_open and order.list_id not in account.lists:
                account.forget(order.order_id)


def _of_page(page: Page, number: str, time: str) -> tuple[str, list[object]]:
    """The condition (it begins with AND), the order and the limit."""
    where, values = "", []
    for value, condition in (
        (page.from_id, f"{number} >= ?"),
        (page.start_ms, f"{time} >= ?"),
        (page.end_ms, f"{time} <= ?"),
    ):
        if value is not None:
            where += f" AND {condition}"
            values.append(value)
    turn = "ASC" if page.from_start else "DESC"
    return f"{where} ORDER BY {number} {turn} LIMIT ?", [*values, page.size]


def _rising(page: Page, rows: list[T]) -> list[T]:
    return rows if page.from_start else rows[::-1]
