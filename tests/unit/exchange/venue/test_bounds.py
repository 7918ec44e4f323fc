"""Limits of what is kept, and corners in which something would be left behind."""

from decimal import Decimal
from pathlib import Path

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.store import Store
from mm.exchange.venue.symbol_rules import SymbolRules, default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder, NewPair
from tests.unit.exchange.venue.world import START_MS, SYMBOL, World, d


@pytest.mark.parametrize("amount", ["10000000000.1", "1e30", "1e999999", "NaN", "-1", "0.000000001"])
def test_a_deposit_that_cannot_be_kept_changes_nothing(tmp_path: Path, amount: str) -> None:
    world = World(Store(tmp_path / "venue.db"))
    uid = world.account("mine")
    before = world.venue.account(uid)
    with pytest.raises(ValueError, match=r"amount|deposit|finer"):
        world.venue.reopen_account("mine", {"USDC": d(amount)}, d("0.001"), d("0.001"))
    with pytest.raises(ValueError, match=r"amount|deposit|finer"):
        world.venue.open_account({"USDC": d(amount)}, d("0.001"), d("0.001"), "other")
    if amount != "-1":
        with pytest.raises(ValueError, match=r"amount|finer"):
            world.venue.deposit(uid, "USDC", d(amount))
    assert world.venue.accounts() == (before,)
    world.place(uid, "BUY", "0.01", price="2000")  # goes on as before, on disk too


def test_many_deposits_do_not_pass_the_bound() -> None:
    world = World()
    uid = world.account("mine", quote="9999999999")
    with pytest.raises(ValueError, match="amount"):
        world.venue.deposit(uid, "USDC", Decimal(2))


def test_a_write_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    uid = world.account("mine")
    order = NewOrder(
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT",
        quantity=d("0.01"),
        price=d("2000"),
        time_in_force="GTC",
        strategy_id=1 << 70,
    )
    with pytest.raises(OverflowError):
        world.venue.place(uid, order)
    world.venue._account(uid).open.popitem()[1].strategy_id = 1
    world.venue.commit()
    world.place(uid, "BUY", "0.01", price="2000")
    assert len(World(Store(tmp_path / "venue.db")).venue.all_orders(uid, SYMBOL)) == 2


def test_an_order_amended_to_an_id_used_before_is_found_by_it_after_a_kill(tmp_path: Path) -> None:
    world = World(Store(tmp_path / "venue.db"))
    uid = world.account("mine")
    old = world.venue.place(uid, world.order("BUY", "2000", "0.02", client_id="first"))
    world.venue.place(uid, world.order("BUY", "2000", "0.02", client_id="second"))
    world.venue.cancel(uid, SYMBOL, orig_client_id="second")
    world.venue.amend(uid, SYMBOL, d("0.01"), order_id=old.order_id, new_client_id="second")
    again = World(Store(tmp_path / "venue.db"))
    with pytest.raises(VenueError, match="Duplicate"):
        again.venue.place(uid, again.order("BUY", "2000", "0.02", client_id="second"))
    assert again.venue.cancel(uid, SYMBOL, orig_client_id="second").order_id == old.order_id


def test_an_own_order_that_merely_expires_is_no_part_of_what_a_quote_quantity_bought() -> None:
    world = World()
    uid, other = world.account("mine"), world.account("other")
    world.place(uid, "SELL", "0.1", price="2999")
    world.place(other, "SELL", "1", price="3000")
    buy = NewOrder(symbol=SYMBOL, side="BUY", type="MARKET", quote_quantity=d("300"), self_trade="EXPIRE_MAKER")
    done = world.venue.place(uid, buy)
    assert (done.status, done.quantity, done.executed) == ("FILLED", d("0.1"), d("0.1"))
    assert world.venue.open_orders(uid) == ()


def test_an_answer_tells_what_the_order_did_before_the_stops_it_set_off() -> None:
    world = World()
    maker, stopper, taker = (world.account(name) for name in ("maker", "stopper", "taker"))
    world.place(maker, "BUY", "0.1", price="3000")
    world.place(taker, "SELL", "0.01", price="3000")
    stop = NewOrder(symbol=SYMBOL, side="BUY", type="TAKE_PROFIT", quantity=d("0.05"), stop_price=d("2990"))
    world.venue.place(stopper, stop)
    world.place(maker, "BUY", "0.01", price="2990")
    # The sale trades down to 2990 and rests; the purchase it sets off then meets it.
    done = world.place(taker, "SELL", "0.11", price="2985")
    assert sum(fill.quantity for fill in done.fills) == done.executed == d("0.1")
    assert done.status == "PARTIALLY_FILLED"
    assert world.venue.order(taker, SYMBOL, done.order_id).status == "FILLED"


def _rules(**changes: object) -> dict[str, SymbolRules]:
    plain = default_symbols()[SYMBOL]
    names = ("symbol", "base", "quote", "tick_size", "lot_size")
    return {SYMBOL: SymbolRules(**{name: getattr(plain, name) for name in names}, **changes)}  # type: ignore[arg-type] # the fields' own types


def _pair(world: World) -> NewPair:
    rest = world.order("SELL", "3100", "0.01", "LIMIT_MAKER")
    stop = NewOrder(symbol=SYMBOL, side="SELL", type="STOP_LOSS", quantity=d("0.01"), stop_price=d("2900"))
    return NewPair(above=rest, below=stop)


def test_the_number_of_order_lists_is_limited_by_symbol() -> None:
    world = World()
    world.venue = Venue(_rules(max_order_lists=2), lambda: START_MS)
    uid = world.account("mine")
    first = world.venue.place_pair(uid, _pair(world))
    world.venue.place_pair(uid, _pair(world))
    with pytest.raises(VenueError, match="Filter failure: MAX_NUM_ORDER_LISTS") as refusal:
        world.venue.place_pair(uid, _pair(world))
    assert refusal.value.code == -1013
    world.venue.cancel_list(uid, SYMBOL, list_id=first.list_id)
    world.venue.place_pair(uid, _pair(world))  # those that are done do not count


def test_a_position_is_what_is_held_and_what_open_buys_would_bring() -> None:
    world = World()
    world.venue = Venue(_rules(max_position=d("10.05")), lambda: START_MS)
    uid = world.account("mine", base="10")
    world.place(uid, "BUY", "0.03", price="3000")
    world.place(uid, "SELL", "1", price="4000")  # locked is held as well
    with pytest.raises(VenueError, match="Filter failure: MAX_POSITION") as refusal:
        world.place(uid, "BUY", "0.0201", price="3000")
    assert refusal.value.code == -1013
    world.place(uid, "BUY", "0.02", price="3000")
    world.place(uid, "SELL", "0.5", price="4000")  # sales are not limited
