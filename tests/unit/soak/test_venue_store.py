"""The soak's venue: many changes in one transaction, and every one of them read back at once."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder
from mm.soak import venue_store
from mm.soak.venue_store import NoBars, SoakStore

SYMBOL = "ETHUSDC"


def _orders_on_disk(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT count(*) FROM orders").fetchone()[0])


def test_closed_orders_are_told_before_their_transaction_ends_and_on_disk_after_it(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    venue = Venue({SYMBOL: default_symbols()[SYMBOL]}, lambda: 1_000_000, SoakStore(path))
    uid = venue.open_account({"USDC": Decimal(1000)}, Decimal(0), Decimal(0), "key").uid
    order = NewOrder(symbol=SYMBOL, side="BUY", type="LIMIT_MAKER", quantity=Decimal("0.01"), price=Decimal(3000))
    placed = venue.place(uid, order)
    venue.cancel(uid, SYMBOL, order_id=placed.order_id)
    assert venue.order(uid, SYMBOL, placed.order_id).status == "CANCELED"
    assert _orders_on_disk(path) == 0
    for _ in range(venue_store._COMMIT_EVERY):
        venue.remember("something", "new")
    assert _orders_on_disk(path) == 1
    venue.remember("something", "last")
    venue.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'owner:something'").fetchone() == ("last",)


def test_a_soak_keeps_no_bars(tmp_path: Path) -> None:
    venue = Venue({SYMBOL: default_symbols()[SYMBOL]}, lambda: 1_000_000, SoakStore(tmp_path / "venue.db"))
    market = venue.market(SYMBOL)
    market.tape.bars = NoBars()
    venue.matching.print_recorded(market, 300_000, 5, buyer_is_maker=True)
    assert market.tape.average(1_000_000) == (5 * 300_000, 5)
    assert market.tape.bars.window(0, 2_000_000) is None
    venue.close()
