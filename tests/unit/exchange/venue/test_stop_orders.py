"""Stops wait outside the book, hold their funds, and work once a trade reaches their price."""

from pathlib import Path

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.events import ExecutionReport, VenueEvent
from mm.exchange.venue.store import Store
from tests.unit.exchange.venue.world import SYMBOL, World, d


def traded_at(world: World, price: str, size: str = "0.01") -> None:
    """A trade between two others; the book is as before afterwards."""
    a, b = (world.uid_of(name) for name in ("other-a", "other-b"))
    world.sell(a, price, size)
    world.buy(b, price, size, force="IOC")


def world_at_3000(store: Store | None = None) -> tuple[World, int]:
    world = World(store)
    uid = world.account("stopper")
    traded_at(world, "3000.00")
    return world, uid


@pytest.mark.parametrize(
    ("side", "kind", "stop", "before", "after"),
    [
        ("SELL", "STOP_LOSS", "2990", "2990.01", "2990"),
        ("BUY", "STOP_LOSS", "3010", "3009.99", "3010"),
        ("SELL", "TAKE_PROFIT", "3010", "3009.99", "3010.01"),
        ("BUY", "TAKE_PROFIT", "2990", "2990.01", "2989"),
    ],
)
def test_a_stop_works_as_a_market_order_when_a_trade_reaches_its_price(
    side: str, kind: str, stop: str, before: str, after: str
) -> None:
    world, uid = world_at_3000()
    order = world.place(uid, side, "0.02", kind, stop=stop)
    assert (order.status, order.working_ms) == ("NEW", -1)
    held = world.balance(uid, "USDC" if side == "BUY" else "ETH")[1]
    assert held == (d(stop) * d("0.02") if side == "BUY" else d("0.02"))
    assert world.venue.depth(SYMBOL).bids == world.venue.depth(SYMBOL).asks == ()
    traded_at(world, before)
    assert world.venue.order(uid, SYMBOL, order.order_id).working_ms == -1
    maker = world.uid_of("maker")
    resting = "2980" if side == "SELL" else "3020"  # away from the trade that triggers
    (world.buy if side == "SELL" else world.sell)(maker, resting, "0.02")
    world.now += 7
    traded_at(world, after)
    done = world.venue.order(uid, SYMBOL, order.order_id)
    assert (done.status, done.executed, done.type) == ("FILLED", d("0.02"), kind)
    assert done.working_ms == world.now
    assert world.balance(uid, "USDC")[1] == world.balance(uid, "ETH")[1] == 0


@pytest.mark.parametrize(
    ("side", "kind", "stop"),
    [
        ("SELL", "STOP_LOSS", "3000"),
        ("SELL", "STOP_LOSS_LIMIT", "3000.01"),
        ("BUY", "STOP_LOSS", "3000"),
        ("BUY", "TAKE_PROFIT_LIMIT", "3000"),
        ("SELL", "TAKE_PROFIT", "2999.99"),
    ],
)
def test_a_stop_the_price_has_reached_already_is_refused(side: str, kind: str, stop: str) -> None:
    world, uid = world_at_3000()
    price = "3000" if kind.endswith("LIMIT") else None
    with pytest.raises(VenueError) as refusal:
        world.place(uid, side, "0.01", kind, price=price, stop=stop)
    assert (refusal.value.code, refusal.value.message) == (-2010, "Order would trigger immediately.")
    assert world.venue.open_orders(uid) == ()


def test_a_triggered_limit_goes_into_the_book_with_its_event() -> None:
    world, uid = world_at_3000()
    heard: list[ExecutionReport] = []

    def listen(event: VenueEvent) -> None:
        if isinstance(event, ExecutionReport) and event.uid == uid:
            heard.append(event)

    world.venue.subscribe(listen)
    order = world.place(uid, "SELL", "0.02", "STOP_LOSS_LIMIT", price="2995", stop="2990", force="GTC")
    traded_at(world, "2989")
    assert world.venue.depth(SYMBOL).asks == ((d("2995"), d("0.02")),)
    assert [(e.execution, e.status, e.is_on_book, e.working_ms >= 0) for e in heard] == [
        ("NEW", "NEW", False, False),
        ("NEW", "NEW", True, True),
    ]
    assert world.balance(uid, "ETH")[1] == d("0.02")
    world.venue.cancel(uid, SYMBOL, order_id=order.order_id)
    assert world.balance(uid, "ETH") == (d("10"), d("0"))


def test_one_stop_can_trigger_the_next_and_the_first_reached_goes_first() -> None:
    world, uid = world_at_3000()
    world.account("maker")
    second = world.place(uid, "SELL", "0.01", "STOP_LOSS", stop="2980")
    first = world.place(uid, "SELL", "0.01", "STOP_LOSS", stop="2990")
    untouched = world.place(uid, "SELL", "0.01", "STOP_LOSS", stop="2960")
    maker = world.uid_of("maker")
    for price in ("2975", "2970"):
        world.buy(maker, price, "0.01")
    traded_at(world, "2990")
    prices = {trade.order_id: trade.price for trade in world.venue.my_trades(uid, SYMBOL)}
    assert prices == {first.order_id: d("2975"), second.order_id: d("2970")}
    assert world.status(uid, untouched) == "NEW"


def test_a_buy_stop_without_the_money_when_triggered_expires_as_rejected() -> None:
    world = World()
    uid = world.account("poor", quote="31")
    traded_at(world, "3000")
    order = world.place(uid, "BUY", "0.01", "STOP_LOSS", stop="3010")
    world.sell(world.uid_of("maker"), "3200", "0.01")
    traded_at(world, "3010")
    done = world.venue.order(uid, SYMBOL, order.order_id)
    assert (done.status, done.expiry_reason, done.executed) == ("EXPIRED", "REJECTED", d("0"))
    assert world.balance(uid, "USDC") == (d("31"), d("0"))


def test_a_waiting_stop_survives_a_kill_and_works_afterwards(tmp_path: Path) -> None:
    killed, uid = world_at_3000(Store(tmp_path / "venue.db"))
    order = killed.place(uid, "SELL", "0.02", "STOP_LOSS", stop="2990")
    again = World(Store(tmp_path / "venue.db"))
    assert again.venue.open_orders(uid) == killed.venue.open_orders(uid)
    assert again.balance(uid, "ETH")[1] == d("0.02")
    again.buy(again.uid_of("maker"), "2980", "0.02")
    traded_at(again, "2990")
    assert again.status(uid, order) == "FILLED"


def test_too_many_waiting_stops_are_refused() -> None:
    world, uid = world_at_3000()
    for number in range(5):
        world.place(uid, "SELL", "0.01", "STOP_LOSS", stop=f"29{number}0")
    with pytest.raises(VenueError) as refusal:
        world.place(uid, "SELL", "0.01", "TAKE_PROFIT", stop="3100")
    assert str(refusal.value) == "-1013 Filter failure: MAX_NUM_ALGO_ORDERS"
    assert world.sell(uid, "3100", "0.01").status == "NEW"
