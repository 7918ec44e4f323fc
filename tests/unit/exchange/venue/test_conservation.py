"""Random sequences of everything an account can do: money, holds, priority and durable state stay right."""

import contextlib
import random
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mm.exchange.venue.book import OrderBook
from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.order import Order
from mm.exchange.venue.settlement import hold_units
from mm.exchange.venue.store import Store
from mm.exchange.venue.views import NewOrder, NewPair
from tests.unit.exchange.venue.world import SYMBOL, World, d

ASSETS = ("USDC", "ETH", "BNB")
MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", None)

side = st.sampled_from(["BUY", "SELL"])
price = st.integers(2990, 3010).map(str)
size = st.integers(20, 120).map(lambda lots: f"{Decimal(lots) / 10000:f}")
mode = st.sampled_from(MODES)
uid = st.integers(0, 2)
pick = st.integers(0, 40)

action = st.one_of(
    st.tuples(st.just("limit"), uid, side, price, size, st.sampled_from(["GTC", "GTC", "IOC", "FOK"]), mode),
    st.tuples(st.just("maker"), uid, side, price, size),
    st.tuples(st.just("iceberg"), uid, side, price, size, mode),
    st.tuples(st.just("market"), uid, side, size, mode),
    st.tuples(st.just("quote"), uid, side, st.integers(6, 400).map(str), mode),
    st.tuples(st.just("stop"), uid, side, st.sampled_from(["STOP_LOSS", "TAKE_PROFIT"]), price, size, mode),
    st.tuples(
        st.just("stop limit"), uid, side, st.sampled_from(["STOP_LOSS", "TAKE_PROFIT"]), price, price, size, mode
    ),
    st.tuples(st.just("pair"), uid, side, price, price, size, st.booleans()),
    st.tuples(st.just("cancel"), uid, pick),
    st.tuples(st.just("cancel all"), uid),
    st.tuples(st.just("replace"), uid, pick, side, price, size, st.booleans()),
    st.tuples(st.just("amend"), uid, pick, st.integers(1, 99)),
    st.tuples(st.just("burn"), uid, st.booleans()),
    st.tuples(st.just("others"), side, price, st.integers(1, 300)),
    st.tuples(st.just("restart")),
)


class Bench:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.world = World(Store(path))
        deposits = {"USDC": d("400"), "ETH": d("0.15"), "BNB": d("0.0001")}
        self.uids = [
            self.world.venue.open_account(deposits, d("0.001"), d("0.002"), f"key-{number}").uid for number in range(3)
        ]
        self.taken = {"USDC": 0, "ETH": 0}
        """What accounts gained from the anonymous market, in 1e-8 units."""
        # a last price, so that stops have something to be measured by
        self.others("SELL", "3000", 1)
        self.others("BUY", "3000", 1)

    def restart(self) -> None:
        before = self.picture()
        self.world.now += 1
        again = World(Store(self.path))
        again.now = self.world.now
        self.world = again
        assert self.picture() == before

    def picture(self) -> object:
        venue = self.world.venue
        return (
            venue.accounts(),
            [venue.all_orders(each, SYMBOL) for each in self.uids],
            [venue.all_order_lists(each) for each in self.uids],
            [
                [a for o in venue.all_orders(each, SYMBOL) for a in venue.amendments(each, SYMBOL, o.order_id)]
                for each in self.uids
            ],
            [venue.prevented_matches(each, SYMBOL) for each in self.uids],
            venue.account_trades(),
            [self.queues(buy=buy) for buy in (True, False)],
        )

    def others(self, side: str, price: str, lots: int) -> None:
        """The anonymous market takes down to a price; what it cannot take it does not leave behind."""
        matching, market = self.world.venue.matching, self.world.venue.market(SYMBOL)
        ticks = int(Decimal(price) * 100)
        if not matching.take_anonymous(market, lots, ticks, buy=side == "BUY"):
            matching.print_recorded(market, ticks, lots, buyer_is_maker=side == "SELL")
        self.world.venue.commit()

    def order(self, side: str, size: str, kind: str, self_trade: str | None = None, **fields: str) -> NewOrder:
        amounts = {name: d(text) for name, text in fields.items() if name != "force"}
        return NewOrder(
            symbol=SYMBOL,
            side=side,
            type=kind,
            quantity=d(size),
            time_in_force=fields.get("force"),
            self_trade=self_trade,
            **amounts,  # type: ignore[arg-type] # the names above are amounts all
        )

    def do(self, what: str, *given: object) -> None:
        if what == "restart":
            return self.restart()
        if what == "others":
            return self.others(*given)  # type: ignore[arg-type] # drawn to fit
        self.of_account(what, self.uids[int(str(given[0]))], *given[1:])
        return None

    def of_account(self, what: str, uid: int, *given: object) -> None:
        venue = self.world.venue
        words = [None if each is None else str(each) for each in given]
        if what == "limit":
            side, price, size, force, mode = words
            venue.place(uid, self.order(str(side), str(size), "LIMIT", mode, price=str(price), force=str(force)))
        elif what == "maker":
            venue.place(uid, self.order(str(words[0]), str(words[2]), "LIMIT_MAKER", price=str(words[1])))
        elif what == "iceberg":
            side, price, size, mode = words
            venue.place(
                uid, self.order(str(side), str(size), "LIMIT", mode, price=str(price), force="GTC", iceberg="0.0017")
            )
        elif what == "market":
            venue.place(uid, self.order(str(words[0]), str(words[1]), "MARKET", words[2]))
        elif what == "quote":
            order = NewOrder(
                symbol=SYMBOL, side=str(words[0]), type="MARKET", quote_quantity=d(str(words[1])), self_trade=words[2]
            )
            venue.place(uid, order)
        elif what == "stop":
            side, kind, stop, size, mode = words
            venue.place(uid, self.order(str(side), str(size), str(kind), mode, stop_price=str(stop)))
        elif what == "stop limit":
            side, kind, stop, price, size, mode = words
            order = self.order(
                str(side), str(size), f"{kind}_LIMIT", mode, stop_price=str(stop), price=str(price), force="GTC"
            )
            venue.place(uid, order)
        elif what == "pair":
            self.pair(uid, *words)
        elif what == "burn":
            venue.burn_bnb(uid, burns=bool(given[0]))
        elif what == "cancel all":
            venue.cancel_all(uid, SYMBOL)
        else:
            self.change(what, uid, *given)

    def pair(  # noqa: PLR0917 - as drawn
        self, uid: int, side: str | None, one: str | None, two: str | None, size: str | None, limited: object
    ) -> None:
        high, low = sorted((str(one), str(two)), reverse=True)
        kind, terms = ("STOP_LOSS_LIMIT", {"force": "GTC"}) if limited == "True" else ("STOP_LOSS", {})
        stop_at, rest_at = (high, low) if side == "BUY" else (low, high)
        if limited == "True":
            terms["price"] = stop_at
        stop = self.order(str(side), str(size), kind, stop_price=stop_at, **terms)
        rest = self.order(str(side), str(size), "LIMIT_MAKER", price=rest_at)
        above, below = (stop, rest) if side == "BUY" else (rest, stop)
        self.world.venue.place_pair(uid, NewPair(above=above, below=below))

    def change(self, what: str, uid: int, *given: object) -> None:
        venue = self.world.venue
        live = venue.open_orders(uid, SYMBOL)
        if not live:
            return
        order = live[int(str(given[0])) % len(live)]
        if what == "cancel":
            venue.cancel(uid, SYMBOL, order_id=order.order_id)
        elif what == "amend":
            smaller = (order.quantity * int(str(given[1])) / 100).quantize(d("0.0001"))
            venue.amend(uid, SYMBOL, smaller, order_id=order.order_id)
        elif what == "replace":
            new = self.order(str(given[1]), str(given[3]), "LIMIT", price=str(given[2]), force="GTC")
            venue.cancel_replace(uid, new, order_id=order.order_id, stop_on_failure=bool(given[4]))

    # --- what must hold ----------------------------------------------------------------------

    def check(self) -> None:
        self.check_money()
        self.check_holds()
        self.check_book()

    def check_money(self) -> None:
        """What accounts hold, fees and what the others got or gave add up to the deposits."""
        venue = self.world.venue
        total = dict.fromkeys(ASSETS, Decimal(0))
        for each in self.uids:
            for balance in venue.account(each).balances:
                assert balance.free >= 0, balance
                assert balance.locked >= 0, balance
                if balance.asset in total:
                    total[balance.asset] += balance.free + balance.locked
        for trade in venue.account_trades():
            total[trade.commission_asset] += trade.commission
            total["ETH"] -= trade.quantity if trade.is_buyer else -trade.quantity
            total["USDC"] += trade.quote if trade.is_buyer else -trade.quote
        assert total == {"USDC": d("1200"), "ETH": d("0.45"), "BNB": d("0.0003")}

    def check_holds(self) -> None:
        """Every open order holds what it needs; of a pair, one leg holds the larger need of both."""
        venue = self.world.venue
        rules = venue.rules(SYMBOL)
        for each in self.uids:
            account = venue._account(each)
            locked = dict.fromkeys(ASSETS, 0)
            pairs: dict[int, list[int]] = {}
            for order in account.open.values():
                asset, need = hold_units(order.ticks or order.stop_ticks, order.remaining, rules, buy=order.buy)
                locked[asset] += order.held
                if order.list_id < 0:
                    assert order.held == need
                else:
                    pairs.setdefault(order.list_id, []).append(need)
            for list_id, needed in pairs.items():
                legs = [order for order in account.open.values() if order.list_id == list_id]
                assert sum(order.held for order in legs) == max(needed)
            assert locked == {asset: account.balance(asset).locked for asset in ASSETS}

    def queues(self, *, buy: bool) -> list[tuple[int, list[tuple[int, int]]]]:
        book = self.world.venue.market(SYMBOL).book
        assert isinstance(book, OrderBook)
        levels = book.levels(100, buy=buy)
        return [
            (ticks, [(order.order_id, order.displayed) for order in book.orders_at(ticks, buy=buy)])
            for ticks, _ in levels
        ]

    def check_book(self) -> None:
        """No crossed book; shown sizes are those of the orders, older turns first; every working order is in it."""
        venue = self.world.venue
        book = venue.market(SYMBOL).book
        assert isinstance(book, OrderBook)
        bid, ask = book.best(buy=True), book.best(buy=False)
        assert bid is None or ask is None or bid < ask
        resting: set[int] = set()
        for buy in (True, False):
            for ticks, shown in book.levels(100, buy=buy):
                orders: list[Order] = book.orders_at(ticks, buy=buy)
                resting.update(order.order_id for order in orders)
                assert shown == sum(order.displayed for order in orders)
                assert all(0 < order.displayed <= order.remaining for order in orders)
                turns = [order.priority for order in orders]
                assert turns == sorted(turns)
        live = [order for each in self.uids for order in venue._account(each).open.values()]
        assert resting == {order.order_id for order in live if not order.is_waiting}
        assert set(venue.market(SYMBOL).stops.waiting) == {order.order_id for order in live if order.is_waiting}


def run(actions: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "venue.db")
        for what, *given in actions:
            bench.world.now += 11
            with contextlib.suppress(VenueError):  # a refusal changes nothing, which the checks see
                bench.do(str(what), *given)
            bench.check()
        bench.restart()


def drawn(rng: random.Random) -> tuple[object, ...]:
    """An action as `action` draws them, each kind as likely: hypothesis alone seldom gets far into a market."""

    def either(*choices: object) -> object:
        return rng.choice(choices)

    kind = str(
        either(
            *[
                "limit",
                "maker",
                "iceberg",
                "market",
                "quote",
                "stop",
                "limited",
                "pair",
                "cancel",
                "replace",
                "amend",
                "burn",
                "others",
                "restart",
            ]
        )
    )
    who, side, pick = rng.randrange(3), either("BUY", "SELL"), rng.randrange(40)
    price, other = str(rng.randint(2996, 3004)), str(rng.randint(2990, 3010))
    size, mode = f"{rng.randint(20, 120) / 10000:.4f}", either(*MODES)
    stop = either("STOP_LOSS", "TAKE_PROFIT")
    drawings: dict[str, tuple[object, ...]] = {
        "limit": ("limit", who, side, price, size, either("GTC", "GTC", "IOC", "FOK"), mode),
        "maker": ("maker", who, side, price, size),
        "iceberg": ("iceberg", who, side, price, size, mode),
        "market": ("market", who, side, size, mode),
        "quote": ("quote", who, side, str(rng.randint(6, 100)), mode),
        "stop": ("stop", who, side, stop, price, size, mode),
        "limited": ("stop limit", who, side, stop, price, other, size, mode),
        "pair": ("pair", who, side, price, other, size, either(True, False)),
        "cancel": ("cancel", who, pick),
        "replace": ("replace", who, pick, side, price, size, either(True, False)),
        "amend": ("amend", who, pick, rng.randint(40, 99)),
        "burn": ("burn", who, either(True, True, False)),
        "others": ("others", side, price, rng.randint(1, 300)),
        "restart": ("restart",),
    }
    return drawings[kind]


@pytest.mark.parametrize("seed", range(16))
def test_a_long_random_market_keeps_money_holds_priority_and_state(seed: int) -> None:
    rng = random.Random(seed)
    run([drawn(rng) for _ in range(100)])


@settings(max_examples=30, deadline=None)
@given(st.lists(action, min_size=5, max_size=45))
def test_money_holds_priority_and_state_stay_right_whatever_is_done(actions: list[tuple[object, ...]]) -> None:
    run(actions)
