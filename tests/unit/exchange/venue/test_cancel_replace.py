"""Cancel-replace: both halves, one of them, neither; always one durable change. And markets that are closed."""

from pathlib import Path

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.store import Store
from mm.exchange.venue.trading import CancelReplaced
from mm.exchange.venue.views import OrderView
from tests.unit.exchange.venue.world import SYMBOL, World, d


def results(done: CancelReplaced) -> tuple[str, str]:
    def word(half: OrderView | VenueError | None) -> str:
        return "-" if half is None else str(half) if isinstance(half, VenueError) else half.status

    return word(done.canceled), word(done.placed)


def test_both_halves_free_the_old_funds_for_the_new_order() -> None:
    world = World()
    uid = world.account("trader", quote="30")
    old = world.buy(uid, "3000", "0.01")
    new = world.order("BUY", "2990", "0.01")
    done = world.venue.cancel_replace(uid, new, order_id=old.order_id, stop_on_failure=True)
    assert results(done) == ("CANCELED", "NEW")
    assert world.balance(uid, "USDC") == (d("0.1"), d("29.9"))


@pytest.mark.parametrize(("stops", "second"), [(True, "-"), (False, "NEW")])
def test_a_cancel_that_fails_stops_the_new_order_or_not(stops: bool, second: str) -> None:
    world = World()
    uid = world.account("trader")
    done = world.venue.cancel_replace(
        uid, world.order("BUY", "2990", "0.01"), orig_client_id="nobody", stop_on_failure=stops
    )
    assert results(done) == ("-2011 Unknown order sent.", second)


@pytest.mark.parametrize("stops", [True, False])
def test_a_new_order_that_fails_leaves_the_old_one_canceled(stops: bool, tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    uid = world.account("trader", quote="30")
    old = world.buy(uid, "3000", "0.01")
    new = world.order("BUY", "2990", "0.02")
    done = world.venue.cancel_replace(uid, new, order_id=old.order_id, stop_on_failure=stops)
    assert results(done) == ("CANCELED", "-2010 Account has insufficient balance for requested action.")
    again = World(Store(tmp_path / "venue.db"))
    assert again.status(uid, old) == "CANCELED"


def test_filters_come_before_anything_is_canceled() -> None:
    world = World()
    uid = world.account("trader")
    old = world.buy(uid, "3000", "0.01")
    with pytest.raises(VenueError) as refusal:
        world.venue.cancel_replace(
            uid, world.order("BUY", "3000", "0.001"), order_id=old.order_id, stop_on_failure=True
        )
    assert str(refusal.value) == "-1013 Filter failure: NOTIONAL"
    assert world.status(uid, old) == "NEW"


@pytest.mark.parametrize(("restriction", "ok"), [("ONLY_NEW", True), ("ONLY_PARTIALLY_FILLED", False)])
def test_cancel_restrictions(restriction: str, ok: bool) -> None:
    world = World()
    uid = world.account("trader")
    old = world.buy(uid, "3000", "0.01")
    done = world.venue.cancel_replace(
        uid, world.order("BUY", "2990", "0.01"), order_id=old.order_id, restriction=restriction, stop_on_failure=True
    )
    words = ("CANCELED", "NEW") if ok else ("-2011 Order was not canceled due to cancel restrictions.", "-")
    assert results(done) == words


def test_a_closed_market_takes_no_orders_and_knows_it_after_a_kill(tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    uid = world.account("trader")
    old = world.buy(uid, "3000", "0.01")
    world.venue.set_status(SYMBOL, "HALT")
    again = World(Store(tmp_path / "venue.db"))
    (info,) = again.venue.exchange_info((SYMBOL,))["symbols"]
    assert info["status"] == "HALT"
    with pytest.raises(VenueError) as refusal:
        again.buy(uid, "3000", "0.01")
    assert str(refusal.value) == "-1013 Market is closed."
    with pytest.raises(VenueError) as refusal:
        again.venue.amend(uid, SYMBOL, d("0.005"), order_id=old.order_id)
    assert str(refusal.value) == "-1013 Market is closed."
    with pytest.raises(VenueError) as refusal:
        again.venue.cancel(uid, SYMBOL, order_id=old.order_id)
    assert str(refusal.value) == "-2011 Market is closed."
    again.venue.set_status(SYMBOL, "CANCEL_ONLY")
    with pytest.raises(VenueError):
        again.buy(uid, "3000", "0.01")
    assert again.venue.cancel(uid, SYMBOL, order_id=old.order_id).status == "CANCELED"
    again.venue.set_status(SYMBOL, "TRADING")
    assert again.buy(uid, "3000", "0.01").status == "NEW"
    with pytest.raises(ValueError, match="no symbol status"):
        again.venue.set_status(SYMBOL, "ASLEEP")


def test_amendments_are_counted_and_kept(tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    uid = world.account("trader")
    order = world.buy(uid, "3000", "0.03", client_id="name")
    for number in range(10):
        world.venue.amend(
            uid, SYMBOL, d("0.0299") - d("0.0001") * number, order_id=order.order_id, new_client_id="name"
        )
    with pytest.raises(VenueError) as refusal:
        world.venue.amend(uid, SYMBOL, d("0.02"), order_id=order.order_id)
    assert str(refusal.value) == "-2038 Filter failure: MAX_NUM_ORDER_AMENDS"
    with pytest.raises(VenueError) as refusal:
        world.venue.amend(uid, SYMBOL, d("0.03"), order_id=order.order_id)
    assert str(refusal.value) == "-2038 Order amend (quantity increase) is not supported."
    again = World(Store(tmp_path / "venue.db"))
    kept = again.venue.amendments(uid, SYMBOL, order.order_id)
    assert len(kept) == 10
    assert (kept[0].orig_quantity, kept[0].new_quantity) == (d("0.03"), d("0.0299"))
    assert again.venue.amendments(uid, SYMBOL, order.order_id, from_execution_id=kept[9].execution_id) == (kept[9],)
