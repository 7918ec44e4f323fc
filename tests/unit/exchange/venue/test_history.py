"""A venue with a database forgets what is closed and answers from disk what one without would answer from memory."""

import random
from pathlib import Path

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.store import Store
from mm.exchange.venue.views import NewOrder, NewPair, OrderView
from tests.unit.exchange.venue.world import START_MS, SYMBOL, World, d


def _act(world: World, uids: list[int], rng: random.Random) -> None:
    """One call; the same for every world that is given the same numbers."""
    uid, side = rng.choice(uids), rng.choice(["BUY", "SELL"])
    price, size = str(rng.randint(2995, 3005)), f"{rng.randint(20, 60) / 10000:.4f}"
    client_id, pick, what = f"id-{rng.randrange(15)}", rng.randrange(20), rng.randrange(12)
    venue = world.venue
    live = venue.open_orders(uid)
    world.now += rng.randrange(5)
    try:
        if what < 5:
            venue.place(uid, world.order(side, price, size, client_id=client_id, self_trade="EXPIRE_MAKER"))
        elif what < 7:
            venue.place(uid, NewOrder(symbol=SYMBOL, side=side, type="MARKET", quantity=d(size)))
        elif what == 7:
            rest = world.order("SELL", "3100", size, "LIMIT_MAKER")
            stop = NewOrder(symbol=SYMBOL, side="SELL", type="STOP_LOSS", quantity=d(size), stop_price=d("2996"))
            venue.place_pair(uid, NewPair(above=rest, below=stop, client_id=client_id))
        elif what == 8:
            venue.cancel_all(uid, SYMBOL)
        elif live and what == 9:
            venue.amend(uid, SYMBOL, d("0.0019"), order_id=live[pick % len(live)].order_id, new_client_id=client_id)
        elif live:
            venue.cancel(uid, SYMBOL, order_id=live[pick % len(live)].order_id)
    except VenueError:
        pass


def _answer(world: World, question: str, *asked: object, **options: int | None) -> object:
    try:
        return getattr(world.venue, question)(*asked, **options)
    except VenueError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_on_disk_is_what_would_be_in_memory(tmp_path: Path, seed: int) -> None:
    worlds = [World(), World(Store(tmp_path / "venue.db"))]
    uids, _ = ([world.account(name) for name in ("one", "two")] for world in worlds)
    for number in range(300):
        for world in worlds:
            _act(world, uids, random.Random(f"{seed} {number}"))
    rng = random.Random(seed)
    for _ in range(100):
        uid, number = rng.choice(uids), rng.randrange(1, 250)
        page = {
            "start_ms": rng.choice([None, START_MS + rng.randrange(1000)]),
            "end_ms": rng.choice([None, START_MS + rng.randrange(1000)]),
            "limit": rng.choice([1, 7, 500, 5000]),
        }
        which = rng.choice([None, number])
        questions: list[tuple[str, tuple[object, ...], dict[str, int | None]]] = [
            ("order", (uid, SYMBOL, number), {}),
            ("order", (uid, SYMBOL, None, f"id-{number % 15}"), {}),
            ("order", (uid, "BTCUSDC", number), {}),
            ("all_orders", (uid, SYMBOL), {"from_order_id": which, **page}),
            ("my_trades", (uid, SYMBOL), {"from_id": which, **page}),
            ("my_trades", (uid, SYMBOL), {"order_id": number, "limit": 3}),
            ("order_list", (uid, number % 40), {}),
            ("order_list", (uid, None, f"id-{number % 15}"), {}),
            ("all_order_lists", (uid,), {"from_id": None if which is None else which % 40, **page}),
            ("open_order_lists", (uid,), {}),
            ("amendments", (uid, SYMBOL, number), {"from_execution_id": which, "limit": 2}),
            ("prevented_matches", (uid, SYMBOL), {"order_id": number, "from_id": rng.choice([None, number % 30])}),
            ("prevented_matches", (uid, SYMBOL), {"match_id": number % 30}),
            ("account_trades", (rng.choice([None, uid]),), {}),
        ]
        for question, asked, options in questions:
            kept, stored = (_answer(world, question, *asked, **options) for world in worlds)
            assert kept == stored, (question, asked, options)
    assert len(worlds[0].venue.account_trades()) > 50
    assert any(worlds[0].venue.amendments(uids[0], SYMBOL, order.order_id) for order in _all(worlds[0], uids[0]))


def _all(world: World, uid: int) -> list[OrderView]:
    return list(world.venue.all_orders(uid, SYMBOL, limit=1000))


def test_memory_holds_what_is_open_alone(tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    uids = [world.account(name) for name in ("one", "two")]
    for number in range(200):
        _act(world, uids, random.Random(number))
        for uid in uids:
            account = world.venue._account(uid)
            live = {leg for listed in account.lists.values() for leg in listed.order_ids} | account.open.keys()
            assert set(account.orders) == live
            assert {id(order) for order in account.by_client.values()} <= {
                id(order) for order in account.orders.values()
            }
            assert not any(listed.is_done for listed in account.lists.values())
            assert not account.trades
            assert not account.prevented
            assert not account.amendments
    again = World(Store(tmp_path / "venue.db"))
    for uid in uids:
        before, after = world.venue._account(uid), again.venue._account(uid)
        assert set(before.orders) == set(after.orders)
        assert set(before.lists) == set(after.lists)
