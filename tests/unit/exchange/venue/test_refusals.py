"""Filters, parameters and ids: Binance's codes and words, and a refusal changes nothing."""

from decimal import Decimal

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.views import NewOrder
from tests.unit.exchange.venue.world import SYMBOL, World, d

LIMIT = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": "0.01", "price": "3000"}
MARKET = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def new(base: dict[str, str], **changed: str | None) -> NewOrder:
    fields = {key: value for key, value in {**base, **changed}.items() if value is not None}
    amounts = {key: Decimal(fields.pop(key)) for key in ("quantity", "price", "quote_quantity") if key in fields}
    return NewOrder(**fields, **amounts)  # type: ignore[arg-type]  # names come from the table below


@pytest.mark.parametrize(
    ("order", "code", "words"),
    [
        (new(LIMIT, symbol="DOGEUSDC"), -1121, "Invalid symbol."),
        (new(LIMIT, side="HOLD"), -1117, "Invalid side."),
        (new(LIMIT, type="STOP"), -1116, "Invalid orderType."),
        (new(LIMIT, time_in_force="GTX"), -1115, "Invalid timeInForce."),
        (new(LIMIT, time_in_force=None), -1102, "'timeInForce'"),
        (new(LIMIT, price=None), -1102, "'price'"),
        (new(LIMIT, quantity=None), -1102, "'quantity'"),
        (new(LIMIT, type="LIMIT_MAKER"), -1106, "'timeInForce'"),
        (new(MARKET, price="3000"), -1106, "'price'"),
        (new(MARKET, quantity=None), -1102, "'quantity'"),
        (new(MARKET, quote_quantity="10"), -1106, "'quoteOrderQty'"),
        (new(LIMIT, quantity="0.010000001"), -1111, "'quantity' has too much precision"),
        (new(LIMIT, price="3000.000000001"), -1111, "'price' has too much precision"),
        (new(LIMIT, quantity="NaN"), -1100, "'quantity'"),
        (new(LIMIT, price="1e999999"), -1100, "'price'"),
        (new(LIMIT, client_id="has space"), -1100, "'newClientOrderId'"),
        (new(LIMIT, client_id="x" * 37), -1100, "'newClientOrderId'"),
        (new(LIMIT, price="3000.001"), -1013, "Filter failure: PRICE_FILTER"),
        (new(LIMIT, price="0"), -1013, "Filter failure: PRICE_FILTER"),
        (new(LIMIT, price="-1"), -1013, "Filter failure: PRICE_FILTER"),
        (new(LIMIT, price="1000000.01"), -1013, "Filter failure: PRICE_FILTER"),
        (new(LIMIT, quantity="0.00011"), -1013, "Filter failure: LOT_SIZE"),
        (new(LIMIT, quantity="0"), -1013, "Filter failure: LOT_SIZE"),
        (new(LIMIT, quantity="9000.0001"), -1013, "Filter failure: LOT_SIZE"),
        (new(MARKET, quantity="2000.0001"), -1013, "Filter failure: MARKET_LOT_SIZE"),
        (new(LIMIT, quantity="0.0016"), -1013, "Filter failure: NOTIONAL"),
        (new(LIMIT, quantity="3000.0001"), -1013, "Filter failure: NOTIONAL"),
        (new(MARKET, quantity="0.0016"), -1013, "Filter failure: NOTIONAL"),
        (new(LIMIT, price="15000.01"), -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        (new(LIMIT, price="599.99"), -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        (new(LIMIT, quantity="40"), -2010, "Account has insufficient balance for requested action."),
        (new(MARKET, quantity="40"), -2010, "Account has insufficient balance for requested action."),
        (new(LIMIT, self_trade="TRANSFER"), -1013, "self-trade prevention mode"),
    ],
)
def test_refused_with_binances_code_and_nothing_changes(order: NewOrder, code: int, words: str) -> None:
    world = World()
    maker, uid = world.account("maker", base="100"), world.account("taker")
    world.sell(maker, "3000.00", "50")
    world.market(uid, "BUY", "0.01")  # makes an average price of 3000
    before = (world.venue.accounts(), world.venue.all_orders(uid, SYMBOL), world.venue.depth(SYMBOL))
    for call in (world.venue.check, world.venue.place):
        with pytest.raises(VenueError) as refusal:
            call(uid, order)
        assert refusal.value.code == code
        assert words in refusal.value.message
    assert (world.venue.accounts(), world.venue.all_orders(uid, SYMBOL), world.venue.depth(SYMBOL)) == before


def test_at_the_edges_of_the_filters_orders_pass() -> None:
    world = World()
    maker, uid = world.account("maker", base="100"), world.account("taker")
    world.sell(maker, "3000.00", "50")
    world.market(uid, "BUY", "0.01")
    for price, size in (("3000.00", "0.0017"), ("15000.00", "0.0017"), ("600.00", "0.0084")):
        assert world.buy(uid, price, size).order_id


def test_200_open_orders_and_no_more() -> None:
    world = World()
    uid = world.account("one")
    orders = [world.buy(uid, "3000.00", "0.0020") for _ in range(200)]
    with pytest.raises(VenueError) as refusal:
        world.buy(uid, "3000.00", "0.0020")
    assert refusal.value.message == "Filter failure: MAX_NUM_ORDERS"
    world.venue.cancel(uid, SYMBOL, order_id=orders[0].order_id)
    assert world.buy(uid, "3000.00", "0.0020").status == "NEW"


def test_a_client_id_is_refused_only_while_an_order_with_it_is_open() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    first = world.sell(maker, "3000.00", "0.01", client_id="same")
    with pytest.raises(VenueError) as refusal:
        world.sell(maker, "3001.00", "0.01", client_id="same")
    assert (refusal.value.code, refusal.value.message) == (-2010, "Duplicate order sent.")
    assert world.sell(taker, "3005.00", "0.01", client_id="same").status == "NEW"  # another account's id
    world.market(taker, "BUY", "0.01")
    second = world.sell(maker, "3001.00", "0.01", client_id="same")
    assert second.order_id > first.order_id
    assert world.venue.order(maker, SYMBOL, orig_client_id="same").order_id == second.order_id
    assert world.venue.order(maker, SYMBOL, first.order_id).status == "FILLED"


def test_cancels_and_queries_of_orders_that_are_not_there() -> None:
    world = World()
    uid, other = world.account("one"), world.account("other")
    order = world.buy(uid, "3000.00", "0.01", client_id="mine")
    for number, name in ((order.order_id, None), (None, "mine"), (12345, None)):
        with pytest.raises(VenueError) as refusal:
            world.venue.cancel(other, SYMBOL, order_id=number, orig_client_id=name)
        assert (refusal.value.code, refusal.value.message) == (-2011, "Unknown order sent.")
        with pytest.raises(VenueError) as refusal:
            world.venue.order(other, SYMBOL, number, name)
        assert (refusal.value.code, refusal.value.message) == (-2013, "Order does not exist.")
    with pytest.raises(VenueError) as refusal:
        world.venue.cancel(uid, SYMBOL)
    assert refusal.value.code == -1102
    canceled = world.venue.cancel(uid, SYMBOL, orig_client_id="mine", new_client_id="bye")
    assert (canceled.status, canceled.client_id, canceled.orig_client_id) == ("CANCELED", "bye", "mine")
    assert world.venue.order(uid, SYMBOL, order.order_id).client_id == "mine"
    with pytest.raises(VenueError) as refusal:
        world.venue.cancel(uid, SYMBOL, orig_client_id="mine")
    assert refusal.value.code == -2011
    with pytest.raises(VenueError) as refusal:
        world.venue.cancel_all(uid, SYMBOL)
    assert refusal.value.code == -2011


def test_exchange_info_tells_the_filters_that_are_enforced() -> None:
    info = World().venue.exchange_info((SYMBOL,))
    (symbol,) = info["symbols"]
    filters = {row["filterType"]: row for row in symbol["filters"]}
    assert "LIMIT_MAKER" in symbol["orderTypes"]
    assert d(filters["PRICE_FILTER"]["tickSize"]) == d("0.01")
    assert d(filters["LOT_SIZE"]["stepSize"]) == d("0.0001")
    assert d(filters["NOTIONAL"]["minNotional"]) == 5
    assert d(filters["NOTIONAL"]["maxNotional"]) == 9_000_000
    assert filters["MAX_NUM_ORDERS"]["maxNumOrders"] == 200
    assert symbol["defaultSelfTradePreventionMode"] == "EXPIRE_MAKER"
