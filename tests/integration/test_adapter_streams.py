"""Streams that close, gap, fall silent or never answer: every gap is told, and every stream comes back."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from aiohttp import WSMsgType, web

from mm.clock.live import LiveClock
from mm.domain.events import (
    BookSeen,
    Event,
    FillSeen,
    HaltRequested,
    MarketTradeSeen,
    OrderSeen,
    StreamDown,
    StreamUp,
)
from mm.domain.order import OrderReport, OrderStatus
from mm.exchange.ccxt_adapter.exchange import CcxtExchange
from tests.contract.bench import SYMBOL, intent, run, until
from tests.contract.stub_exchange import (
    Asked,
    Stub,
    json,
    plain,
    pongs_until_closed,
    stubbed,
    subscribe_account,
)
from tests.contract.venue_through_ccxt import settings, wired

REPORT = {
    "e": "executionReport", "E": 1, "s": SYMBOL, "c": "mm-test01-9", "S": "BUY", "o": "LIMIT_MAKER", "f": "GTC",
    "q": "0.01000000", "p": "3000.00000000", "C": "", "x": "NEW", "X": "NEW", "r": "NONE", "i": 9, "l": "0.00000000",
    "z": "0.00000000", "L": "0.00000000", "n": "0", "N": None, "T": 5, "t": -1, "m": False, "Z": "0.00000000",
    "Y": "0.00000000",
}  # fmt: skip


class Seen(list[Event]):
    """Events as they came."""

    def ups(self, stream: str) -> int:
        return sum(1 for event in self if isinstance(event, StreamUp) and event.stream == stream)

    def downs(self, stream: str) -> list[str]:
        return [event.why for event in self if isinstance(event, StreamDown) and event.stream == stream]

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self if isinstance(event, kind)]


@contextlib.asynccontextmanager
async def streaming(exchange: CcxtExchange) -> AsyncIterator[Seen]:
    seen = Seen()
    task = asyncio.create_task(exchange.run(seen.append))
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()


async def calm_account(socket: web.WebSocketResponse, stub: Stub) -> None:
    await subscribe_account(socket)
    await pongs_until_closed(socket)


async def confirm(socket: web.WebSocketResponse, count: int = 2) -> None:
    """Confirms `count` market subscriptions."""
    while count:
        message = await socket.receive()
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
            continue
        await socket.send_json({"result": None, "id": orjson.loads(message.data)["id"]})
        count -= 1


def depth(first: int, last: int, size: str = "2.0") -> dict[str, Any]:
    return {
        "e": "depthUpdate", "E": 1000 + last, "s": SYMBOL, "U": first, "u": last, "b": [["2999.00", size]], "a": [],
    }  # fmt: skip


async def calm_market(socket: web.WebSocketResponse, stub: Stub) -> None:
    await confirm(socket)
    await pongs_until_closed(socket)


def test_trap_1_a_failed_subscription_is_dropped_and_made_again() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            tries = 0

            async def refuse_first(socket: web.WebSocketResponse, stub: Stub) -> None:
                nonlocal tries
                tries += 1
                if tries > 1:
                    await calm_account(socket, stub)
                    return
                asked = orjson.loads((await socket.receive()).data)
                error = {"code": -1000, "msg": "An unknown error occurred."}
                await socket.send_json({"id": asked["id"], "status": 400, "error": error})
                await pongs_until_closed(socket)

            stub.market, stub.account = calm_market, refuse_first
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("account") == 1, "account up at the second try")
                assert len(seen.downs("account")) == 1
                assert "-1000" in seen.downs("account")[0]

    run(case())


def test_trap_2_every_partial_fill_arrives_with_its_exact_fee() -> None:
    async def case() -> None:
        async with wired() as w, streaming(w.exchange) as seen:
            await until(lambda: seen.ups("account") == 1, "account up")
            order = intent(price="3000.00", size="0.0500")
            assert isinstance(await w.exchange.place(order), OrderReport)
            sizes = ["0.0019", "0.0023", "0.0029", "0.0031", "0.0037", "0.0041"]
            for size in sizes:
                w.rest("SELL", "3000.00", size)
            await until(lambda: len(seen.of(FillSeen)) == len(sizes), "all partial fills")
            fills = [event.fill for event in seen.of(FillSeen)]
            assert [fill.lots for fill in fills] == [19, 23, 29, 31, 37, 41]
            assert [fill.fee_units for fill in fills] == [fill.lots * 10 for fill in fills]
            assert all(fill.client_id == order.client_id for fill in fills)

    run(case())


def test_trap_3_stream_terminated_and_server_shutdown_reconnect() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            endings = [{"e": "eventStreamTerminated", "E": 1}, {"e": "serverShutdown", "E": 1}]

            async def account(socket: web.WebSocketResponse, stub: Stub) -> None:
                await subscribe_account(socket)
                if endings:
                    await socket.send_json({"subscriptionId": 0, "event": endings.pop(0)})
                await pongs_until_closed(socket)

            shutdowns = [{"e": "serverShutdown", "E": 1}]

            async def market(socket: web.WebSocketResponse, stub: Stub) -> None:
                await confirm(socket)
                if shutdowns:
                    await socket.send_json(shutdowns.pop())
                await pongs_until_closed(socket)

            stub.account, stub.market = account, market
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("account") == 3, "account up three times")
                await until(lambda: seen.downs("market") != [] and seen.ups("market") >= 1, "market down and up again")
                assert seen.downs("account") == [
                    "the exchange ended the subscription",
                    "the exchange is shutting this connection down",
                ]

    run(case())


def test_trap_4_a_dead_peer_is_noticed_by_missing_pongs() -> None:
    async def case() -> None:
        quick = settings(keep_alive=timedelta(milliseconds=100))
        async with stubbed(exchange_settings=quick) as (stub, exchange):
            deaf = True

            async def account(socket: web.WebSocketResponse, stub: Stub) -> None:
                nonlocal deaf
                await subscribe_account(socket)
                if deaf:
                    deaf = False
                    while (await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
                        pass  # pings are heard and never answered
                else:
                    await pongs_until_closed(socket)

            stub.market, stub.account = calm_market, account
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("account") == 2, "reconnected after missing pongs", 5)
                assert len(seen.downs("account")) == 1

    run(case())


def test_a_message_that_breaks_off_ends_the_connection_at_once_and_the_account_stream_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Long before a ping is missed. With a real keep-alive, that would be 15 s without events."""

    async def case() -> None:
        slow = settings(keep_alive=timedelta(seconds=60))
        async with stubbed(exchange_settings=slow) as (stub, exchange):
            told = 0

            async def account(socket: web.WebSocketResponse, stub: Stub) -> None:
                nonlocal told
                await subscribe_account(socket)
                told += 1
                if told == 1:
                    await socket.send_str('{"subscriptionId":0,"event":{"e":"execut')
                await pongs_until_closed(socket)

            stub.market, stub.account = calm_market, account
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("account") == 2, "reconnected after half a message", 5)
                assert len(seen.downs("account")) == 1

    run(case())
    assert not [record for record in caplog.records if record.name == "asyncio"]


def test_a_subscription_without_an_answer_leaves_no_failure_that_nobody_reads(caplog: pytest.LogCaptureFixture) -> None:
    async def case() -> None:
        quick = settings(keep_alive=timedelta(milliseconds=100))
        async with stubbed(exchange_settings=quick) as (stub, exchange):
            told = 0

            async def account(socket: web.WebSocketResponse, stub: Stub) -> None:
                nonlocal told
                told += 1
                if told > 1:
                    await subscribe_account(socket)
                    await pongs_until_closed(socket)
                while (await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
                    pass

            stub.market, stub.account = calm_market, account
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("account") == 1, "subscribed at the second try", 5)

    run(case())
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio"]


def test_trap_9_a_connection_keeps_no_growing_list_of_requests() -> None:
    async def case() -> None:
        async with wired() as w, streaming(w.exchange) as seen:
            await until(lambda: seen.ups("account") == 1 and seen.ups("market") == 1, "both streams up")
            clients = w.exchange._calls.client.clients
            before = {url: len(client.subscriptions) for url, client in clients.items()}
            for _ in range(20):
                order = intent()
                await w.exchange.place(order)
                await w.exchange.cancel(order.client_id)
            await until(lambda: len(seen.of(OrderSeen)) == 40, "all reports")
            assert {url: len(client.subscriptions) for url, client in clients.items()} == before
            assert not w.exchange._calls.client.orders, "ccxt's own cache of orders stays unused"

    run(case())


def test_trap_11_a_gap_drops_the_book_and_takes_a_new_snapshot() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            snapshots = iter([(100, "1.0"), (500, "7.0")])

            async def snapshot(asked: Asked) -> web.StreamResponse:
                last, size = next(snapshots)
                return json({"lastUpdateId": last, "bids": [["2999.00", size]], "asks": [["3001.00", "1.0"]]})

            gap = asyncio.Event()

            async def market(socket: web.WebSocketResponse, stub: Stub) -> None:
                await confirm(socket)
                await gap.wait()
                await socket.send_json(depth(101, 101))
                await socket.send_json(depth(105, 106, "9.0"))
                await confirm(socket, 1)
                await pongs_until_closed(socket)

            stub.answers["GET", "depth"] = snapshot
            stub.market, stub.account = market, calm_account
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("market") == 1, "market up")
                gap.set()
                await until(lambda: seen.ups("market") == 2, "market up again")
                assert seen.downs("market") == ["gap in the depth updates"]
                sizes = [event.book.bids[0][1] for event in seen.of(BookSeen)]
                assert 90000 not in sizes, "no book was shown with the update after the gap"
                assert sizes[-1] == 70000
                order = [type(event) for event in seen if isinstance(event, StreamDown | StreamUp | BookSeen)]
                assert order[order.index(StreamDown) + 1] is StreamUp

    run(case())


def test_trap_12_updates_of_one_order_are_not_collapsed_and_keep_the_orders_own_id() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):

            async def account(socket: web.WebSocketResponse, stub: Stub) -> None:
                await subscribe_account(socket)
                filled = {"x": "TRADE", "X": "PARTIALLY_FILLED", "L": "3000.00", "N": "ETH", "m": True}
                for trade, total in ((1, "0.0020"), (2, "0.0040"), (3, "0.0060")):
                    changes = {"t": trade, "l": "0.0020", "z": total, "n": "0.00000200", "Y": "6.0", "Z": "6.0"}
                    await socket.send_json({"subscriptionId": 0, "event": {**REPORT, **filled, **changes}})
                cancel = {"c": "web_cancel", "C": "mm-test01-9", "x": "CANCELED", "X": "CANCELED", "z": "0.0060"}
                await socket.send_json({"subscriptionId": 0, "event": {**REPORT, **cancel}})
                await pongs_until_closed(socket)

            stub.market, stub.account = calm_market, account
            async with streaming(exchange) as seen:
                await until(lambda: len(seen.of(OrderSeen)) == 4, "every update")
                assert [event.fill.trade_id for event in seen.of(FillSeen)] == [1, 2, 3]
                assert {event.report.client_id for event in seen.of(OrderSeen)} == {"mm-test01-9"}
                assert seen.of(OrderSeen)[-1].report.status is OrderStatus.CANCELED

    run(case())


def test_trap_13_after_a_reconnect_the_account_is_told_up_so_that_it_is_reconciled() -> None:
    async def case() -> None:
        async with wired() as w, streaming(w.exchange) as seen:
            await until(lambda: seen.ups("account") == 1, "account up")
            order = intent(price="3000.00")
            assert isinstance(await w.exchange.place(order), OrderReport)
            for socket in tuple(w.server._sockets):
                await socket.close("maintenance", 1001)
            w.rest("SELL", "3000.00", "0.0100")  # filled while nobody listens
            await until(lambda: seen.ups("account") == 2, "account up again")
            assert seen.downs("account") != []
            missed = await w.exchange.trades(SYMBOL, 0)
            assert [fill.lots for fill in missed] == [100]
            found = await w.exchange.order(order.client_id)
            assert found is not None
            assert found.status is OrderStatus.FILLED
            await until(lambda: seen.ups("market") == 2, "market up again")

    run(case())


def test_a_lost_connection_is_told_once_and_leaves_no_complaint_of_asyncio(caplog: pytest.LogCaptureFixture) -> None:
    async def case() -> None:
        async with wired() as w, streaming(w.exchange) as seen:
            await until(lambda: seen.ups("account") == 1, "account up")
            for socket in tuple(w.server._sockets):
                await socket.close("maintenance", 1001)
            await until(lambda: seen.ups("account") == 2, "account up again")
            gc.collect()

    run(case())
    gc.collect()
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


def test_trap_14_a_burst_is_taken_whole() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):

            async def market(socket: web.WebSocketResponse, stub: Stub) -> None:
                await confirm(socket)
                for number in range(2000):
                    trade = {"e": "trade", "E": 1, "s": SYMBOL, "t": number, "p": "3000.00", "q": "0.0100", "m": True}
                    await socket.send_str(orjson.dumps(trade).decode())
                await pongs_until_closed(socket)

            stub.market, stub.account = market, calm_account
            async with streaming(exchange) as seen:
                await until(lambda: len(seen.of(MarketTradeSeen)) == 2000, "every trade of the burst")
                assert [event.trade_id for event in seen.of(MarketTradeSeen)] == list(range(2000))

    run(case())


def test_a_silent_market_is_told_and_connected_again() -> None:
    async def case() -> None:
        quick = settings(silence_after=timedelta(milliseconds=300), keep_alive=timedelta(milliseconds=100))
        async with stubbed(exchange_settings=quick) as (stub, exchange):
            stub.market, stub.account = calm_market, calm_account  # pongs, but no data: a heartbeat is not data
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("market") == 2, "market up again")
                assert seen.downs("market")[0] == "no market data for 0.3 s"
                assert seen.downs("account") == []

    run(case())


def test_a_book_confirmed_by_data_is_shown_again_after_a_second() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):

            async def market(socket: web.WebSocketResponse, stub: Stub) -> None:
                await confirm(socket)
                for number in range(101, 2000):
                    await socket.send_json(depth(number, number, "1.0"))  # nothing changes at the top
                    await asyncio.sleep(0.05)

            stub.market, stub.account = market, calm_account
            async with streaming(exchange) as seen:
                await until(lambda: len(seen.of(BookSeen)) == 3, "the book shown three times")
                first, second, third = (event.mono for event in seen.of(BookSeen))
                assert second - first >= 1_000_000_000
                assert third - second < 1_500_000_000

    run(case())


def test_an_unreadable_event_ends_the_session_and_is_told() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            broken = [{**REPORT, "q": "0.00001"}]

            async def account(socket: web.WebSocketResponse, stub: Stub) -> None:
                await subscribe_account(socket)
                if broken:
                    await socket.send_json({"subscriptionId": 0, "event": broken.pop()})
                await pongs_until_closed(socket)

            stub.market, stub.account = calm_market, account
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("account") == 2, "account up again")
                assert len(seen.downs("account")) == 1
                assert seen.of(OrderSeen) == []

    run(case())


def test_an_unanswered_subscription_is_given_up() -> None:
    async def case() -> None:
        quick = settings(request_timeout=timedelta(milliseconds=200))
        async with stubbed(exchange_settings=quick) as (stub, exchange):
            silent = True

            async def account(socket: web.WebSocketResponse, stub: Stub) -> None:
                nonlocal silent
                if silent:
                    silent = False
                    await pongs_until_closed(socket)
                else:
                    await calm_account(socket, stub)

            stub.market, stub.account = calm_market, account
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("account") == 1, "account up at the second try")
                assert seen.downs("account") == ["no answer in time"]

    run(case())


def test_a_refused_key_is_a_halt_after_three_tries_and_no_more() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            tries = 0

            async def account(socket: web.WebSocketResponse, stub: Stub) -> None:
                nonlocal tries
                tries += 1
                asked = orjson.loads((await socket.receive()).data)
                error = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
                await socket.send_json({"id": asked["id"], "status": 401, "error": error})
                await pongs_until_closed(socket)

            stub.market, stub.account = calm_market, account
            async with streaming(exchange) as seen:
                await until(lambda: bool(seen.of(HaltRequested)), "halt requested")
                assert seen.of(HaltRequested)[0].cause == "authentication"
                assert tries == 3
                assert not exchange._calls.client.clients.get(stub_url(stub)), "no connection is kept"

    run(case())


def stub_url(stub: Stub) -> str:
    return f"ws://127.0.0.1:{stub.port}/ws-api/v3"


def test_a_geo_blocked_stream_is_a_halt() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.account = calm_account
            stub.answers["GET", "depth"] = plain(451)
            stub.market = calm_market
            async with streaming(exchange) as seen:
                await until(lambda: bool(seen.of(HaltRequested)), "halt requested")
                assert seen.of(HaltRequested)[0].cause == "geo_blocked"

    run(case())


def test_what_the_sink_raises_is_not_swallowed() -> None:
    async def case() -> None:
        async with wired() as w:

            def broken_sink(event: Event) -> None:
                raise RuntimeError("journal is full")

            task = asyncio.create_task(w.exchange.run(broken_sink))
            await asyncio.wait([task], timeout=15)
            assert task.done()
            error = task.exception()
            assert isinstance(error, ExceptionGroup)
            assert error.subgroup(RuntimeError) is not None

    run(case())


def test_a_refused_dial_is_told_at_once_and_tried_again() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.market = calm_market  # no account socket: the dial is answered with HTTP 503
            async with streaming(exchange) as seen:
                await until(lambda: bool(seen.downs("account")), "the failed dial", 5)
                assert "HTTP 503" in seen.downs("account")[0]
                stub.account = calm_account
                await until(lambda: seen.ups("account") == 1, "account up")

    run(case())


def test_the_fee_in_a_third_asset_is_valued_in_quote() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            commission = {
                "standardCommission": {"maker": "0.001", "taker": "0.001"},
                "discount": {"enabledForAccount": True, "enabledForSymbol": True, "discountAsset": "BNB"},
            }

            async def price(asked: Asked) -> web.StreamResponse:
                assert asked.parameters["symbol"] == "BNBUSDC"
                return json({"symbol": "BNBUSDC", "price": "600.00000000"})

            async def rates(asked: Asked) -> web.StreamResponse:
                return json(commission)

            async def account(socket: web.WebSocketResponse, stub: Stub) -> None:
                await subscribe_account(socket)
                now_ms = LiveClock().now() // 1_000_000
                paid = {"x": "TRADE", "X": "FILLED", "L": "3000.00", "l": "0.01", "z": "0.01", "Y": "30", "Z": "30"}
                fee = {"n": "0.00003750", "N": "BNB", "t": 1, "m": True, "T": now_ms}
                await socket.send_json({"subscriptionId": 0, "event": {**REPORT, **paid, **fee}})
                await pongs_until_closed(socket)

            stub.answers["GET", "account/commission"] = rates
            stub.answers["GET", "ticker/price"] = price
            stub.market, stub.account = calm_market, account
            assert (await exchange.fee_rates(SYMBOL)).in_third_asset
            async with streaming(exchange) as seen:
                await until(lambda: bool(seen.of(FillSeen)), "the fill")
                fill = seen.of(FillSeen)[0].fill
                assert (fill.fee_asset, fill.fee_units, fill.fee_quote_units) == ("BNB", 3750, 2_250_000)

    run(case())
