"""What becomes of an order or a read when the exchange answers oddly, seldom or not at all."""

import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from mm.clock.live import LiveClock
from mm.domain.errors import AuthenticationRefused, ExchangeError, GeoBlocked, RateLimited
from mm.domain.order import OrderReport, OrderStatus
from mm.exchange.ccxt_adapter.connect import VenueEndpoint, build_exchange
from mm.ports import NotSent, Rejected, Unknown
from tests.contract.bench import KEY, SECRET, SYMBOL, intent, run
from tests.contract.stub_exchange import (
    Answer,
    Asked,
    dropped,
    hanging,
    json,
    order_body,
    placed,
    plain,
    refusal,
    stubbed,
    truncated,
)
from tests.contract.venue_through_ccxt import credentials, settings

POST = ("POST", "order")
DELETE = ("DELETE", "order")
QUICK = settings(request_timeout=timedelta(milliseconds=300))


async def id_less(asked: Asked) -> web.StreamResponse:
    return json({"code": 0, "msg": "ok"})


async def of_another(asked: Asked) -> web.StreamResponse:
    return json(order_body(asked.parameters, clientOrderId="x-someone-else"))


async def good_body_with_524(asked: Asked) -> web.StreamResponse:
    return json(order_body(asked.parameters), 524)


async def not_json(asked: Asked) -> web.StreamResponse:
    return web.Response(text="welcome", content_type="text/plain")


async def redirected(asked: Asked) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": "/api/v3/order"})


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(truncated, id="trap-7-truncated"),
        pytest.param(dropped, id="connection-dropped"),
        pytest.param(hanging, id="no-answer"),
        pytest.param(plain(524), id="trap-6-524"),
        pytest.param(good_body_with_524, id="trap-6-524-with-an-order"),
        pytest.param(plain(599), id="trap-6-599"),
        pytest.param(plain(413), id="trap-6-413"),
        pytest.param(id_less, id="trap-6-no-id"),
        pytest.param(of_another, id="another-orders-answer"),
        pytest.param(not_json, id="not-json"),
        pytest.param(redirected, id="redirect"),
        pytest.param(plain(500), id="500"),
        pytest.param(plain(502), id="502"),
        pytest.param(plain(504), id="504"),
        pytest.param(plain(403), id="403-firewall"),
        pytest.param(plain(404), id="404"),
        pytest.param(refusal(-1000, "unknown", 500), id="-1000"),
        pytest.param(refusal(-1001, "disconnected", 500), id="-1001"),
        pytest.param(refusal(-1006, "unexpected response", 500), id="-1006"),
        pytest.param(refusal(-1007, "timeout", 408), id="-1007"),
        pytest.param(refusal(-1008, "overloaded", 503), id="-1008"),
        pytest.param(refusal(-1016, "shutting down", 503), id="-1016"),
        pytest.param(refusal(-2010, "Account has insufficient balance", 502), id="5xx-with-a-refusal-code"),
        pytest.param(refusal(-2010, "Duplicate order sent."), id="duplicate-id"),
        pytest.param(refusal(-9876, "who knows"), id="unlisted-code"),
    ],
)
def test_an_order_without_a_reliable_answer_is_unknown_and_sent_once(answer: Answer) -> None:
    async def case() -> None:
        async with stubbed(exchange_settings=QUICK) as (stub, exchange):
            stub.answers[POST] = answer
            result = await exchange.place(intent())
            assert isinstance(result, Unknown), result
            assert result.why
            assert stub.count(*POST) == 1

    run(case())


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        (refusal(-2010, "Account has insufficient balance for requested action."), -2010, "insufficient_balance"),
        (refusal(-2010, "Order would immediately match and take."), -2010, "would_match"),
        (refusal(-1013, "Filter failure: PRICE_FILTER"), -1013, "filter_price_filter"),
        (refusal(-1021, "Timestamp for this request is outside of the recvWindow."), -1021, "clock"),
        (refusal(-1022, "Signature for this request is not valid.", 401), -1022, "authentication"),
        (refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401), -2015, "authentication"),
        (refusal(-1102, "Mandatory parameter 'x' was not sent"), -1102, "bad_request"),
        (refusal(-1015, "Too many new orders", 400), -1015, "too_many_orders"),
        (plain(429), -1003, "rate_limited"),
        (refusal(-1003, "Way too many requests; IP banned", 418), -1003, "rate_limited"),
        (plain(451), -451, "geo_blocked"),
    ],
)
def test_a_known_refusal_is_rejected_by_name(answer: Answer, code: int, reason: str) -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers[POST] = answer
            result = await exchange.place(intent())
            assert isinstance(result, Rejected), result
            assert (result.code, result.reason) == (code, reason)
            assert stub.count(*POST) == 1

    run(case())


def test_trap_5_an_unanswered_request_ends_in_time() -> None:
    async def case() -> None:
        async with stubbed(exchange_settings=QUICK) as (stub, exchange):
            exchange._calls.client.timeout = 600_000  # ccxt's own limit is not what ends it
            stub.answers[POST] = stub.answers[DELETE] = hanging
            assert isinstance(await exchange.place(intent()), Unknown)
            assert isinstance(await exchange.cancel("mm-test01-1"), Unknown)
            assert (stub.count(*POST), stub.count(*DELETE)) == (1, 1)

    run(case())


def test_trap_8_the_throttle_of_ccxt_does_not_slow_requests_down() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers[POST] = placed
            # A deep book weighs much: ccxt's default throttle would hold back what comes after it.
            await exchange._calls.client.public_get_depth({"symbol": SYMBOL, "limit": 5000})
            began = time.monotonic()
            await exchange.server_time_ms()
            assert isinstance(await exchange.place(intent()), OrderReport)
            assert time.monotonic() - began < 1.0, "ccxt's default waits two and a half seconds here"

    run(case())


def test_trap_15_price_and_size_are_sent_exactly_as_decided() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers[POST] = placed
            for price, size in (("2990.05", "0.0149"), ("2990.00", "1.0000"), ("0.01", "900.0001")):
                await exchange.place(intent(price=price, size=size))
                assert (stub.log[-1].parameters["price"], stub.log[-1].parameters["quantity"]) == (price, size)

    run(case())


def test_trap_16_a_delete_sent_twice_may_be_answered_2011() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            dropped_once: list[Asked] = []

            async def canceled_then_dropped(asked: Asked) -> web.StreamResponse:
                if not dropped_once:
                    dropped_once.append(asked)
                    return await dropped(asked)
                return json({"code": -2011, "msg": "Unknown order sent."}, 400)

            stub.answers[DELETE] = canceled_then_dropped
            result = await exchange.cancel("mm-test01-1")
            assert isinstance(result, Rejected)
            assert (result.code, result.reason) == (-2011, "unknown_order")
            assert stub.count(*DELETE) == 2, "aiohttp repeats a DELETE on a connection it kept"

    run(case())


def test_trap_17_the_client_id_is_ours_and_no_other_is_sent() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers[POST] = placed
            order = intent()
            report = await exchange.place(order)
            assert isinstance(report, OrderReport)
            sent = stub.log[-1].parameters
            assert sent["newClientOrderId"] == order.client_id
            assert (sent["type"], sent["newOrderRespType"], sent["recvWindow"]) == ("LIMIT_MAKER", "FULL", "2000")
            assert "timeInForce" not in sent
            assert set(sent) == {
                "symbol", "side", "type", "quantity", "price", "newClientOrderId", "newOrderRespType",
                "recvWindow", "timestamp", "signature",
            }  # fmt: skip

    run(case())


def test_nothing_was_sent_only_when_no_connection_was_made() -> None:
    async def case() -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            async with stubbed() as (_, wired_exchange):
                exchange = build_exchange(
                    "sim", credentials(), QUICK, SYMBOL, LiveClock(), VenueEndpoint("127.0.0.1", port)
                )
                try:
                    before = await exchange.place(intent())
                    assert isinstance(before, NotSent)
                    assert before.code == "instrument"
                    exchange._gateway._symbol.learn(await wired_exchange.instrument(SYMBOL))
                    result = await exchange.place(intent())
                    assert isinstance(result, NotSent), result
                    assert result.code == "connect"
                    assert isinstance(await exchange.cancel("mm-test01-1"), Unknown)
                    with pytest.raises(ExchangeError):
                        await exchange.server_time_ms()
                finally:
                    await exchange.close()

    run(case())


@pytest.mark.parametrize("status", [429, 418])
def test_no_request_leaves_inside_retry_after(status: int) -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers[POST] = plain(status, Retry_After="60")
            assert isinstance(await exchange.place(intent()), Rejected)
            sent = len(stub.log)
            for answer in (await exchange.place(intent()), await exchange.cancel("mm-test01-1")):
                assert isinstance(answer, NotSent)
                assert answer.code == "limiter"
            with pytest.raises(RateLimited) as caught:
                await exchange.account()
            assert 50 < caught.value.retry_after <= 60
            assert len(stub.log) == sent

    run(case())


def test_a_firewall_403_holds_orders_back_but_not_cancels() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers[POST] = plain(403)
            stub.answers[DELETE] = refusal(-2011, "Unknown order sent.")
            assert isinstance(await exchange.place(intent()), Unknown)
            assert isinstance(await exchange.place(intent()), NotSent)
            assert isinstance(await exchange.cancel("mm-test01-1"), Rejected)

    run(case())


def test_a_refused_key_is_tried_three_times_in_all() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers[POST] = placed
            assert isinstance(await exchange.place(intent()), OrderReport)  # -2015 after a success: ccxt says DDoS
            revoked = refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
            for path in (POST, DELETE, ("GET", "account")):
                stub.answers[path] = revoked
            assert isinstance(await exchange.place(intent()), Rejected)
            with pytest.raises(AuthenticationRefused):
                await exchange.account()
            assert isinstance(await exchange.cancel("mm-test01-1"), Rejected)
            sent = len(stub.log)
            for answer in (await exchange.place(intent()), await exchange.cancel("mm-test01-1")):
                assert isinstance(answer, NotSent)
                assert answer.code == "authentication"
            with pytest.raises(AuthenticationRefused):
                await exchange.account()
            assert len(stub.log) == sent

    run(case())


def test_a_refused_timestamp_measures_the_clock_again() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            ahead_ms = 5_000

            async def server_time(asked: Asked) -> web.StreamResponse:
                return json({"serverTime": LiveClock().now() // 1_000_000 + ahead_ms})

            async def account(asked: Asked) -> web.StreamResponse:
                late = LiveClock().now() // 1_000_000 + ahead_ms - int(asked.parameters["timestamp"])
                if late > 2000:
                    return json({"code": -1021, "msg": "outside of the recvWindow"}, 400)
                return json({"uid": 1, "canTrade": True, "balances": []})

            stub.answers["GET", "time"] = server_time
            stub.answers["GET", "account"] = account
            assert (await exchange.account()).uid == "1"
            assert stub.count("GET", "account") == 2
            drift, _ = await exchange.resync_clock()
            assert abs(drift - ahead_ms) < 100

    run(case())


def test_geo_blocked_is_said_plainly() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers["GET", "account"] = plain(451)
            with pytest.raises(GeoBlocked, match="does not serve this place"):
                await exchange.account()
            assert stub.count("GET", "account") == 1

    run(case())


@pytest.mark.parametrize(
    "failing", [plain(502), truncated, dropped, refusal(-1001, "disconnected", 500)], ids=["502", "cut", "drop", "1001"]
)
def test_a_read_is_repeated_a_little(failing: Answer) -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            tries: list[Asked] = []

            async def third_time_lucky(asked: Asked) -> web.StreamResponse:
                tries.append(asked)
                # A dropped GET is repeated once by aiohttp itself, so failures are counted by signature too.
                if len({one.parameters["signature"] for one in tries}) < 3:
                    return await failing(asked)
                return json({"uid": 9, "canTrade": True, "balances": []})

            stub.answers["GET", "account"] = third_time_lucky
            assert (await exchange.account()).uid == "9"
            stub.answers["GET", "account"] = plain(502)
            before = stub.count("GET", "account")
            with pytest.raises(ExchangeError):
                await exchange.account()
            assert stub.count("GET", "account") - before == 3

    run(case())


@pytest.mark.parametrize("broken", [[], {}, {"balances": 3}, "x", {"uid": 1, "canTrade": True, "balances": [{"a": 1}]}])
def test_an_unreadable_read_is_an_error_of_the_exchange(broken: Any) -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):

            async def answer(asked: Asked) -> web.StreamResponse:
                return json(broken)

            stub.answers["GET", "account"] = stub.answers["GET", "order"] = answer
            with pytest.raises(ExchangeError):
                await exchange.account()
            with pytest.raises(ExchangeError):
                await exchange.order("mm-test01-1")

    run(case())


def test_no_secret_in_any_failure() -> None:
    """The exchange echoes the signed request, key and secret in every shape; nothing of it comes through."""

    async def case() -> None:
        async with stubbed(exchange_settings=QUICK) as (stub, exchange):

            async def echo(asked: Asked) -> web.StreamResponse:
                shapes = f"{KEY} {SECRET} {SECRET.encode().hex()} {asked.raw.url} {asked.parameters}"
                return json({"code": -2010, "msg": shapes}, 400)

            async def check(text: str) -> None:
                assert text
                for canary in (KEY, SECRET, SECRET.encode().hex(), "signature=", stub.log[-1].parameters["signature"]):
                    assert canary not in text

            for answer in (echo, truncated, dropped, hanging, plain(524), plain(400)):
                stub.answers[POST] = stub.answers[DELETE] = stub.answers["GET", "order"] = answer
                for result in (await exchange.place(intent()), await exchange.cancel("mm-test01-1")):
                    assert isinstance(result, Rejected | Unknown)
                    await check(repr(result))
                with pytest.raises(ExchangeError) as caught:
                    await exchange.order("mm-test01-1")
                await check(repr(caught.value) + str(caught.value))
                assert caught.value.__cause__ is None
                assert caught.value.__context__ is None
            assert KEY not in repr(exchange)

    run(case())


def test_a_proper_answer_is_open() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers[POST] = placed
            report = await exchange.place(intent())
            assert isinstance(report, OrderReport)
            assert report.status is OrderStatus.OPEN

    run(case())


def test_key_permissions_are_none_where_not_offered() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers["GET", "account/apiRestrictions"] = plain(404)
            assert await exchange.key_permissions() is None

    run(case())


def test_a_page_of_all_orders_is_asked_for_and_paid_for() -> None:
    async def case() -> None:
        clock = LiveClock()
        async with stubbed(clock=clock) as (stub, exchange):

            async def page(asked: Asked) -> web.StreamResponse:
                told = {"symbol": SYMBOL, "price": "2990.00", "quantity": "0.0100", "newClientOrderId": "a"}
                return json([order_body(told, orderId=number, time=5, updateTime=6) for number in (9, 8, 7)])

            stub.answers["GET", "allOrders"] = page
            weights = exchange._calls.client.mm_limiter._weights
            before = weights.used(clock.monotonic())
            orders = await exchange.orders(SYMBOL, 8)
            assert weights.used(clock.monotonic()) - before == 20
            asked = stub.log[-1].parameters
            assert (asked["symbol"], asked["orderId"], asked["limit"]) == (SYMBOL, "8", "1000")
            assert [order.exchange_id for order in orders] == ["8", "9"]
            assert {order.created_ms for order in orders} == {5}

    run(case())


def test_a_list_of_orders_that_cannot_be_read_is_an_error() -> None:
    async def case() -> None:
        async with stubbed() as (stub, exchange):
            stub.answers["GET", "allOrders"] = id_less
            with pytest.raises(ExchangeError, match="all orders: the answer is not what the API documents"):
                await exchange.orders(SYMBOL, 1)

    run(case())
