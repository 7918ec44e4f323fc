"""Orders, their lists, prevented self-trades and amendments as rows of the venue's database."""

import sqlite3
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from mm.exchange.venue.changes import Changes
from mm.exchange.venue.order import Order
from mm.exchange.venue.order_list import OrderList
from mm.exchange.venue.records import Amendment, PreventedMatch


def _names(text: str) -> list[str]:
    return text.split()


_ORDER = _names(
    "order_id uid symbol client_id buy type time_in_force ticks lots created_ms updated_ms self_trade "
    "quote_target executed quote_units status stop_ticks iceberg visible list_id working_ms held priority "
    "prevented prevented_match expiry strategy_id strategy_type"
)
_LIST = _names("list_id uid symbol client_id contingency order_ids created_ms updated_ms status")
_PREVENTED = _names("symbol match_id uid taker_order_id maker_order_id mode ticks taker_lots maker_lots time_ms")
_AMENDMENT = _names("execution_id uid symbol order_id old_client_id new_client_id old_lots new_lots time_ms")


class OrderRows:
    """Works inside the transactions of `db`'s owner."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def write(self, changes: Changes) -> None:
        self._put("orders", _ORDER, changes.orders.values())
        if changes.lists:
            rows = (
                tuple(_ids(each) if name == "order_ids" else getattr(each, name) for name in _LIST)
                for each in changes.lists.values()
            )
            self._db.executemany(_insert("order_lists", _LIST), rows)
        if changes.prevented:
            self._put("prevented", _PREVENTED, changes.prevented)
        if changes.amendments:
            self._put("amendments", _AMENDMENT, changes.amendments)

    def _put(self, table: str, columns: list[str], rows: Iterable[object]) -> None:
        self._db.executemany(_insert(table, columns), map(attrgetter(*columns), rows))

    def orders(self, where: str, values: tuple[object, ...] = ()) -> Iterable[Order]:
        """`where` here and below: our own words, with what follows of order and limit."""
        for row in self._read("orders", _ORDER, where, values):
            fields = dict(zip(_ORDER, row, strict=True))
            yield Order(**{**fields, "buy": bool(fields["buy"])})

    def lists(self, where: str, values: tuple[object, ...] = ()) -> Iterable[OrderList]:
        for row in self._read("order_lists", _LIST, where, values):
            fields = dict(zip(_LIST, row, strict=True))
            yield OrderList(**{**fields, "order_ids": tuple(int(each) for each in fields["order_ids"].split(","))})

    def prevented(self, where: str, values: tuple[object, ...]) -> Iterable[PreventedMatch]:
        for row in self._read("prevented", _PREVENTED, where, values):
            yield PreventedMatch(**dict(zip(_PREVENTED, row, strict=True)))

    def amendments(self, where: str, values: tuple[object, ...]) -> Iterable[Amendment]:
        for row in self._read("amendments", _AMENDMENT, where, values):
            yield Amendment(**dict(zip(_AMENDMENT, row, strict=True)))

    def _read(
        self, table: str, columns: list[str], where: str, values: tuple[object, ...]
    ) -> Iterable[tuple[Any, ...]]:
        return self._db.execute(f"SELECT {','.join(columns)} FROM {table} WHERE {where}", values)  # noqa: S608 - own


def _insert(table: str, columns: list[str]) -> str:
    marks = ",".join("?" * len(columns))
    return f"INSERT OR REPLACE INTO {table} ({','.join(columns)}) VALUES ({marks})"  # noqa: S608 - own names


def _ids(listed: OrderList) -> str:
    return ",".join(map(str, listed.order_ids))
