"""What every Exchange must do, case by case: over the venue in process, its server through ccxt and through the SDK."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Any

import pytest

from mm.domain.errors import AuthenticationRefused
from mm.domain.events import BalanceSeen, BookSeen, FillSeen, MarketTradeSeen, OrderSeen, StreamUp
from mm.domain.order import OrderReport, OrderStatus, OrderType, Side
from mm.exchange.venue.views import NewOrder
from mm.ports import Rejected
from tests.contract.bench import KEY, SYMBOL, Bench, intent, run, until, wall_ms
from tests.contract.venue_in_process import in_process
from tests.contract.venue_through_ccxt import Wired, adapter, wired
from tests.contract.venue_through_sdk import SdkBench, sdk_exchange, through_sdk

# The SDK gives aiohttp its close timeout in a form that aiohttp no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:parameter 'timeout' of type 'float':DeprecationWarning")

Benches = Callable[..., AbstractAsyncContextManager[Bench[Any]]]
BACKENDS: dict[str, Benches] = {"in process": in_process, "ccxt": wired, "sdk": through_sdk}


@pytest.fixture(params=list(BACKENDS))
def bench(request: pytest.FixtureRequest) -> Benches:
    """The only link between the cases and what they run over."""
    return BACKENDS[request.param]


def opened(answer: object) -> OrderReport:
    assert isinstance(answer, OrderReport), answer
    return answer


def test_01_place_rests_and_keeps_our_client_id(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            order = intent(price="2990.01", size="0.0123")
            report = opened(await w.exchange.place(order))
            assert (report.client_id, report.symbol, report.side, report.type, report.status) == (
                order.client_id,
                SYMBOL,
                Side.BUY,
                "LIMIT_MAKER",
                OrderStatus.OPEN,
            )
            assert (report.ticks, report.lots, report.executed_lots, report.fills) == (299001, 123, 0, ())
            (resting,) = await w.exchange.open_orders(SYMBOL)
            assert resting.client_id == order.client_id
            assert resting.exchange_id == report.exchange_id

    run(case())


def test_02_cancel_ends_the_order(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            order = intent()
            placed = opened(await w.exchange.place(order))
            canceled = opened(await w.exchange.cancel(order.client_id))
            assert (canceled.client_id, canceled.exchange_id) == (order.client_id, placed.exchange_id)
            assert canceled.status is OrderStatus.CANCELED
            assert await w.exchange.open_orders(SYMBOL) == ()

    run(case())


def test_03_partial_fill_then_cancel_keeps_what_was_filled(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            order = intent(price="3000.00", size="0.0100")
            opened(await w.exchange.place(order))
            w.rest("SELL", "3000.00", "0.0040")
            partly = await w.exchange.order(order.client_id)
            assert partly is not None
            assert (partly.status, partly.executed_lots, partly.quote_units) == (OrderStatus.OPEN, 40, 1_200_000_000)
            canceled = opened(await w.exchange.cancel(order.client_id))
            assert (canceled.status, canceled.executed_lots) == (OrderStatus.CANCELED, 40)
            (fill,) = await w.exchange.trades(SYMBOL, 0)
            assert (fill.lots, fill.ticks, fill.maker, fill.buy) == (40, 300000, True, True)

    run(case())


def test_04_a_post_only_order_that_would_match_is_refused(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            answer = await w.exchange.place(intent(price="3001.00"))
            assert isinstance(answer, Rejected)
            assert (answer.code, answer.reason) == (-2010, "would_match")
            assert await w.exchange.trades(SYMBOL, 0) == ()

    run(case())


@pytest.mark.parametrize(
    ("price", "size", "reason"),
    [
        ("2990.00", "0.0001", "filter_notional"),
        ("100.00", "1", "filter_percent_price_by_side"),
        ("2990.00", "9500", "filter_lot_size"),
    ],
)
def test_05_filters_refuse_by_name(bench: Benches, price: str, size: str, reason: str) -> None:
    async def case() -> None:
        async with bench(deposits={"USDC": "90000000"}) as w:
            w.rest("SELL", "3001.00", "0.01")  # a first trade gives the price filter its average
            opened(await w.exchange.place(intent(price="3001.00", size="0.0100", kind=OrderType.LIMIT)))
            answer = await w.exchange.place(intent(price=price, size=size))
            assert isinstance(answer, Rejected), answer
            assert (answer.code, answer.reason) == (-1013, reason)
            assert await w.exchange.open_orders(SYMBOL) == ()

    run(case())


def test_06_insufficient_balance_is_refused(bench: Benches) -> None:
    async def case() -> None:
        async with bench(deposits={"USDC": "20"}) as w:
            answer = await w.exchange.place(intent(size="0.0100"))
            assert isinstance(answer, Rejected)
            assert (answer.code, answer.reason) == (-2010, "insufficient_balance")

    run(case())


def test_07_cancel_of_an_unknown_order_is_refused_with_2011(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            answer = await w.exchange.cancel("mm-test01-none")
            assert isinstance(answer, Rejected)
            assert (answer.code, answer.reason) == (-2011, "unknown_order")

    run(case())


def test_08_order_is_found_by_client_id_and_by_exchange_id(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            order = intent()
            placed = opened(await w.exchange.place(order))
            by_client = await w.exchange.order(order.client_id)
            by_exchange = await w.exchange.order_by_exchange_id(placed.exchange_id)
            assert by_client is not None
            assert by_client == by_exchange
            assert by_client.exchange_id == placed.exchange_id
            assert await w.exchange.order("mm-test01-none") is None
            assert await w.exchange.order_by_exchange_id("999999") is None

    run(case())


def test_09_trades_from_an_id_rise_and_are_exact(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            order = intent(price="3000.07", size="0.0100")
            placed = opened(await w.exchange.place(order))
            for size in ("0.0021", "0.0032", "0.0047"):
                w.rest("SELL", "3000.07", size)
            first, second, third = await w.exchange.trades(SYMBOL, 0)
            assert first.trade_id < second.trade_id < third.trade_id
            assert [fill.lots for fill in (first, second, third)] == [21, 32, 47]
            assert {fill.exchange_id for fill in (first, second, third)} == {placed.exchange_id}
            assert {fill.client_id for fill in (first, second, third)} == {""}
            # 0.0021 × 3000.07 = 6.300147 USDC; fee 0.1 % of 0.0021 ETH = 0.0000021 ETH = 210 units
            assert (first.quote_units, first.fee_units, first.fee_asset) == (630_014_700, 210, "ETH")
            assert first.fee_quote_units == 210 * 300007 // 100
            assert await w.exchange.trades(SYMBOL, second.trade_id) == (second, third)
            assert await w.exchange.trades(SYMBOL, second.trade_id, 1) == (second,)
            assert await w.exchange.trades(SYMBOL, third.trade_id + 1) == ()

    run(case())


def test_10_balances_show_free_and_locked_and_both_assets_always(bench: Benches) -> None:
    async def case() -> None:
        async with bench(deposits={"USDC": "100"}) as w:
            opened(await w.exchange.place(intent(price="2990.00", size="0.0100")))
            account = await w.exchange.account()
            balances = {one.asset: (one.free_units, one.locked_units) for one in account.balances}
            assert balances == {"USDC": (7_010_000_000, 2_990_000_000), "ETH": (0, 0)}
            assert account.uid == str(w.own)
            assert account.can_trade

    run(case())


def test_11_streams_deliver_each_fill_once_with_our_client_id(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w, w.streaming():
            await until(lambda: bool(w.seen(StreamUp, stream="account")), "account stream up")
            order = intent(price="3000.00", size="0.0100")
            opened(await w.exchange.place(order))
            for size in ("0.0020", "0.0030", "0.0050"):
                w.rest("SELL", "3000.00", size)
            await until(
                lambda: any(e.report.status is OrderStatus.FILLED for e in w.seen(OrderSeen)), "order filled by stream"
            )
            streamed = [event.fill for event in w.seen(FillSeen)]
            assert [fill.lots for fill in streamed] == [20, 30, 50]
            assert {fill.client_id for fill in streamed} == {order.client_id}
            read = await w.exchange.trades(SYMBOL, 0)
            facts = [(f.trade_id, f.ticks, f.lots, f.quote_units, f.fee_units, f.fee_asset, f.maker) for f in streamed]
            assert facts == [
                (f.trade_id, f.ticks, f.lots, f.quote_units, f.fee_units, f.fee_asset, f.maker) for f in read
            ]
            executed = [e.report.executed_lots for e in w.seen(OrderSeen) if e.report.client_id == order.client_id]
            assert executed == [0, 20, 50, 100]

    run(case())


def test_12_a_fill_is_told_before_its_orders_new_state(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w, w.streaming():
            await until(lambda: bool(w.seen(StreamUp, stream="account")), "account stream up")
            order = intent(price="3000.00")
            opened(await w.exchange.place(order))
            w.rest("SELL", "3000.00", "0.0100")
            await until(lambda: len(w.seen(OrderSeen)) == 2, "both reports")
            kinds = [type(event) for event in w.events if isinstance(event, OrderSeen | FillSeen)]
            assert kinds == [OrderSeen, FillSeen, OrderSeen]

    run(case())


def test_13_streams_tell_a_cancel_under_the_orders_own_id(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w, w.streaming():
            await until(lambda: bool(w.seen(StreamUp, stream="account")), "account stream up")
            order = intent()
            opened(await w.exchange.place(order))
            opened(await w.exchange.cancel(order.client_id))
            await until(lambda: len(w.seen(OrderSeen)) == 2, "both reports")
            assert [(e.report.client_id, e.report.status) for e in w.seen(OrderSeen)] == [
                (order.client_id, OrderStatus.OPEN),
                (order.client_id, OrderStatus.CANCELED),
            ]

    run(case())


def test_14_streams_tell_balances(bench: Benches) -> None:
    async def case() -> None:
        async with bench(deposits={"USDC": "100"}) as w, w.streaming():
            await until(lambda: bool(w.seen(StreamUp, stream="account")), "account stream up")
            opened(await w.exchange.place(intent(price="2990.00", size="0.0100")))
            await until(
                lambda: bool(w.seen(BalanceSeen, asset="USDC", free_units=7_010_000_000, locked_units=2_990_000_000)),
                "locked balance",
            )

    run(case())


def test_15_book_and_trades_are_streamed_in_ticks_and_lots(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w, w.streaming():
            await until(lambda: bool(w.seen(BookSeen)), "first book")
            assert w.seen(BookSeen)[0].book.bids == ((299900, 10000),)
            assert w.seen(BookSeen)[0].book.asks == ((300100, 10000),)
            w.rest("BUY", "2999.50", "0.1234")
            await until(lambda: w.seen(BookSeen)[-1].book.bids[:1] == ((299950, 1234),), "the new best bid")
            assert w.seen(BookSeen)[-1].book.bids == ((299950, 1234), (299900, 10000))
            assert w.seen(BookSeen)[-1].exchange_ms > 0
            opened(await w.exchange.place(intent(Side.SELL, "2999.50", "0.0100", OrderType.LIMIT)))
            await until(lambda: bool(w.seen(MarketTradeSeen, ticks=299950, lots=100, buyer_is_maker=True)), "the trade")
            assert [type(event) for event in w.events].index(StreamUp) < [type(event) for event in w.events].index(
                BookSeen
            )

    run(case())


def test_16_a_taking_order_brings_its_fills_in_the_answer(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            report = opened(await w.exchange.place(intent(Side.SELL, "2999.00", "0.0100", OrderType.MARKET)))
            assert (report.status, report.executed_lots, report.quote_units) == (OrderStatus.FILLED, 100, 2_999_000_000)
            (fill,) = report.fills
            (read,) = await w.exchange.trades(SYMBOL, 0)
            assert (fill.trade_id, fill.lots, fill.quote_units, fill.fee_units, fill.maker) == (
                read.trade_id,
                read.lots,
                read.quote_units,
                read.fee_units,
                read.maker,
            )

    run(case())


def test_17_rules_fees_price_and_clock_are_read(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            rules = await w.exchange.instrument(SYMBOL)
            assert (rules.base, rules.quote, rules.tick_size, rules.lot_size) == (
                "ETH",
                "USDC",
                Decimal("0.01"),
                Decimal("0.0001"),
            )
            assert (rules.min_notional, rules.max_notional, rules.min_lots) == (Decimal(5), Decimal(9_000_000), 1)
            assert (rules.price_up, rules.price_down, rules.max_open_orders) == (Decimal(5), Decimal("0.2"), 200)
            fees = await w.exchange.fee_rates(SYMBOL)
            assert (fees.maker, fees.taker, fees.in_third_asset) == (Decimal("0.001"), Decimal("0.001"), False)
            opened(await w.exchange.place(intent(Side.SELL, "2999.00", "0.0100", OrderType.MARKET)))
            assert await w.exchange.last_price(SYMBOL) == Decimal(2999)
            drift, round_trip = await w.exchange.resync_clock()
            assert abs(drift) < 100
            assert round_trip >= 0
            assert abs(await w.exchange.server_time_ms() - wall_ms()) < 1000
            assert w.exchange.fence_seconds == 2 + 10 + 1

    run(case())


def test_18_the_same_client_id_while_open_is_not_believed_refused(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            order = intent()
            opened(await w.exchange.place(order))
            again = await w.exchange.place(order)
            assert not isinstance(again, Rejected | OrderReport)
            assert len(await w.exchange.open_orders(SYMBOL)) == 1

    run(case())


def test_19_a_wrong_key_is_told_as_refused_authentication(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            if not isinstance(w, Wired | SdkBench):
                pytest.skip("the venue in process has accounts, but no keys")
            connect: Any = adapter if isinstance(w, Wired) else sdk_exchange
            async with connect(w.server, secret="wrong" * 12) as stranger:
                with pytest.raises(AuthenticationRefused) as caught:
                    await stranger.account()
                assert KEY not in str(caught.value)
                answer = await stranger.place(intent())
                assert isinstance(answer, Rejected)
                assert answer.reason == "authentication"

    run(case())


def test_20_many_orders_at_once_keep_their_answers_apart(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            orders = [intent(price=f"{2900 + step}.00", size="0.0020") for step in range(20)]
            answers = await asyncio.gather(*(w.exchange.place(order) for order in orders))
            assert [opened(answer).client_id for answer in answers] == [order.client_id for order in orders]
            assert [opened(answer).ticks for answer in answers] == [order.ticks for order in orders]
            canceled = await asyncio.gather(*(w.exchange.cancel(order.client_id) for order in orders))
            assert {opened(answer).status for answer in canceled} == {OrderStatus.CANCELED}

    run(case())


def test_21_other_peoples_orders_show_but_under_their_own_ids(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            w.venue.place(
                w.own,
                NewOrder(
                    symbol=SYMBOL,
                    side="BUY",
                    type="LIMIT",
                    time_in_force="GTC",
                    quantity=Decimal("0.01"),
                    price=Decimal(2900),
                    client_id="by-hand",
                ),
            )
            assert [order.client_id for order in await w.exchange.open_orders(SYMBOL)] == ["by-hand"]

    run(case())


def test_22_all_orders_from_an_id_rise_page_by_page(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            kept, gone, filled = intent(price="2990.00"), intent(price="2991.00"), intent(price="3000.00")
            numbers = [int(opened(await w.exchange.place(order)).exchange_id) for order in (kept, gone, filled)]
            opened(await w.exchange.cancel(gone.client_id))
            w.rest("SELL", "3000.00", "0.0100")
            told = await w.exchange.orders(SYMBOL, 1)
            assert [int(order.exchange_id) for order in told] == numbers == sorted(numbers)
            assert [order.client_id for order in told] == [kept.client_id, gone.client_id, filled.client_id]
            assert [order.status for order in told] == [OrderStatus.OPEN, OrderStatus.CANCELED, OrderStatus.FILLED]
            assert [order.executed_lots for order in told] == [0, 0, 100]
            for order, meant in zip(told, (kept, gone, filled), strict=True):
                assert (order.side, order.ticks, order.lots) == (meant.side, meant.ticks, meant.lots)
                assert meant.decided_at // 1_000_000 <= order.created_ms <= order.updated_ms
                assert order == await w.exchange.order(order.client_id)
            assert await w.exchange.orders(SYMBOL, numbers[1]) == told[1:]
            assert await w.exchange.orders(SYMBOL, numbers[0], 2) == told[:2]
            assert await w.exchange.orders(SYMBOL, numbers[2] + 1) == ()

    run(case())


def test_23_a_client_id_is_taken_again_once_its_order_has_ended(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            order = intent()
            first = opened(await w.exchange.place(order))
            opened(await w.exchange.cancel(order.client_id))
            second = opened(await w.exchange.place(order))
            told = await w.exchange.orders(SYMBOL, 1)
            assert [(each.client_id, each.exchange_id) for each in told] == [
                (order.client_id, first.exchange_id),
                (order.client_id, second.exchange_id),
            ]

    run(case())


def test_23_the_keys_permissions_are_told(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            permissions = await w.exchange.key_permissions()
            if not isinstance(w, Wired):
                assert permissions is None
                pytest.skip("the venue in process has no keys, and the SDK for spot does not ask for permissions")
            assert permissions is not None
            assert permissions.spot_trading
            assert not permissions.withdrawals

    run(case())


def test_24_an_amended_order_keeps_its_place_and_is_told_under_its_own_id(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w, w.streaming():
            await until(lambda: bool(w.seen(StreamUp, stream="account")), "account stream up")
            order = intent(price="3000.00", size="0.0100")
            placed = opened(await w.exchange.place(order))
            w.rest("BUY", "3000.00", "0.0100")  # queues behind ours
            amended = await w.amend(order.client_id, "0.0060")
            assert (str(amended["orderId"]), Decimal(amended["qty"]), amended["status"]) == (
                placed.exchange_id,
                Decimal("0.006"),
                "NEW",
            )
            read = await w.exchange.order_by_exchange_id(placed.exchange_id)
            assert read is not None
            assert (read.lots, read.executed_lots, read.status) == (60, 0, OrderStatus.OPEN)
            w.rest("SELL", "3000.00", "0.0070")
            await until(
                lambda: any(e.report.status is OrderStatus.FILLED for e in w.seen(OrderSeen)), "filled before the other"
            )
            assert [(e.report.lots, e.report.executed_lots) for e in w.seen(OrderSeen)] == [(100, 0), (60, 0), (60, 60)]
            assert {e.report.client_id for e in w.seen(OrderSeen)} == {order.client_id}
            assert [e.fill.lots for e in w.seen(FillSeen)] == [60]

    run(case())


def test_25_an_order_is_replaced_by_another_under_an_id_of_its_own(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w, w.streaming():
            await until(lambda: bool(w.seen(StreamUp, stream="account")), "account stream up")
            old, new = intent(price="2990.00"), intent(price="2991.00", size="0.0200")
            opened(await w.exchange.place(old))
            await w.replace(old.client_id, new)
            before, after = await w.exchange.order(old.client_id), await w.exchange.order(new.client_id)
            assert before is not None
            assert after is not None
            assert (before.status, after.status) == (OrderStatus.CANCELED, OrderStatus.OPEN)
            assert (after.ticks, after.lots) == (299100, 200)
            await until(lambda: len(w.seen(OrderSeen)) == 3, "the old order's end and the new one")
            assert [(e.report.client_id, e.report.status) for e in w.seen(OrderSeen)] == [
                (old.client_id, OrderStatus.OPEN),
                (old.client_id, OrderStatus.CANCELED),
                (new.client_id, OrderStatus.OPEN),
            ]

    run(case())


def test_26_fees_are_taken_in_bnb_where_the_account_wants_that(bench: Benches) -> None:
    async def case() -> None:
        async with bench(deposits={"USDC": "1000", "BNB": "1"}) as w, w.streaming():
            await until(lambda: bool(w.seen(StreamUp, stream="account")), "account stream up")
            w.venue.burn_bnb(w.own, burns=True)
            assert (await w.exchange.fee_rates(SYMBOL)).in_third_asset
            opened(await w.exchange.place(intent(price="3000.00", size="0.0100")))
            w.rest("SELL", "3000.00", "0.0100")
            await until(lambda: bool(w.seen(FillSeen)), "the fill")
            (fill,) = await w.exchange.trades(SYMBOL, 0)
            # 30 USDC × 0.1 % × 0.75 = 0.0225 USDC; one BNB is worth 600 USDC: 0.0000375 BNB
            assert (fill.fee_units, fill.fee_asset) == (3_750, "BNB")
            streamed = w.seen(FillSeen)[0].fill
            assert (streamed.fee_units, streamed.fee_asset) == (fill.fee_units, fill.fee_asset)
            held = {one.asset: one.free_units for one in (await w.exchange.account()).balances}
            assert (held["BNB"], held["ETH"]) == (100_000_000 - 3_750, 1_000_000)

    run(case())


def test_27_exchange_ids_rise_and_a_client_id_is_free_again_when_its_order_has_ended(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            order = intent()
            first = opened(await w.exchange.place(order))
            opened(await w.exchange.cancel(order.client_id))
            second = opened(await w.exchange.place(order))
            assert int(second.exchange_id) > int(first.exchange_id)
            latest = await w.exchange.order(order.client_id)
            assert latest is not None
            assert (latest.exchange_id, latest.status) == (second.exchange_id, OrderStatus.OPEN)
            ended = await w.exchange.order_by_exchange_id(first.exchange_id)
            assert ended is not None
            assert ended.status is OrderStatus.CANCELED

    run(case())


def test_28_times_are_those_of_the_exchange(bench: Benches) -> None:
    async def case() -> None:
        async with bench() as w:
            began = wall_ms()
            order = intent(price="3000.00", size="0.0100")
            opened(await w.exchange.place(order))
            between = wall_ms()
            w.rest("SELL", "3000.00", "0.0100")
            read = await w.exchange.order(order.client_id)
            (fill,) = await w.exchange.trades(SYMBOL, 0)
            assert read is not None
            assert began <= read.created_ms <= between <= read.updated_ms <= wall_ms()
            assert fill.time_ms == read.updated_ms

    run(case())
