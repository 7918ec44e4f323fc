"""Tapes in the venue's database: public trades and bars by symbol, no more of them than a tape keeps."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mm.exchange.venue.bar import Bar
from mm.exchange.venue.bar_history import KEPT
from mm.exchange.venue.print import Print
from mm.exchange.venue.tape import PRINTS_KEPT, Tape

_SCHEMA = """
CREATE TABLE IF NOT EXISTS prints (symbol TEXT, trade_id INTEGER, ticks INTEGER, lots INTEGER, time_ms INTEGER,
    buyer_is_maker INTEGER, aggregate_id INTEGER, PRIMARY KEY (symbol, trade_id)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bars (symbol TEXT, width_ms INTEGER, open_ms INTEGER, open INTEGER, high INTEGER,
    low INTEGER, close INTEGER, first_id INTEGER, last_id INTEGER, last_ms INTEGER, lots INTEGER, notional INTEGER,
    trades INTEGER, taker_lots INTEGER, taker_notional INTEGER,
    PRIMARY KEY (symbol, width_ms, open_ms)) STRICT, WITHOUT ROWID;
"""
_PRUNE_EVERY = 500
"""Writes of a symbol between two prunings."""


@dataclass(frozen=True, slots=True)
class TapeRows:
    """What is new on one tape."""

    prints: list[Print]
    bars: list[tuple[int, Bar]]

    @classmethod
    def of(cls, tape: Tape) -> "TapeRows | None":
        """None when nothing came since the last call."""
        prints = tape.take_unsaved()
        return cls(prints, tape.bars.take_unsaved()) if prints else None

    def followed_by(self, later: "TapeRows") -> "TapeRows":
        """Both: what a failed write left behind, and what came since."""
        return TapeRows(self.prints + later.prints, self.bars + later.bars)


class TapeStore:
    """Works inside the transactions of `db`'s owner."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._writes: dict[str, int] = {}
        db.executescript(_SCHEMA)

    def write(self, tapes: Mapping[str, TapeRows]) -> None:
        for symbol, rows in tapes.items():
            self._db.executemany(
                "INSERT OR REPLACE INTO prints VALUES (?,?,?,?,?,?,?)", ((symbol, *each) for each in rows.prints)
            )
            self._db.executemany(
                f"INSERT OR REPLACE INTO bars VALUES ({','.join('?' * 15)})",  # noqa: S608 - marks only
                ((symbol, width, *_row(bar)) for width, bar in rows.bars),
            )
            self._writes[symbol] = self._writes.get(symbol, 0) + 1
            if self._writes[symbol] % _PRUNE_EVERY == 0:
                self._prune(symbol)

    def _prune(self, symbol: str) -> None:
        self._db.execute(
            "DELETE FROM prints WHERE symbol = ?1 AND trade_id <= "
            "(SELECT trade_id FROM prints WHERE symbol = ?1 ORDER BY trade_id DESC LIMIT 1 OFFSET ?2)",
            (symbol, PRINTS_KEPT),
        )
        for width, kept in KEPT.items():
            self._db.execute(
                "DELETE FROM bars WHERE symbol = ?1 AND width_ms = ?2 AND open_ms <= (SELECT open_ms FROM bars "
                "WHERE symbol = ?1 AND width_ms = ?2 ORDER BY open_ms DESC LIMIT 1 OFFSET ?3)",
                (symbol, width, kept),
            )

    def forget(self, symbol: str) -> None:
        """Everything of one symbol; a transaction of its own."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("DELETE FROM prints WHERE symbol = ?", (symbol,))
        self._db.execute("DELETE FROM bars WHERE symbol = ?", (symbol,))
        self._db.execute("COMMIT")

    def restore(self, symbol: str, tape: Tape) -> None:
        prints = self._newest(
            "SELECT trade_id, ticks, lots, time_ms, buyer_is_maker, aggregate_id FROM prints "
            "WHERE symbol = ? ORDER BY trade_id DESC LIMIT ?",
            (symbol, PRINTS_KEPT),
        )
        bars: list[tuple[int, Bar]] = []
        for width, kept in KEPT.items():
            rows = self._newest(
                "SELECT open_ms, open, high, low, close, first_id, last_id, last_ms, lots, notional, trades, "
                "taker_lots, taker_notional FROM bars WHERE symbol = ? AND width_ms = ? ORDER BY open_ms DESC LIMIT ?",
                (symbol, width, kept),
            )
            bars += [(width, Bar(*row)) for row in rows]
        tape.restore((Print(i, t, n, at, bool(m), a) for i, t, n, at, m, a in prints), bars)

    def _newest(self, query: str, values: tuple[object, ...]) -> Iterable[tuple[int, ...]]:
        rows: list[tuple[int, ...]] = self._db.execute(query, values).fetchall()
        return reversed(rows)


def _row(bar: Bar) -> tuple[int, ...]:
    return (
        bar.open_ms,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.first_id,
        bar.last_id,
        bar.last_ms,
        bar.lots,
        bar.notional,
        bar.trades,
        bar.taker_lots,
        bar.taker_notional,
    )
