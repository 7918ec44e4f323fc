"""Price-time matching and the order types."""

from decimal import Decimal

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.views import NewOrder
from tests.unit.exchange.venue.world import SYMBOL, World, d


def test_better_price_first_then_older_order() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    late = world.sell(maker, "3001.00", "0.01")
    first = world.sell(maker, "3000.00", "0.01")
    second = world.sell(maker, "3000.00", "0.01")
    taken = world.buy(taker, "3001.00", "0.025")
    assert [(fill.price, fill.quantity) for fill in taken.fills] == [
        (d("3000"), d("0.01")),
        (d("3000"), d("0.01")),
        (d("3001"), d("0.005")),
    ]
    assert [world.status(maker, order) for order in (first, second, late)] == ["FILLED", "FILLED", "PARTIALLY_FILLED"]
    assert [trade.order_id for trade in world.venue.my_trades(maker, SYMBOL)] == [
        first.order_id,
        second.order_id,
        late.order_id,
    ]


def test_rest_of_a_partly_filled_limit_order_waits_in_the_book() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000.00", "0.01")
    order = world.buy(taker, "3000.50", "0.03")
    assert (order.status, order.executed) == ("PARTIALLY_FILLED", d("0.01"))
    book = world.venue.depth(SYMBOL)
    assert (book.bids, book.asks) == (((d("3000.50"), d("0.02")),), ())


def test_ioc_takes_what_is_there_and_expires() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000.00", "0.01")
    order = world.buy(taker, "3000.00", "0.03", force="IOC")
    assert (order.status, order.executed) == ("EXPIRED", d("0.01"))
    assert world.balance(taker, "USDC") == (d("99970"), d("0"))
    assert world.venue.depth(SYMBOL).bids == ()


@pytest.mark.parametrize(("size", "status", "executed"), [("0.03", "EXPIRED", "0"), ("0.02", "FILLED", "0.02")])
def test_fok_is_all_or_nothing(size: str, status: str, executed: str) -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000.00", "0.01")
    world.sell(maker, "3000.01", "0.01")
    order = world.buy(taker, "3000.01", size, force="FOK")
    assert (order.status, order.executed) == (status, d(executed))
    assert world.balance(taker, "USDC")[1] == 0


@pytest.mark.parametrize("price", ["3000.00", "3000.01"])
def test_limit_maker_that_would_take_is_refused_and_leaves_nothing(price: str) -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000.00", "0.01")
    with pytest.raises(VenueError) as refusal:
        world.buy(taker, price, "0.01", kind="LIMIT_MAKER")
    assert (refusal.value.code, refusal.value.message) == (-2010, "Order would immediately match and take.")
    assert world.venue.all_orders(taker, SYMBOL) == ()
    assert world.balance(taker, "USDC") == (d("100000"), d("0"))
    assert world.buy(taker, "2999.99", "0.01", kind="LIMIT_MAKER").status == "NEW"


def test_market_orders_by_size_and_by_quote() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000.00", "0.01")
    world.sell(maker, "3100.00", "0.10")
    assert world.market(taker, "BUY", "0.02").quote_executed == d("61")
    by_quote = world.venue.place(
        taker, NewOrder(symbol=SYMBOL, side="BUY", type="MARKET", quote_quantity=Decimal("100"))
    )
    assert (by_quote.status, by_quote.executed, by_quote.quote_executed) == ("FILLED", d("0.0322"), d("99.82"))


def test_market_order_beyond_the_book_expires() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.buy(maker, "3000.00", "0.01")
    order = world.market(taker, "SELL", "0.02")
    assert (order.status, order.executed) == ("EXPIRED", d("0.01"))
    assert world.market(taker, "SELL", "0.02").status == "EXPIRED"


@pytest.mark.parametrize(
    ("mode", "maker_status", "taker_status"),
    [
        (None, "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_MAKER", "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_TAKER", "NEW", "EXPIRED_IN_MATCH"),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"),
    ],
)
def test_an_account_never_trades_with_itself(mode: str | None, maker_status: str, taker_status: str) -> None:
    world = World()
    uid = world.account("one")
    resting = world.sell(uid, "3000.00", "0.01")
    taker = world.venue.place(uid, world.order("BUY", "3000.00", "0.01", self_trade=mode))
    assert (world.status(uid, resting), taker.status) == (maker_status, taker_status)
    assert world.venue.my_trades(uid, SYMBOL) == ()


def test_amend_keeps_the_place_in_the_queue() -> None:
    world = World()
    first, second, taker = (world.account(key) for key in ("first", "second", "taker"))
    order = world.sell(first, "3000.00", "0.02")
    world.sell(second, "3000.00", "0.02")
    amended = world.venue.amend(first, SYMBOL, d("0.01"), order_id=order.order_id, new_client_id="smaller")
    assert (amended.quantity, amended.client_id) == (d("0.01"), "smaller")
    assert world.balance(first, "ETH") == (d("9.99"), d("0.01"))
    assert world.venue.depth(SYMBOL).asks == ((d("3000"), d("0.03")),)
    world.market(taker, "BUY", "0.01")
    assert world.status(first, order) == "FILLED"
    with pytest.raises(VenueError) as refusal:
        world.venue.amend(first, SYMBOL, d("0.005"), order_id=order.order_id)
    assert refusal.value.code == -2013


def test_depth_changes_rebuild_the_book_and_ids_have_no_gap() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    rebuilt: dict[bool, dict[Decimal, Decimal]] = {True: {}, False: {}}
    assert world.venue.drain_depth(SYMBOL) is None
    last = world.venue.depth(SYMBOL).last_update_id
    for turn in range(30):
        world.buy(maker, f"{2990 + turn % 7}.00", "0.01")
        sell = world.sell(maker, f"{3000 + turn % 5}.00", "0.02")
        if turn % 3 == 0:
            world.venue.cancel(maker, SYMBOL, order_id=sell.order_id)
        if turn % 4 == 0:
            world.market(taker, "BUY", "0.015")
        change = world.venue.drain_depth(SYMBOL)
        assert change is not None
        assert change.first_update_id == last + 1
        last = change.last_update_id
        for buy, levels in ((True, change.bids), (False, change.asks)):
            for price, size in levels:
                rebuilt[buy][price] = size
    assert world.venue.drain_depth(SYMBOL) is None
    book = world.venue.depth(SYMBOL, 1000)
    assert tuple(sorted(((p, s) for p, s in rebuilt[True].items() if s), reverse=True)) == book.bids
    assert tuple(sorted((p, s) for p, s in rebuilt[False].items() if s)) == book.asks
