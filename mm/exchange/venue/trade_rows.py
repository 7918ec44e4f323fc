"""Trades of accounts as rows of the venue's database."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from mm.domain.instrument import from_units, to_units
from mm.exchange.venue.views import TradeView


class TradeRows:
    """Works inside the transactions of `db`'s owner."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def write(self, trades: Iterable[TradeView]) -> None:
        self._db.executemany(
            f"INSERT INTO trades VALUES (NULL,{','.join('?' * 13)})",  # noqa: S608 - marks only
            map(_row, trades),
        )

    def read(self, where: str, values: tuple[object, ...]) -> Iterable[TradeView]:
        """`where`: our own words, with what follows of order and limit."""
        columns = "*, (SELECT list_id FROM orders WHERE orders.order_id = trades.order_id)"
        return map(_trade, self._db.execute(f"SELECT {columns} FROM trades WHERE {where}", values))  # noqa: S608 - own


def _row(trade: TradeView) -> tuple[object, ...]:
    return (
        trade.uid,
        trade.symbol,
        trade.trade_id,
        trade.order_id,
        trade.client_id,
        trade.side,
        to_units(trade.price),
        to_units(trade.quantity),
        to_units(trade.quote),
        to_units(trade.commission),
        trade.commission_asset,
        trade.time_ms,
        int(trade.is_maker),
    )


def _trade(row: tuple[Any, ...]) -> TradeView:
    _, uid, symbol, trade_id, order_id, client_id, side, price, quantity, quote, commission, *rest = row
    asset, time_ms, maker, list_id = rest
    return TradeView(
        uid=uid,
        symbol=symbol,
        trade_id=trade_id,
        order_id=order_id,
        client_id=client_id,
        side=side,
        price=from_units(price),
        quantity=from_units(quantity),
        quote=from_units(quote),
        commission=from_units(commission),
        commission_asset=asset,
        time_ms=time_ms,
        is_maker=bool(maker),
        list_id=list_id,
    )
