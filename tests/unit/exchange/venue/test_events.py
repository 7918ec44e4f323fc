"""What listeners hear: everything executionReport and outboundAccountPosition need, in order."""

from decimal import Decimal

from mm.exchange.venue.events import AccountPosition, ExecutionReport, VenueEvent
from mm.exchange.venue.intervals import INTERVALS
from mm.exchange.venue.views import BookTicker, PublicTrade
from tests.unit.exchange.venue.world import SYMBOL, World, d


def heard(world: World) -> list[VenueEvent]:
    events: list[VenueEvent] = []
    world.venue.subscribe(events.append)
    return events


def reports(events: list[VenueEvent], uid: int) -> list[ExecutionReport]:
    return [event for event in events if isinstance(event, ExecutionReport) and event.uid == uid]


def test_the_life_of_a_maker_order() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    events = heard(world)
    order = world.sell(maker, "3000.00", "0.02", client_id="mine")
    world.now += 5
    world.market(taker, "BUY", "0.005")
    world.now += 5
    world.venue.cancel(maker, SYMBOL, orig_client_id="mine", new_client_id="bye")
    new, traded, canceled = reports(events, maker)
    assert (new.execution, new.status, new.client_id, new.orig_client_id) == ("NEW", "NEW", "mine", "")
    assert (new.trade_id, new.is_on_book, new.created_ms, new.time_ms) == (-1, True, world.now - 10, world.now - 10)
    assert (traded.execution, traded.status, traded.client_id) == ("TRADE", "PARTIALLY_FILLED", "mine")
    assert (traded.last_price, traded.last_quantity, traded.last_quote) == (d("3000"), d("0.005"), d("15"))
    assert (traded.executed, traded.quote_executed) == (d("0.005"), d("15"))
    assert (traded.commission, traded.commission_asset, traded.is_maker) == (d("0.015"), "USDC", True)
    assert traded.is_on_book
    assert (traded.created_ms, traded.time_ms) == (world.now - 10, world.now - 5)
    assert traded.trade_id == world.venue.my_trades(maker, SYMBOL)[0].trade_id
    assert (canceled.execution, canceled.status) == ("CANCELED", "CANCELED")
    assert (canceled.client_id, canceled.orig_client_id, canceled.order_id) == ("bye", "mine", order.order_id)
    assert (canceled.executed, canceled.last_quantity, canceled.trade_id) == (d("0.005"), d("0"), -1)
    numbers = [event.execution_id for event in events if isinstance(event, ExecutionReport)]
    assert numbers == sorted(set(numbers))


def test_a_market_order_that_finds_too_little_ends_expired() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000.00", "0.005")
    events = heard(world)
    world.market(taker, "BUY", "0.01")
    said = [(report.execution, report.status, report.last_quantity) for report in reports(events, taker)]
    assert said == [("NEW", "NEW", d("0")), ("TRADE", "PARTIALLY_FILLED", d("0.005")), ("EXPIRED", "EXPIRED", d("0"))]


def test_a_position_follows_its_reports_and_holds_the_new_balances() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.sell(maker, "3000.00", "0.01")
    events = heard(world)
    world.market(taker, "BUY", "0.005")
    positions = [event for event in events if isinstance(event, AccountPosition)]
    assert {position.uid for position in positions} == {maker, taker}
    for position in positions:
        last_report = max(i for i, e in enumerate(events) if isinstance(e, ExecutionReport) and e.uid == position.uid)
        assert events.index(position) > last_report
        told = {balance.asset: (balance.free, balance.locked) for balance in position.balances}
        assert told == {asset: world.balance(position.uid, asset) for asset in ("USDC", "ETH")}


def test_public_trades_and_best_prices_are_told_to_all() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    events = heard(world)
    world.sell(maker, "3000.00", "0.01")
    world.sell(maker, "3001.00", "0.01")  # behind the best: no ticker
    world.market(taker, "BUY", "0.01")
    tickers = [(event.ask, event.ask_quantity) for event in events if isinstance(event, BookTicker)]
    assert tickers == [(d("3000"), d("0.01")), (d("3001"), d("0.01"))]
    (trade,) = [event for event in events if isinstance(event, PublicTrade)]
    assert (trade.price, trade.quantity, trade.buyer_is_maker) == (d("3000"), d("0.01"), False)


def test_a_listener_that_left_hears_nothing() -> None:
    world = World()
    uid = world.account("one")
    events: list[VenueEvent] = []
    leave = world.venue.subscribe(events.append)
    leave()
    leave()
    world.buy(uid, "3000.00", "0.01")
    assert events == []


def test_bars_ticker_and_average_price_come_from_the_trades() -> None:
    world = World()
    maker, taker = world.account("maker"), world.account("taker")
    world.now -= world.now % 60_000
    assert world.venue.average_price(SYMBOL) is None
    for price, size in (("3000.00", "0.01"), ("3003.00", "0.02"), ("2997.00", "0.03")):
        world.sell(maker, price, size)
        world.market(taker, "BUY", size)
        world.now += 40_000
    assert world.venue.average_price(SYMBOL) == (d("30") + d("60.06") + d("89.91")) / d("0.06")
    first, second, running = world.venue.klines(SYMBOL)
    assert (running.open, running.close, running.volume, running.trades) == (d("2997"), d("2997"), d("0"), 0)
    assert (first.open, first.high, first.low, first.close, first.trades) == (
        *map(d, ("3000", "3003", "3000", "3003")),
        2,
    )
    assert (second.open, second.volume, second.quote_volume, second.taker_volume) == tuple(
        map(d, ("2997", "0.03", "89.91", "0.03"))
    )
    five = world.venue.klines(SYMBOL, INTERVALS["5m"])[0]
    assert (five.high, five.low, five.volume) == (d("3003"), d("2997"), d("0.06"))
    day = world.venue.ticker_24h(SYMBOL)
    assert (day.open, day.last, day.trades, day.quote_volume) == (d("3000"), d("2997"), 3, d("179.97"))
    world.now += 301_000
    assert world.venue.average_price(SYMBOL) == Decimal(2997)  # no trade in five minutes: the last price
