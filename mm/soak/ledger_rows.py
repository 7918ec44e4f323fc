"""The ledger's committed rows, read beside the bot by a connection of its own; only what is new is read."""

from pathlib import Path
from typing import NamedTuple

from mm.database.sqlite import connect


class Committed(NamedTuple):
    """A fill on record; prices in ticks, sizes in lots, money in 1e-8 units."""

    row: int
    account_epoch: int
    trade_id: int
    exchange_id: str
    client_id: str
    buy: int
    ticks: int
    lots: int
    quote_units: int
    fee_units: int
    fee_asset: str
    maker: int
    time_ms: int


class Intent(NamedTuple):
    client_id: str
    side: str
    ticks: int
    lots: int
    decided_at: int


class LedgerRows:
    """Of one file; a copy of it may go on where this one ended (`last_fill`)."""

    def __init__(self, path: Path, last_fill: int = 0) -> None:
        self._db = connect(path, read_only=True)
        self._db.execute("PRAGMA cache_size = -500")
        self.last_fill = last_fill

    def close(self) -> None:
        self._db.close()

    def intent(self, client_id: str) -> Intent | None:
        row = self._db.execute(
            "SELECT client_id, side, ticks, lots, decided_at FROM intents WHERE client_id = ?", (client_id,)
        ).fetchone()
        return None if row is None else Intent(*row)

    def undecided_buys(self) -> list[tuple[str, int]]:
        """Client id and lots of buys that may have left and whose end is not on record. What was on its way to an
        account that is gone can be no position any more."""
        # The first condition is the partial index's own: without it SQLite reads every order there ever was.
        found = self._db.execute(
            "SELECT i.client_id, i.lots FROM orders o JOIN intents i USING (client_id)"
            " WHERE o.status IN ('PENDING', 'UNKNOWN', 'OPEN') AND o.status <> 'OPEN' AND i.side = 'BUY'"
            " AND (SELECT r.account_epoch FROM runs r WHERE r.epoch = i.epoch)"
            " = (SELECT r.account_epoch FROM runs r ORDER BY r.epoch DESC LIMIT 1)"
        )
        return [(row[0], row[1]) for row in found]

    def epoch(self) -> int:
        """Of the newest instance."""
        return int(self._db.execute("SELECT coalesce(max(epoch), 0) FROM runs").fetchone()[0])

    def new_fills(self) -> list[Committed]:
        found = [
            Committed(*row)
            for row in self._db.execute(
                "SELECT id, account_epoch, trade_id, exchange_id, client_id, buy, ticks, lots, quote_units, fee_units,"
                " fee_asset, maker, time_ms FROM fills WHERE id > ? ORDER BY id",
                (self.last_fill,),
            )
        ]
        if found:
            self.last_fill = found[-1].row
        return found
