"""The venue's durable state in SQLite: accounts, balances, orders, trades, counters, remembered values.

Everything one call of the façade changed is one transaction. WAL with synchronous=NORMAL: what was committed
survives SIGKILL of the venue; a power cut may cost the last moments, which is enough for a simulated exchange.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from mm.exchange.venue.account import Account, Balance
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.order import OPEN
from mm.exchange.venue.order_rows import OrderRows
from mm.exchange.venue.schema import prepare
from mm.exchange.venue.stored_history import StoredHistory
from mm.exchange.venue.tape_store import TapeStore
from mm.exchange.venue.trade_rows import TradeRows

_OPEN = f"status IN ({','.join(repr(each) for each in sorted(OPEN))})"
_LIVE_LISTS = "SELECT list_id FROM order_lists WHERE status <> 'ALL_DONE'"


class Store:
    """Opens (and makes) the database at `path`. `keeps_tapes`: public trades and bars are asked for as well.

    Raises sqlite3.Error when it cannot be opened or was written in another format.
    """

    keeps_tapes = True

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        prepare(self._db, path)
        self._orders = OrderRows(self._db)
        self._trades = TradeRows(self._db)
        self.history = StoredHistory(self._db)
        self.tapes = TapeStore(self._db)

    def close(self) -> None:
        self._db.close()

    # --- writing ---------------------------------------------------------------------------

    def write(self, changes: Changes) -> None:
        """All of it or nothing, in one transaction."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            self._put(changes)
            db.execute("COMMIT")
        except BaseException:  # a number too large for SQLite is no sqlite3.Error
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _put(self, changes: Changes) -> None:
        """Inside a transaction."""
        db = self._db
        if changes.accounts:
            db.executemany(
                "INSERT OR REPLACE INTO accounts VALUES (?,?,?,?,?,?,?,?)", map(_account_row, changes.accounts.values())
            )
        if changes.balances:
            db.executemany(
                "INSERT OR REPLACE INTO balances VALUES (?,?,?,?)",
                [
                    (uid, asset, balance.free, balance.locked)
                    for uid, assets in changes.balances.items()
                    for asset in assets
                    for balance in (changes.accounts[uid].balance(asset),)
                ],
            )
        if changes.orders or changes.lists or changes.prevented or changes.amendments:
            self._orders.write(changes)
        if changes.trades:
            self._trades.write(changes.trades)
        if changes.counters:
            db.executemany("INSERT OR REPLACE INTO counters VALUES (?,?)", changes.counters.items())
        if changes.meta:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?,?)", changes.meta.items())
        self.tapes.write(changes.tapes)

    # --- reading back ----------------------------------------------------------------------

    def meta(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT key, value FROM meta"))

    def counters(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT name, value FROM counters"))

    def accounts(self) -> Iterable[Account]:
        """With balances, open orders and lists; oldest first."""
        rows = self._db.execute("SELECT * FROM accounts ORDER BY uid")
        found = {row[0]: Account(*row) for row in rows}
        for account in found.values():
            account.burns_bnb = bool(account.burns_bnb)
        for uid, asset, free, locked in self._db.execute(
            "SELECT uid, asset, free, locked FROM balances ORDER BY rowid"
        ):
            found[uid].balances[asset] = Balance(free, locked)
        # What is closed is read when somebody asks for it.
        for order in self._orders.orders(f"{_OPEN} OR list_id IN ({_LIVE_LISTS}) ORDER BY order_id"):
            found[order.uid].add_order(order)
        for listed in self._orders.lists("status <> 'ALL_DONE' ORDER BY list_id"):
            found[listed.uid].lists[listed.list_id] = listed
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
