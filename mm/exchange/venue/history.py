"""What accounts did: orders, lists, trades, prevented self-trades, amendments, open and closed.

Without a database all of it stays in memory; with one, memory holds what is open (see `stored_history`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mm.exchange.venue.account import Account
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.order import Order
from mm.exchange.venue.order_list import OrderList
from mm.exchange.venue.records import Amendment, PreventedMatch
from mm.exchange.venue.views import TradeView

T = TypeVar("T")
PAGE_MOST = 1000
"""Rows one query answers at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows from an id (inclusive) and inside a span of time (UTC ms, inclusive); the first `limit` of them where an id
    or a start is given, else the last `limit`."""

    from_id: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    limit: int = 500

    @property
    def size(self) -> int:
        return max(1, min(self.limit, PAGE_MOST))

    @property
    def from_start(self) -> bool:
        return self.from_id is not None or self.start_ms is not None

    def holds(self, number: int, time_ms: int) -> bool:
        return (
            (self.from_id is None or number >= self.from_id)
            and (self.start_ms is None or time_ms >= self.start_ms)
            and (self.end_ms is None or time_ms <= self.end_ms)
        )

    def cut(self, rows: list[T]) -> list[T]:
        """`rows` oldest first."""
        return rows[: self.size] if self.from_start else rows[-self.size :]


class History(Protocol):
    """All answers oldest first; of several with one client id the newest."""

    def order(self, account: Account, order_id: int) -> Order | None: ...
    def order_named(self, account: Account, symbol: str, client_id: str) -> Order | None: ...
    def orders(self, account: Account, symbol: str, page: Page) -> Sequence[Order]: ...
    def order_list(self, account: Account, list_id: int) -> OrderList | None: ...
    def list_named(self, account: Account, client_id: str) -> OrderList | None: ...
    def lists(self, account: Account, page: Page) -> Sequence[OrderList]: ...
    def trades(self, account: Account, symbol: str, page: Page, order_id: int | None = None) -> Sequence[TradeView]: ...
    def all_trades(self, accounts: Iterable[Account]) -> Sequence[TradeView]: ...
    def prevented(
        self, account: Account, symbol: str, page: Page, *, match_id: int | None, order_id: int | None
    ) -> Sequence[PreventedMatch]: ...
    def amendments(self, account: Account, order_id: int, page: Page) -> Sequence[Amendment]: ...
    def written(self, changes: Changes) -> None:
        """These are durable now."""


class KeptHistory:
    """Everything an account ever did stays with it."""

    def order(self, account: Account, order_id: int) -> Order | None:
        return account.orders.get(order_id)

    def order_named(self, account: Account, symbol: str, client_id: str) -> Order | None:
        known = account.by_client.get((symbol, client_id))
        if (known is not None and known.is_open) or not account.amendments:
            return known
        # Amended orders leave ids behind and take over such as were used before.
        named = (each for each in reversed(account.orders.values()) if each.client_id == client_id)
        return next((each for each in named if each.symbol == symbol), None)

    def orders(self, account: Account, symbol: str, page: Page) -> Sequence[Order]:
        return page.cut(
            [
                each
                for each in account.orders.values()
                if each.symbol == symbol and page.holds(each.order_id, each.created_ms)
            ]
        )

    def order_list(self, account: Account, list_id: int) -> OrderList | None:
        return account.lists.get(list_id)

    def list_named(self, account: Account, client_id: str) -> OrderList | None:
        return next((each for each in reversed(account.lists.values()) if each.client_id == client_id), None)

    def lists(self, account: Account, page: Page) -> Sequence[OrderList]:
        return page.cut([each for each in account.lists.values() if page.holds(each.list_id, each.created_ms)])

    def trades(self, account: Account, symbol: str, page: Page, order_id: int | None = None) -> Sequence[TradeView]:
        return page.cut(
            [
                trade
                for trade in account.trades
                if trade.symbol == symbol
                and (order_id is None or trade.order_id == order_id)
                and page.holds(trade.trade_id, trade.time_ms)
            ]
        )

    def all_trades(self, accounts: Iterable[Account]) -> Sequence[TradeView]:
        return [trade for account in accounts for trade in account.trades]

    def prevented(
        self, account: Account, symbol: str, page: Page, *, match_id: int | None, order_id: int | None
    ) -> Sequence[PreventedMatch]:
        found = [
            each
            for each in account.prevented
            if each.symbol == symbol
            and (match_id is None or each.match_id == match_id)
            and (order_id is None or order_id in {each.taker_order_id, each.maker_order_id})
            and page.holds(each.match_id, each.time_ms)
        ]
        return found[: page.size]

    def amendments(self, account: Account, order_id: int, page: Page) -> Sequence[Amendment]:
        found = [
            each
            for each in account.amendments
            if each.order_id == order_id and page.holds(each.execution_id, each.time_ms)
        ]
        return found[: page.size]

    def written(self, changes: Changes) -> None:
        """Nothing is forgotten."""
