"""How much may be asked: weights by address, bans that grow, connections, raw requests; the life of a connection."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.limits import REFUSED_UNTIL_BAN, ConnectionLimit, OrderLimit, WeightLimit
from mm.exchange.venue_server.server import ServerOptions
from mm.exchange.venue_server.socket import SocketRules
from tests.integration.venue_clients import ORDER, SYMBOL, bench, run, signature, wall_ms

DEPTH = f"symbol={SYMBOL}&limit=500"


def test_who_goes_on_after_429_is_banned_and_each_ban_is_longer() -> None:
    async def scene() -> None:
        now = wall_ms() // 60_000 * 60_000 + 1_000
        options = ServerOptions(weight_per_minute=30, now_ms=lambda: now, self_driven=False)
        async with bench(options=options) as b:
            api = await b.session.ws_connect(f"ws://{b.host}/ws-api/v3")
            await b.call("GET", "/api/v3/depth", DEPTH)
            for _ in range(REFUSED_UNTIL_BAN):
                status, _, _ = await b.call("GET", "/api/v3/depth", DEPTH)
                assert status == 429
            for ban_ms in (120_000, 240_000, 480_000):
                status, answer, headers = await b.call("GET", "/api/v3/depth", DEPTH)
                assert (status, answer["code"], headers["Retry-After"]) == (418, -1003, str(ban_ms // 1000))
                assert answer["msg"] == (
                    f"Way too much request weight used; IP banned until {now + ban_ms}. "
                    "Please use WebSocket Streams for live updates to avoid bans."
                )
                status, _, _ = await b.call("GET", "/api/v3/ping")
                assert status == 418, "whatever is asked"
                if ban_ms == 120_000:
                    await api.send_str(json.dumps({"id": 1, "method": "ping"}))
                    told = json.loads(await asyncio.wait_for(api.receive_str(), 10))
                    assert (told["status"], told["error"]["code"]) == (418, -1003)
                    assert told["error"]["data"] == {"serverTime": now, "retryAfter": now + ban_ms}
                    assert (await api.receive(10)).type == aiohttp.WSMsgType.CLOSE, "and the connection ends"
                for path in ("/ws-api/v3", "/ws/ethusdc@trade"):
                    assert (await b.upgrade(path))[0] == 418
                now += ban_ms
                status, _, _ = await b.call("GET", "/api/v3/ping")
                assert status == 200, "the ban is over"
                await b.call("GET", "/api/v3/depth", DEPTH)
                for _ in range(REFUSED_UNTIL_BAN):
                    await b.call("GET", "/api/v3/depth", DEPTH)

    run(scene())


def test_bans_end_at_three_days_and_are_forgotten() -> None:
    limit, now = WeightLimit(most=10), 0
    lengths = []
    for _ in range(14):
        for _ in range(REFUSED_UNTIL_BAN):
            with pytest.raises(ApiError):
                limit.charge("a", 20, now)
        with pytest.raises(ApiError) as banned:
            limit.charge("a", 20, now)
        assert banned.value.status == 418
        lengths.append(banned.value.retry_after)
        now += banned.value.retry_after * 1000
    assert lengths[:3] == [120, 240, 480]
    assert lengths[-1] == 3 * 86_400
    now += 3 * 86_400_000 + 1
    for _ in range(REFUSED_UNTIL_BAN + 1):
        with pytest.raises(ApiError) as banned:
            limit.charge("a", 20, now)
    assert banned.value.retry_after == 120


def test_who_waits_after_429_is_not_banned() -> None:
    limit = WeightLimit(most=10)
    for minute in range(50):
        limit.charge("a", 10, minute * 60_000)
        with pytest.raises(ApiError) as refused:
            limit.charge("a", 1, minute * 60_000 + 1)
        assert (refused.value.status, refused.value.retry_after) == (429, 60)


def test_raw_requests_are_limited_even_when_they_weigh_nothing() -> None:
    limit = WeightLimit(most=10, most_requests=5)
    for _ in range(5):
        limit.charge("a", 0, 1)
    with pytest.raises(ApiError) as refused:
        limit.charge("a", 0, 1)
    assert (refused.value.code, refused.value.status, refused.value.retry_after) == (-1003, 429, 300)
    limit.charge("b", 0, 1)
    limit.charge("a", 0, 300_000)


def test_each_address_has_its_own_weight() -> None:
    async def scene() -> None:
        async with bench(options=ServerOptions(weight_per_minute=30)) as b:
            assert (await b.call("GET", "/api/v3/depth", DEPTH))[0] == 200
            assert (await b.call("GET", "/api/v3/depth", DEPTH))[0] == 429
            connector = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
            url = f"http://{b.host}/api/v3/depth?{DEPTH}"
            async with aiohttp.ClientSession(connector=connector) as other, other.get(url) as answer:
                assert (answer.status, answer.headers["X-MBX-USED-WEIGHT-1M"]) == (200, "25")

    run(scene())


def test_a_refused_order_is_charged_a_good_one_is_not() -> None:
    async def scene() -> None:
        async with bench() as b:
            for change, weight in (({}, "0"), ({"quantity": "100"}, "1"), ({"price": "1.001"}, "2"), ({}, "2")):
                _, _, headers = await b.place(**change)
                assert headers["X-MBX-USED-WEIGHT-1M"] == weight
            _, _, headers = await b.signed("DELETE", "/api/v3/openOrders", symbol=SYMBOL)
            assert headers["X-MBX-USED-WEIGHT-1M"] == "2"
            text = "timestamp=1"
            _, _, headers = await b.call("GET", "/api/v3/account", f"{text}&signature={signature(text)}", key="K" * 64)
            assert headers["X-MBX-USED-WEIGHT-1M"] == "22"
            limits = (await b.call("GET", "/api/v3/exchangeInfo", f"symbol={SYMBOL}"))[1]["rateLimits"]
            assert {
                (each["rateLimitType"], each["interval"], each["intervalNum"]): each["limit"] for each in limits
            } == {
                ("REQUEST_WEIGHT", "MINUTE", 1): 6000,
                ("ORDERS", "SECOND", 10): 100,
                ("ORDERS", "DAY", 1): 200_000,
                ("RAW_REQUESTS", "MINUTE", 5): 300_000,
            }

    run(scene())


def test_unfilled_orders_as_in_the_documentations_examples() -> None:
    limit = OrderLimit()

    def count() -> int:
        assert limit.ten_seconds.count == limit.day.count
        return limit.day.count

    for _ in range(5):
        limit.placed(1)
    limit.first_filled(2, as_maker=True)
    assert count() == 0
    for _ in range(3):
        limit.placed(3)
    limit.first_filled(4, as_maker=False)
    assert count() == 2
    limit.first_filled(5, as_maker=True)
    assert count() == 0, "never below zero"


def test_a_taker_order_gives_its_count_back_once() -> None:
    async def scene() -> None:
        async with bench() as b:
            b.other_places("SELL", "3000", "0.004")
            order = {**ORDER, "type": "LIMIT", "timeInForce": "GTC", "price": "3000"}
            await b.place()
            _, _, headers = await b.signed("POST", "/api/v3/order", **order)
            assert headers["X-MBX-ORDER-COUNT-10S"] == "1", "it filled in part at once"
            b.other_places("SELL", "3000", "0.003")
            _, counts, _ = await b.signed("GET", "/api/v3/rateLimit/order")
            assert counts == [
                {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100, "count": 1},
                {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000, "count": 1},
            ]

    run(scene())


def test_too_many_connections_of_one_address() -> None:
    async def scene() -> None:
        now = wall_ms() // 300_000 * 300_000 + 10_000
        options = ServerOptions(connections_per_5_minutes=3, now_ms=lambda: now, self_driven=False)
        async with bench(options=options) as b:
            for path in ("/ws/ethusdc@trade", "/ws-api/v3"):
                for _ in range(3):
                    await b.session.ws_connect(f"ws://{b.host}{path}")
                status, refused, headers = await b.upgrade(path)
                assert (status, headers["Retry-After"]) == (429, "290")
                assert refused == {
                    "code": -1034,
                    "msg": "Too many connection attempts from IP; current limit is 3 per '5 MINUTE'.",
                }
            now += 290_000
            await b.session.ws_connect(f"ws://{b.host}/ws-api/v3")

    run(scene())


def test_connections_are_counted_for_each_address() -> None:
    limit = ConnectionLimit(most=1)
    limit.count("a", 1)
    limit.count("b", 1)
    with pytest.raises(ApiError):
        limit.count("a", 299_999)
    limit.count("a", 300_000)


def test_a_connection_that_is_too_old_is_ended_with_a_word() -> None:
    async def scene() -> None:
        rules = SocketRules(lives=0.05)
        async with bench(options=ServerOptions(streams=rules, websocket_api=rules)) as b:

            async def last(path: str) -> tuple[Any, int | None]:
                socket = await b.session.ws_connect(f"ws://{b.host}{path}")
                said = json.loads(await asyncio.wait_for(socket.receive_str(), 10))
                assert (await socket.receive(10)).type == aiohttp.WSMsgType.CLOSE
                return said, socket.close_code

            said, code = await last("/ws/ethusdc@trade")
            assert (said["e"], code) == ("serverShutdown", aiohttp.WSCloseCode.GOING_AWAY)
            said, _ = await last("/stream?streams=ethusdc@trade")
            assert (said["stream"], said["data"]["e"]) == ("!serverShutdown", "serverShutdown")
            said, _ = await last("/ws-api/v3")
            assert (list(said), said["event"]["e"]) == (["event"], "serverShutdown")
            assert SocketRules().lives == 86_400

    run(scene())


def test_pongs_nobody_asked_for_do_not_keep_a_connection() -> None:
    async def scene() -> None:
        rules = SocketRules(ping_every=0.02, pong_within=0.15)
        async with bench(options=ServerOptions(websocket_api=rules)) as b:
            socket = await b.session.ws_connect(f"ws://{b.host}/ws-api/v3", autoping=False)
            pongs = 0
            while (message := await socket.receive(10)).type == aiohttp.WSMsgType.PING:
                await socket.pong(b"")
                pongs += 1
            assert pongs >= 3
            assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSE}

    run(scene())
