"""Holds, fees and the conservation of every asset."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.events import AccountPosition, VenueEvent
from mm.exchange.venue.views import NewOrder
from tests.unit.exchange.venue.world import SYMBOL, World, d


def test_a_limit_order_holds_what_it_may_spend_and_a_cancel_frees_it() -> None:
    world = World()
    uid = world.account("one")
    bid = world.buy(uid, "2900.00", "0.02")
    ask = world.sell(uid, "3100.00", "0.03")
    assert world.balance(uid, "USDC") == (d("99942"), d("58"))
    assert world.balance(uid, "ETH") == (d("9.97"), d("0.03"))
    for order in (bid, ask):
        world.venue.cancel(uid, SYMBOL, order_id=order.order_id)
    assert world.balance(uid, "USDC") == (d("100000"), d("0"))
    assert world.balance(uid, "ETH") == (d("10"), d("0"))


def test_fees_are_taken_in_the_asset_received_and_a_better_price_frees_the_difference() -> None:
    world = World()
    seller, buyer = world.account("seller"), world.account("buyer")
    world.sell(seller, "3000.01", "0.0020")
    order = world.buy(buyer, "3010.00", "0.0020")
    (fill,) = order.fills
    assert (fill.commission, fill.commission_asset, fill.is_maker) == (d("0.00000200"), "ETH", False)
    assert world.balance(buyer, "USDC") == (d("100000") - d("6.00002"), d("0"))
    assert world.balance(buyer, "ETH") == (d("10.00199800"), d("0"))
    (sold,) = world.venue.my_trades(seller, SYMBOL)
    assert (sold.commission, sold.commission_asset, sold.is_maker) == (d("0.00600002"), "USDC", True)
    assert world.balance(seller, "USDC") == (d("100005.99401998"), d("0"))


Action = tuple[str, str, int, int, int, str | None]
ACTION = st.tuples(
    st.sampled_from(["BUY", "SELL"]),
    st.sampled_from(["GTC", "IOC", "FOK", "LIMIT_MAKER", "MARKET", "QUOTE", "CANCEL", "AMEND"]),
    st.integers(299_990, 300_010),
    st.integers(1, 400),
    st.integers(0, 2),
    st.sampled_from([None, "EXPIRE_TAKER", "EXPIRE_BOTH"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTION, max_size=60))
def test_no_asset_is_made_or_lost(actions: list[Action]) -> None:
    world = World()
    events: list[VenueEvent] = []
    world.venue.subscribe(events.append)
    uids = [world.account(f"key{n}", "2000", "0.5", Decimal("0.00075")) for n in range(3)]
    for action in actions:
        _act(world, uids, action)
        trades = world.venue.account_trades()
        for asset, deposited in (("USDC", d("6000")), ("ETH", d("1.5"))):
            balances = [world.balance(uid, asset) for uid in uids]
            assert all(free >= 0 and locked >= 0 for free, locked in balances)
            fees = sum((t.commission for t in trades if t.commission_asset == asset), d("0"))
            assert sum((free + locked for free, locked in balances), d("0")) + fees == deposited
        for uid in uids:
            _holds_equal_open_orders(world, uid)
    told = {(e.uid, b.asset): (b.free, b.locked) for e in events if isinstance(e, AccountPosition) for b in e.balances}
    assert all(world.balance(uid, asset) == amounts for (uid, asset), amounts in told.items())


def _act(world: World, uids: list[int], action: Action) -> None:
    side, kind, ticks, lots, who, mode = action
    uid = uids[who]
    price, size = Decimal(ticks) / 100, Decimal(lots) / 10000
    try:
        if kind in {"CANCEL", "AMEND"}:
            orders = world.venue.open_orders(uid)
            if orders and kind == "CANCEL":
                world.venue.cancel(uid, SYMBOL, order_id=orders[ticks % len(orders)].order_id)
            elif orders:
                world.venue.amend(uid, SYMBOL, size, order_id=orders[ticks % len(orders)].order_id)
        elif kind == "QUOTE":
            world.venue.place(uid, NewOrder(symbol=SYMBOL, side=side, type="MARKET", quote_quantity=size * 3000))
        elif kind in {"MARKET", "LIMIT_MAKER"}:
            world.venue.place(uid, world.order(side, None if kind == "MARKET" else str(price), str(size), kind))
        else:
            world.venue.place(uid, world.order(side, str(price), str(size), force=kind, self_trade=mode))
    except VenueError as refusal:
        assert refusal.code in {-1013, -2010, -2013, -2038}, refusal  # noqa: PT017 - others would be bugs


def _holds_equal_open_orders(world: World, uid: int) -> None:
    orders = world.venue.open_orders(uid)
    held_quote = sum(((o.quantity - o.executed) * o.price for o in orders if o.side == "BUY"), d("0"))
    held_base = sum((o.quantity - o.executed for o in orders if o.side == "SELL"), d("0"))
    assert (world.balance(uid, "USDC")[1], world.balance(uid, "ETH")[1]) == (held_quote, held_base)


def test_maker_and_taker_pay_their_own_rates_and_fractions_of_a_unit_are_dropped() -> None:
    world = World()
    deposits = {"USDC": d("1000"), "ETH": d("1")}
    uids = [world.venue.open_account(deposits, d("0.0002"), d("0.00075"), key).uid for key in ("maker", "taker")]
    world.sell(uids[0], "3000.01", "0.0017")
    world.market(uids[1], "BUY", "0.0017")
    (sold,), (bought,) = (world.venue.account_trades(uid) for uid in uids)
    assert (sold.commission, bought.commission) == (d("0.00102000"), d("0.00000127"))  # of 0.001020003 and 0.000001275
