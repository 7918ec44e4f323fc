"""The venue's durable state in SQLite: accounts, balances, orders, trades, counters, remembered values.

Everything one call of the façade changed is one transaction. WAL with synchronous=NORMAL: what was committed
survives SIGKILL of the venue; a power cut may cost the last moments, which is enough for a simulated exchange.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mm.domain.instrument import from_units, to_units
from mm.exchange.venue.account import Account, Balance
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.order import Order
from mm.exchange.venue.views import TradeView

_FORMAT = 1
_SCHEMA = """
CREATE TABLE accounts (uid INTEGER PRIMARY KEY, api_key TEXT, maker_fee INTEGER, taker_fee INTEGER,
    created_ms INTEGER, updated_ms INTEGER, closed_ms INTEGER) STRICT;
CREATE TABLE balances (uid INTEGER, asset TEXT, free INTEGER NOT NULL CHECK (free >= 0),
    locked INTEGER NOT NULL CHECK (locked >= 0), PRIMARY KEY (uid, asset)) STRICT;
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, uid INTEGER, symbol TEXT, client_id TEXT, buy INTEGER, type TEXT,
    time_in_force TEXT, ticks INTEGER, lots INTEGER, created_ms INTEGER, updated_ms INTEGER, self_trade TEXT,
    quote_target INTEGER, executed INTEGER, quote_units INTEGER, status TEXT) STRICT;
CREATE TABLE trades (number INTEGER PRIMARY KEY, uid INTEGER, symbol TEXT, trade_id INTEGER, order_id INTEGER,
    client_id TEXT, side TEXT, price INTEGER, quantity INTEGER, quote INTEGER, commission INTEGER,
    commission_asset TEXT, time_ms INTEGER, is_maker INTEGER, UNIQUE (symbol, trade_id, order_id)) STRICT;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) STRICT;
"""


class Store:
    """Opens (and makes) the database at `path`.

    Raises sqlite3.Error when it cannot be opened or was written in another format.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        (found,) = self._db.execute("PRAGMA user_version").fetchone()
        if found == 0:
            self._db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={_FORMAT};COMMIT;")
        elif found != _FORMAT:
            self._db.close()
            raise sqlite3.DatabaseError(f"{path} was written in format {found}, this venue reads {_FORMAT}")

    def close(self) -> None:
        self._db.close()

    # --- writing ---------------------------------------------------------------------------

    def write(self, changes: Changes) -> None:
        """All of it or nothing, in one transaction."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany(
                "INSERT OR REPLACE INTO accounts VALUES (?,?,?,?,?,?,?)", map(_account_row, changes.accounts.values())
            )
            db.executemany(
                "INSERT OR REPLACE INTO balances VALUES (?,?,?,?)",
                (
                    (uid, asset, balance.free, balance.locked)
                    for uid, assets in changes.balances.items()
                    for asset in assets
                    for balance in (changes.accounts[uid].balance(asset),)
                ),
            )
            db.executemany(
                f"INSERT OR REPLACE INTO orders VALUES ({','.join('?' * 16)})",  # noqa: S608 - marks only
                map(_order_row, changes.orders.values()),
            )
            db.executemany(
                f"INSERT INTO trades VALUES (NULL,{','.join('?' * 13)})",  # noqa: S608 - marks only
                map(_trade_row, changes.trades),
            )
            db.executemany("INSERT OR REPLACE INTO counters VALUES (?,?)", changes.counters.items())
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?,?)", changes.meta.items())
            db.execute("COMMIT")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    # --- reading back ----------------------------------------------------------------------

    def meta(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT key, value FROM meta"))

    def counters(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT name, value FROM counters"))

    def accounts(self) -> Iterable[Account]:
        """Complete with balances, orders and trades, oldest first."""
        found = {row[0]: Account(*row) for row in self._db.execute("SELECT * FROM accounts ORDER BY uid")}
        for uid, asset, free, locked in self._db.execute(
            "SELECT uid, asset, free, locked FROM balances ORDER BY rowid"
        ):
            found[uid].balances[asset] = Balance(free, locked)
        for row in self._db.execute("SELECT * FROM orders ORDER BY order_id"):
            order = _order(row)
            found[order.uid].add_order(order)
        for row in self._db.execute("SELECT * FROM trades ORDER BY number"):
            trade = _trade(row)
            found[trade.uid].trades.append(trade)
        return found.values()


def _account_row(account: Account) -> tuple[object, ...]:
    return (
        account.uid,
        account.api_key,
        account.maker_fee,
        account.taker_fee,
        account.created_ms,
        account.updated_ms,
        account.closed_ms,
    )


def _order_row(order: Order) -> tuple[object, ...]:
    return (
        order.order_id,
        order.uid,
        order.symbol,
        order.client_id,
        int(order.buy),
        order.type,
        order.time_in_force,
        order.ticks,
        order.lots,
        order.created_ms,
        order.updated_ms,
        order.self_trade,
        order.quote_target,
        order.executed,
        order.quote_units,
        order.status,
    )


def _order(row: tuple[Any, ...]) -> Order:
    return Order(*[*row[:4], bool(row[4]), *row[5:]])


def _trade_row(trade: TradeView) -> tuple[object, ...]:
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
    _, uid, symbol, trade_id, order_id, client_id, side, price, quantity, quote, commission, asset, time_ms, maker = row
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
    )
