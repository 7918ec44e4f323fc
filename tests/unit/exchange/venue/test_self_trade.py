"""Self-trade prevention: the examples of Binance's STP FAQ, and what is kept of each prevented match."""

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.events import ExecutionReport, VenueEvent
from tests.unit.exchange.venue.world import SYMBOL, World, d


def world_with_bids() -> tuple[World, int, list[int]]:
    world = World()
    uid = world.account("self")
    bids = [
        world.buy(uid, price, size, self_trade="NONE").order_id
        for price, size in (("3000", "0.12"), ("2999", "0.13"), ("2998", "0.81"))
    ]
    return world, uid, bids


def test_none_lets_the_account_trade_with_itself() -> None:
    world, uid, bids = world_with_bids()
    taken = world.sell(uid, "3000", "0.12", self_trade="NONE")
    assert (taken.status, taken.executed) == ("FILLED", d("0.12"))
    assert world.venue.order(uid, SYMBOL, bids[0]).status == "FILLED"
    assert [trade.is_maker for trade in world.venue.my_trades(uid, SYMBOL)] == [False, True]


def test_expire_maker_ends_the_makers_and_the_taker_rests() -> None:
    world, uid, bids = world_with_bids()
    taker = world.sell(uid, "2998", "0.3", self_trade="EXPIRE_MAKER")
    assert (taker.status, taker.executed) == ("NEW", d("0"))
    assert [(p.maker_order_id, p.maker_quantity, p.taker_quantity) for p in taker.preventions] == [
        (bids[0], d("0.12"), None),
        (bids[1], d("0.13"), None),
        (bids[2], d("0.81"), None),
    ]
    for number, order_id in enumerate(bids):
        order = world.venue.order(uid, SYMBOL, order_id)
        assert (order.status, order.prevented_match) == ("EXPIRED_IN_MATCH", taker.preventions[number].match_id)
        assert order.prevented == order.quantity
    assert world.balance(uid, "USDC") == (d("100000"), d("0"))


def test_expire_taker_and_both() -> None:
    world, uid, bids = world_with_bids()
    taker = world.sell(uid, "2998", "0.3", self_trade="EXPIRE_TAKER")
    assert (taker.status, taker.prevented) == ("EXPIRED_IN_MATCH", d("0.3"))
    assert world.venue.order(uid, SYMBOL, bids[0]).status == "NEW"
    both = world.sell(uid, "2998", "0.3", self_trade="EXPIRE_BOTH")
    assert (both.status, both.prevented) == ("EXPIRED_IN_MATCH", d("0.3"))
    assert [world.venue.order(uid, SYMBOL, each).status for each in bids] == ["EXPIRED_IN_MATCH", "NEW", "NEW"]
    kept = world.venue.prevented_matches(uid, SYMBOL, order_id=bids[0])
    assert [(m.mode, m.taker_quantity, m.maker_quantity) for m in kept] == [
        ("EXPIRE_TAKER", d("0.3"), None),
        ("EXPIRE_BOTH", d("0.3"), d("0.12")),
    ]
    assert world.venue.prevented_matches(uid, SYMBOL, match_id=kept[1].match_id) == (kept[1],)
    assert world.balance(uid, "ETH") == (d("10"), d("0"))


def test_decrement_takes_the_match_from_both() -> None:
    world = World()
    uid = world.account("self")
    maker = world.buy(uid, "3000", "0.06", self_trade="NONE")
    heard: list[ExecutionReport] = []

    def listen(event: VenueEvent) -> None:
        if isinstance(event, ExecutionReport):
            heard.append(event)

    world.venue.subscribe(listen)
    taker = world.sell(uid, "3000", "0.02", self_trade="DECREMENT")
    assert (taker.status, taker.prevented) == ("EXPIRED_IN_MATCH", d("0.02"))
    left = world.venue.order(uid, SYMBOL, maker.order_id)
    assert (left.status, left.prevented, left.quantity) == ("NEW", d("0.02"), d("0.06"))
    assert world.balance(uid, "USDC")[1] == d("120")
    assert world.venue.depth(SYMBOL).bids == ((d("3000"), d("0.04")),)
    reports = [e for e in heard if e.execution == "TRADE_PREVENTION"]
    assert [(e.status, e.last_prevented, e.prevented, e.counter_order_id) for e in reports] == [
        ("NEW", d("0.02"), d("0.02"), taker.order_id),
        ("EXPIRED_IN_MATCH", d("0.02"), d("0.02"), maker.order_id),
    ]
    bigger = world.sell(uid, "3000", "0.05", self_trade="DECREMENT")
    assert (bigger.status, bigger.prevented) == ("NEW", d("0.04"))
    assert world.venue.depth(SYMBOL).bids == ()
    assert world.venue.depth(SYMBOL).asks == ((d("3000"), d("0.01")),)
    assert world.balance(uid, "ETH")[1] == d("0.01")


def test_a_market_order_expires_for_want_of_others() -> None:
    world = World()
    uid = world.account("self")
    world.buy(uid, "3000", "0.02")
    taker = world.venue.place(uid, world.order("SELL", None, "0.02", kind="MARKET", self_trade="EXPIRE_MAKER"))
    assert (taker.status, taker.expiry_reason) == ("EXPIRED", "INSUFFICIENT_LIQUIDITY")
    assert len(taker.preventions) == 1


def test_a_mode_the_symbol_does_not_allow_is_refused() -> None:
    world = World()
    uid = world.account("self")
    with pytest.raises(VenueError) as refusal:
        world.buy(uid, "3000", "0.02", self_trade="TRANSFER")
    assert str(refusal.value) == "-1013 This symbol does not allow the specified self-trade prevention mode."
