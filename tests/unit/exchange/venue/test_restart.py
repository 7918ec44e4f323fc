"""The venue killed at any moment comes back with the same accounts, orders, trades and rising ids."""

import random
import sqlite3
from pathlib import Path

import pytest

from mm.exchange.venue.changes import Changes
from mm.exchange.venue.flow import Flow
from mm.exchange.venue.scenarios import SCENARIOS
from mm.exchange.venue.store import Store
from tests.unit.exchange.venue.world import FEE, SYMBOL, World, d


def trade_a_little(world: World) -> tuple[int, int]:
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000.00", "0.02", client_id="first")
    world.sell(maker, "3000.00", "0.01", client_id="second")
    world.sell(maker, "3001.00", "0.01")
    world.buy(maker, "2990.00", "0.01", kind="LIMIT_MAKER")
    gone = world.buy(maker, "2991.00", "0.01")
    world.market(taker, "BUY", "0.005")
    world.venue.cancel(maker, SYMBOL, order_id=gone.order_id)
    return maker, taker


def test_a_killed_venue_is_restored_whole(tmp_path: Path) -> None:
    killed = World(Store(tmp_path / "venue.db"))
    uids = trade_a_little(killed)
    killed.venue.remember("market", "generated")
    again = World(Store(tmp_path / "venue.db"))  # the first one was never closed
    assert again.venue.accounts() == killed.venue.accounts()
    for uid in uids:
        assert again.venue.all_orders(uid, SYMBOL) == killed.venue.all_orders(uid, SYMBOL)
        assert again.venue.open_orders(uid) == killed.venue.open_orders(uid)
    assert again.venue.account_trades() == killed.venue.account_trades()
    before, after = killed.venue.depth(SYMBOL), again.venue.depth(SYMBOL)
    assert (after.bids, after.asks) == (before.bids, before.asks)
    assert after.last_update_id >= before.last_update_id
    assert again.venue.last_price(SYMBOL) == d("3000")
    assert again.venue.recall("market") == "generated"
    assert again.venue.recall("other") is None


def test_priority_and_ids_go_on_after_a_restart(tmp_path: Path) -> None:
    killed = World(Store(tmp_path / "venue.db"))
    maker, taker = trade_a_little(killed)
    last_order = max(order.order_id for order in killed.venue.all_orders(taker, SYMBOL))
    last_trade = killed.venue.account_trades()[-1].trade_id
    again = World(Store(tmp_path / "venue.db"))
    taken = again.market(taker, "BUY", "0.02")
    assert taken.order_id > last_order
    assert all(fill.trade_id > last_trade for fill in taken.fills)
    assert again.venue.order(maker, SYMBOL, orig_client_id="first").status == "FILLED"
    assert again.venue.order(maker, SYMBOL, orig_client_id="second").executed == d("0.005")


def test_a_reset_opens_a_new_account_and_keeps_the_old_trades(tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    maker, taker = trade_a_little(world)
    fresh = world.venue.reopen_account("maker", {"USDC": d("100")}, FEE, FEE)
    assert fresh.uid > taker
    assert world.venue.account_by_key("maker") == fresh
    again = World(Store(tmp_path / "venue.db"))
    assert again.venue.account_by_key("maker") == fresh
    assert again.balance(fresh.uid, "USDC") == (d("100"), d("0"))
    assert again.balance(fresh.uid, "ETH") == (d("0"), d("0"))
    assert again.venue.open_orders(fresh.uid) == ()
    assert again.venue.account(maker).closed_ms == again.now
    assert again.venue.open_orders(maker) == ()
    assert again.balance(maker, "ETH")[1] == 0
    assert len(again.venue.account_trades(maker)) == 1
    assert again.venue.depth(SYMBOL).asks == ()
    assert again.buy(fresh.uid, "2000.00", "0.01").order_id > max(
        o.order_id for o in again.venue.all_orders(maker, SYMBOL)
    )
    with pytest.raises(ValueError, match="has this key already"):
        again.venue.open_account({}, FEE, FEE, "maker")
    with pytest.raises(KeyError):
        again.venue.reopen_account("nobody", {}, FEE, FEE)


def test_every_acknowledged_change_is_on_disk_before_the_call_returns(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    world = World(Store(path))
    reader = sqlite3.connect(path)
    uid = world.account("one")
    for turn in range(20):
        order = world.buy(uid, f"{2900 + turn}.00", "0.01")
        assert reader.execute("SELECT status FROM orders WHERE order_id=?", (order.order_id,)).fetchone() == ("NEW",)
        if turn % 2:
            world.venue.cancel(uid, SYMBOL, order_id=order.order_id)
            row = reader.execute("SELECT status FROM orders WHERE order_id=?", (order.order_id,)).fetchone()
            assert row == ("CANCELED",)
    reader.close()


def test_listeners_hear_of_nothing_that_is_not_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "venue.db")
    world = World(store)
    uid = world.account("one")
    heard: list[object] = []
    world.venue.subscribe(heard.append)

    def full_disk(_changes: Changes) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "write", full_disk)
        with pytest.raises(sqlite3.OperationalError):
            world.buy(uid, "2900.00", "0.01", client_id="held")
    assert heard == []
    world.buy(uid, "2901.00", "0.01")
    assert heard
    again = World(Store(tmp_path / "venue.db"))
    assert next(order.client_id for order in again.venue.open_orders(uid)) == "held"


def test_the_generated_price_goes_on_after_a_kill(tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    flow = Flow(world.venue, SYMBOL, SCENARIOS["ordinary"], random.Random(4), d("1234.56"))
    for _ in range(100):
        flow.advance(world.now)
        world.now += 100
    trades = {trade.trade_id for trade in world.venue.trades(SYMBOL, 1000)}
    again = World(Store(tmp_path / "venue.db"))
    last = again.venue.last_price(SYMBOL)
    assert last is not None
    assert abs(last / d("1234.56") - 1) < d("0.01")
    fresh = Flow(again.venue, SYMBOL, SCENARIOS["ordinary"], random.Random(5), d("9999"))
    for _ in range(100):
        fresh.advance(again.now)
        again.now += 100
    ids = [trade.trade_id for trade in again.venue.trades(SYMBOL, 1000)]
    assert ids == sorted(set(ids))
    assert min(set(ids) - trades) > max(trades)


def test_a_database_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    Store(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(sqlite3.DatabaseError, match="format 99"):
        Store(path)


def test_a_database_of_the_first_format_is_brought_up_to_date(tmp_path: Path) -> None:
    """As the first format wrote it: an account with a resting order and no word of stops, lists or BNB."""
    path = tmp_path / "venue.db"
    db = sqlite3.connect(path)
    db.executescript(
        """
        CREATE TABLE accounts (uid INTEGER PRIMARY KEY, api_key TEXT, maker_fee INTEGER, taker_fee INTEGER,
            created_ms INTEGER, updated_ms INTEGER, closed_ms INTEGER) STRICT;
        CREATE TABLE balances (uid INTEGER, asset TEXT, free INTEGER NOT NULL CHECK (free >= 0),
            locked INTEGER NOT NULL CHECK (locked >= 0), PRIMARY KEY (uid, asset)) STRICT;
        CREATE TABLE orders (order_id INTEGER PRIMARY KEY, uid INTEGER, symbol TEXT, client_id TEXT, buy INTEGER,
            type TEXT, time_in_force TEXT, ticks INTEGER, lots INTEGER, created_ms INTEGER, updated_ms INTEGER,
            self_trade TEXT, quote_target INTEGER, executed INTEGER, quote_units INTEGER, status TEXT) STRICT;
        CREATE TABLE trades (number INTEGER PRIMARY KEY, uid INTEGER, symbol TEXT, trade_id INTEGER, order_id INTEGER,
            client_id TEXT, side TEXT, price INTEGER, quantity INTEGER, quote INTEGER, commission INTEGER,
            commission_asset TEXT, time_ms INTEGER, is_maker INTEGER, UNIQUE (symbol, trade_id, order_id)) STRICT;
        CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER) STRICT;
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) STRICT;
        INSERT INTO accounts VALUES (1, 'key', 100000, 100000, 5, 6, NULL);
        INSERT INTO balances VALUES (1, 'USDC', 7000000000, 3000000000);
        INSERT INTO orders VALUES (7, 1, 'ETHUSDC', 'old', 1, 'LIMIT', 'GTC', 300000, 100, 5, 6, 'EXPIRE_MAKER',
            0, 0, 0, 'NEW');
        INSERT INTO counters VALUES ('order', 1007);
        PRAGMA user_version=1;
        """
    )
    db.close()
    world = World(Store(path))
    (order,) = world.venue.open_orders(1)
    assert (order.client_id, order.working_ms, order.quantity) == ("old", 5, d("0.01"))
    assert world.venue.depth(SYMBOL).bids == ((d("3000"), d("0.01")),)
    world.venue.cancel(1, SYMBOL, orig_client_id="old")
    assert world.balance(1, "USDC") == (d("100"), d("0"))
    assert World(Store(path)).status(1, order) == "CANCELED"
