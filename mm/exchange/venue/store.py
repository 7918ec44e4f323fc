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
from mm.exchange.venue.order_rows import OrderRows
from mm.exchange.venue.schema import prepare
from mm.exchange.venue.tape_store import TapeStore
from mm.exchange.venue.views import TradeView


class Store:
    """Opens (and makes) the database at `path`.

    Raises sqlite3.Error when it cannot be opened or was written in another format.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        prepare(self._db, path)
        self._orders = OrderRows(self._db)
        self.tapes = TapeStore(self._db)

    def close(self) -> None:
        self._db.close()

    # --- writing ---------------------------------------------------------------------------

    def write(self, changes: Changes) -> None:
        """All of it or nothing, in one transaction."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany(
                "INSERT OR REPLACE INTO accounts VALUES (?,?,?,?,?,?,?,?)", map(_account_row, changes.accounts.values())
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
            self._orders.write(changes)
            db.executemany(
                f"INSERT INTO trades VALUES (NULL,{','.join('?' * 13)})",  # noqa: S608 - marks only
                map(_trade_row, changes.trades),
            )
            db.executemany("INSERT OR REPLACE INTO counters VALUES (?,?)", changes.counters.items())
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?,?)", changes.meta.items())
            self.tapes.write(changes.tapes)
            db.execute("COMMIT")
        except BaseException:  # a number too large for SQLite is no sqlite3.Error
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
        rows = self._db.execute("SELECT * FROM accounts ORDER BY uid")
        found = {row[0]: Account(*row) for row in rows}
        for account in found.values():
            account.burns_bnb = bool(account.burns_bnb)
        for uid, asset, free, locked in self._db.execute(
            "SELECT uid, asset, free, locked FROM balances ORDER BY rowid"
        ):
            found[uid].balances[asset] = Balance(free, locked)
        for order in self._orders.orders():
            found[order.uid].add_order(order)
        for listed in self._orders.lists():
            found[listed.uid].lists[listed.list_id] = listed
        for match in self._orders.prevented():
            found[match.uid].prevented.append(match)
        for amendment in self._orders.amendments():
            found[amendment.uid].amendments.append(amendment)
        for row in self._db.execute("SELECT * FROM trades ORDER BY number"):
            account = found[row[1]]
            account.trades.append(_trade(row, account.orders[row[4]].list_id))
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
        int(account.burns_bnb),
    )


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


def _trade(row: tuple[Any, ...], list_id: int) -> TradeView:
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
        list_id=list_id,
    )
