"""OCO: two orders of which one lives on; what ends which, what is held, what is told."""

from pathlib import Path

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.events import ExecutionReport, ListStatus, VenueEvent
from mm.exchange.venue.store import Store
from mm.exchange.venue.views import NewOrder, NewPair, OrderListView
from tests.unit.exchange.venue.test_stop_orders import traded_at, world_at_3000
from tests.unit.exchange.venue.world import SYMBOL, World, d


def leg(side: str, kind: str, size: str = "0.02", **amounts: str) -> NewOrder:
    force = "GTC" if kind.endswith("LIMIT") else None
    fields = {name: d(text) for name, text in amounts.items()}
    return NewOrder(
        symbol=SYMBOL,
        side=side,
        type=kind,
        quantity=d(size),
        time_in_force=force,
        price=fields.get("price"),
        stop_price=fields.get("stop_price"),
    )


def bracket(world: World, uid: int, client_id: str | None = None) -> OrderListView:
    """A sell: profit at 3100, loss at 2900."""
    pair = NewPair(
        above=leg("SELL", "LIMIT_MAKER", price="3100"),
        below=leg("SELL", "STOP_LOSS_LIMIT", price="2890", stop_price="2900"),
        client_id=client_id,
    )
    return world.venue.place_pair(uid, pair)


def statuses(world: World, uid: int, listed: OrderListView) -> list[tuple[str, str]]:
    return [(o.status, o.expiry_reason) for o in world.venue.order_list(uid, listed.list_id).orders]


def told(world: World, uid: int) -> list[tuple[str, str]]:
    """(x, X) of reports and (l, L) of lists, as they come."""
    heard: list[tuple[str, str]] = []

    def listen(event: VenueEvent) -> None:
        if isinstance(event, ExecutionReport) and event.uid == uid:
            heard.append((event.execution, event.status))
        elif isinstance(event, ListStatus) and event.uid == uid:
            heard.append((event.status_type, event.status))

    world.venue.subscribe(listen)
    return heard


def test_a_pair_is_placed_and_holds_once() -> None:
    world, uid = world_at_3000()
    heard = told(world, uid)
    listed = bracket(world, uid, "my-list")
    assert (listed.status_type, listed.status, listed.client_id) == ("EXEC_STARTED", "EXECUTING", "my-list")
    assert [(o.type, o.status, o.list_id, o.working_ms >= 0) for o in listed.orders] == [
        ("STOP_LOSS_LIMIT", "NEW", listed.list_id, False),
        ("LIMIT_MAKER", "NEW", listed.list_id, True),
    ]
    assert world.balance(uid, "ETH") == (d("9.98"), d("0.02"))
    assert world.venue.depth(SYMBOL).asks == ((d("3100"), d("0.02")),)
    assert heard == [("NEW", "NEW"), ("NEW", "NEW"), ("EXEC_STARTED", "EXECUTING")]
    with pytest.raises(VenueError) as refusal:
        bracket(world, uid, "my-list")
    assert str(refusal.value) == "-2010 Duplicate order sent."


def test_a_buy_holds_the_dearer_leg() -> None:
    world, uid = world_at_3000()
    pair = NewPair(above=leg("BUY", "STOP_LOSS", stop_price="3100"), below=leg("BUY", "LIMIT_MAKER", price="2900"))
    listed = world.venue.place_pair(uid, pair)
    assert [o.type for o in listed.orders] == ["STOP_LOSS", "LIMIT_MAKER"]
    assert world.balance(uid, "USDC")[1] == d("62")
    world.sell(world.uid_of("taker"), "2900", "0.01")
    assert world.balance(uid, "USDC")[1] == d("29")  # the rest of the limit order alone
    assert statuses(world, uid, listed) == [("EXPIRED", "OCO_TRIGGER"), ("PARTIALLY_FILLED", "")]


def test_a_fill_of_the_limit_leg_expires_the_stop() -> None:
    world, uid = world_at_3000()
    listed = bracket(world, uid)
    heard = told(world, uid)
    world.buy(world.uid_of("taker"), "3100", "0.02")
    assert statuses(world, uid, listed) == [("EXPIRED", "OCO_TRIGGER"), ("FILLED", "")]
    assert heard == [("EXPIRED", "EXPIRED"), ("TRADE", "FILLED"), ("ALL_DONE", "ALL_DONE")]
    assert world.venue.open_order_lists(uid) == ()
    assert world.venue.open_orders(uid) == ()
    assert world.balance(uid, "ETH")[1] == 0


def test_a_triggered_stop_expires_the_limit_leg_and_the_list_lives_on_with_it() -> None:
    world, uid = world_at_3000()
    listed = bracket(world, uid)
    traded_at(world, "2900")
    assert statuses(world, uid, listed) == [("NEW", ""), ("EXPIRED", "OCO_TRIGGER")]
    assert world.venue.depth(SYMBOL).asks == ((d("2890"), d("0.02")),)
    assert world.venue.order_list(uid, listed.list_id).status == "EXECUTING"
    assert world.balance(uid, "ETH")[1] == d("0.02")
    world.buy(world.uid_of("taker"), "2890", "0.02")
    assert world.venue.order_list(uid, listed.list_id).status == "ALL_DONE"
    assert world.balance(uid, "ETH") == (d("9.98"), d("0"))


@pytest.mark.parametrize("how", ["one leg", "other leg", "the list", "all orders"])
def test_canceling_any_part_cancels_the_whole(how: str) -> None:
    world, uid = world_at_3000()
    listed = bracket(world, uid, "doomed")
    heard = told(world, uid)
    if how == "the list":
        view = world.venue.cancel_list(uid, SYMBOL, client_id="doomed", new_client_id="why")
        assert [(o.client_id, o.orig_client_id) for o in view.orders] == [("why", o.client_id) for o in listed.orders]
    elif how == "all orders":
        (gone,) = world.venue.cancel_all(uid, SYMBOL)
        assert isinstance(gone, OrderListView)
    else:
        world.venue.cancel(uid, SYMBOL, order_id=listed.orders[how == "other leg"].order_id)
    assert statuses(world, uid, listed) == [("CANCELED", ""), ("CANCELED", "")]
    assert heard == [("CANCELED", "CANCELED"), ("CANCELED", "CANCELED"), ("ALL_DONE", "ALL_DONE")]
    assert world.balance(uid, "ETH") == (d("10"), d("0"))
    with pytest.raises(VenueError) as refusal:
        world.venue.cancel_list(uid, SYMBOL, list_id=listed.list_id)
    assert str(refusal.value) == "-2011 Unknown order sent."


@pytest.mark.parametrize(
    ("above", "below", "words"),
    [
        (
            leg("SELL", "LIMIT_MAKER", price="2999"),
            leg("SELL", "STOP_LOSS", stop_price="2900"),
            "-2010 The relationship of the prices for the orders is not correct.",
        ),
        (
            leg("SELL", "LIMIT_MAKER", price="3100"),
            leg("SELL", "STOP_LOSS", stop_price="3000"),
            "-2010 The relationship of the prices for the orders is not correct.",
        ),
        (
            leg("SELL", "LIMIT_MAKER", price="3100"),
            leg("SELL", "LIMIT_MAKER", price="2900"),
            "-1168 At least one OCO order must be contingent.",
        ),
        (
            leg("SELL", "STOP_LOSS", stop_price="3100"),
            leg("SELL", "STOP_LOSS", stop_price="2900"),
            "-1197 A stop loss order in a sell OCO must be below.",
        ),
        (
            leg("BUY", "LIMIT_MAKER", price="3100"),
            leg("BUY", "TAKE_PROFIT", stop_price="2900"),
            "-1165 A limit order in a buy OCO must be below.",
        ),
        (
            leg("SELL", "LIMIT", price="3100"),
            leg("SELL", "STOP_LOSS", stop_price="2900"),
            "-1158 Order type not supported in OCO.",
        ),
        (
            leg("SELL", "LIMIT_MAKER", "10.01", price="3100"),
            leg("SELL", "STOP_LOSS", "10.01", stop_price="2900"),
            "-2010 Account has insufficient balance for requested action.",
        ),
    ],
)
def test_a_wrong_pair_is_refused_and_leaves_nothing(above: NewOrder, below: NewOrder, words: str) -> None:
    world, uid = world_at_3000()
    before = world.venue.account(uid)
    with pytest.raises(VenueError) as refusal:
        world.venue.place_pair(uid, NewPair(above=above, below=below))
    assert str(refusal.value) == words
    assert world.venue.account(uid) == before
    assert world.venue.all_order_lists(uid) == ()
    assert world.venue.all_orders(uid, SYMBOL) == ()


def test_a_pair_survives_a_kill(tmp_path: Path) -> None:
    killed, uid = world_at_3000(Store(tmp_path / "venue.db"))
    listed = bracket(killed, uid, "kept")
    again = World(Store(tmp_path / "venue.db"))
    assert again.venue.order_list(uid, client_id="kept") == listed
    assert again.venue.open_order_lists(uid) == (listed,)
    again.buy(again.uid_of("taker"), "3100", "0.02")
    assert statuses(again, uid, listed) == [("EXPIRED", "OCO_TRIGGER"), ("FILLED", "")]


def test_an_amended_leg_takes_the_other_with_it() -> None:
    world, uid = world_at_3000()
    listed = bracket(world, uid)
    heard = told(world, uid)
    world.venue.amend(uid, SYMBOL, d("0.01"), order_id=listed.orders[0].order_id)
    assert [o.quantity for o in world.venue.order_list(uid, listed.list_id).orders] == [d("0.01"), d("0.01")]
    assert world.balance(uid, "ETH")[1] == d("0.01")
    assert world.venue.depth(SYMBOL).asks == ((d("3100"), d("0.01")),)
    assert heard == [("REPLACED", "NEW"), ("UPDATED", "EXECUTING")]


def test_a_reset_ends_lists_too() -> None:
    world, uid = world_at_3000()
    bracket(world, uid)
    new = world.venue.reopen_account("stopper", {"USDC": d("1")}, d("0"), d("0")).uid
    assert world.venue.open_orders(uid) == ()
    assert world.venue.open_order_lists(uid) == ()
    assert world.venue.open_orders(new) == ()
    assert world.venue.depth(SYMBOL).asks == ()


def test_too_many_lists_are_refused() -> None:
    world, uid = world_at_3000()
    for number in range(5):
        bracket(world, uid, f"list-{number}")
    with pytest.raises(VenueError) as refusal:
        bracket(world, uid)
    assert str(refusal.value) == "-1013 Filter failure: MAX_NUM_ALGO_ORDERS"
