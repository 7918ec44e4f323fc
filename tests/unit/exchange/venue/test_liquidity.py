"""What MARKET, IOC and FOK orders say when the book has not enough for them."""

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.views import NewOrder, OrderView
from tests.unit.exchange.venue.world import SYMBOL, World, d


def by_quote(world: World, uid: int, side: str, amount: str) -> OrderView:
    return world.venue.place(uid, NewOrder(symbol=SYMBOL, side=side, type="MARKET", quote_quantity=d(amount)))


def test_market_by_quantity_on_an_empty_book_expires() -> None:
    world = World()
    order = world.market(world.account("taker"), "BUY", "0.01")
    assert (order.status, order.executed, order.expiry_reason) == ("EXPIRED", d("0"), "INSUFFICIENT_LIQUIDITY")


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_market_by_quote_on_an_empty_book_is_refused(side: str) -> None:
    world = World()
    uid = world.account("taker")
    with pytest.raises(VenueError) as refusal:
        by_quote(world, uid, side, "50")
    assert str(refusal.value) == "-2010 Order book liquidity is less than symbol minimum quantity."
    assert world.venue.all_orders(uid, SYMBOL) == ()


def test_market_by_quote_on_a_thin_book_takes_it_all_and_expires() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000", "0.01")
    order = by_quote(world, taker, "BUY", "60")
    assert (order.status, order.executed, order.quantity) == ("EXPIRED", d("0.01"), d("0.02"))
    assert (order.expiry_reason, order.quote_quantity, order.quote_executed) == (
        "INSUFFICIENT_LIQUIDITY",
        d("60"),
        d("30"),
    )
    assert world.venue.open_orders(taker) == ()
    world.sell(maker, "3000", "0.03")
    whole = by_quote(world, taker, "BUY", "60.1")
    assert (whole.status, whole.executed, whole.expiry_reason) == ("FILLED", d("0.02"), "")


@pytest.mark.parametrize(
    ("force", "reason", "executed"),
    [("IOC", "UNFILLED_IOC_QUANTITY_EXPIRED", "0.01"), ("FOK", "UNFILLED_FOK_ORDER_EXPIRED", "0")],
)
def test_limit_orders_that_do_not_wait_say_why_they_expired(force: str, reason: str, executed: str) -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000", "0.01")
    order = world.buy(taker, "3000", "0.02", force=force)
    assert (order.status, order.expiry_reason, order.executed) == ("EXPIRED", reason, d(executed))
