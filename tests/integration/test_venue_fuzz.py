"""Hostile requests at a running server: always an answer in Binance's form, and afterwards all money is where it was.

`make fuzz` sends many more (MM_FUZZ_REQUESTS), with a seed of its own that it prints (MM_FUZZ_SEED plays it again).
"""

import asyncio
import json
import logging
import os
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from mm.exchange.venue.flow import Flow
from mm.exchange.venue.scenarios import SCENARIOS
from mm.exchange.venue.store import Store
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import AccountState
from mm.exchange.venue_server.market import Flow as Market
from mm.exchange.venue_server.server import ServerOptions, VenueServer, running_server
from mm.exchange.venue_server.socket import SocketRules
from tests.integration.hostile_requests import STREAM_RAW, Hostile
from tests.integration.venue_clients import KEY, ORDER, SECRET, SYMBOL, bench, run, wall_ms

REQUESTS = int(os.environ.get("MM_FUZZ_REQUESTS", "700"))
SEED = int(os.environ.get("MM_FUZZ_SEED", "1"))
DEPOSITS = {"USDC": Decimal(20_000), "ETH": Decimal(5), "BTC": Decimal("0.1"), "BNB": Decimal("0.01")}
MANY = 1 << 40


@pytest.fixture(autouse=True)
def _nothing_breaks_inside(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No traceback, no error in a log: neither ours nor aiohttp's."""
    caplog.set_level(logging.WARNING)
    yield
    assert [each.getMessage() + (each.exc_text or "") for each in caplog.get_records("call")] == []


def _flow(venue: Venue) -> Market:
    return Flow(venue, SYMBOL, SCENARIOS["lively"], random.Random(SEED), Decimal(3000))


async def _served(path: Path, work: Any) -> None:
    venue = Venue(default_symbols(), wall_ms, Store(path))
    fee = Decimal("0.001")
    uid = venue.open_account(DEPOSITS, fee, fee, KEY).uid
    options = ServerOptions(
        weight_per_minute=MANY,
        connections_per_5_minutes=MANY,
        streams=SocketRules(incoming_per_second=0),
        self_driven=False,
    )
    try:
        async with running_server(venue, _flow(venue), secrets={KEY: SECRET}, options=options) as server:
            limit = server.served.order_limit(uid)
            limit.ten_seconds.most = limit.day.most = MANY
            server.clock.prime(lambda: True)
            await work(server)
            check(server, uid)
            before = picture(venue, uid)
    finally:
        venue.close()
    again = Venue(default_symbols(), wall_ms, Store(path))
    try:
        assert picture(again, uid) == before
    finally:
        again.close()


def picture(venue: Venue, uid: int) -> list[Any]:
    """What must outlive a restart."""
    orders = {symbol: venue.all_orders(uid, symbol, limit=1000) for symbol in venue.symbols}
    return [venue.account(uid), orders, venue.all_order_lists(uid, limit=1000), venue.account_trades()]


def check(server: VenueServer, uid: int) -> None:
    """Balances are the deposits and what was traded; what is locked is what open orders hold; no book is crossed."""
    venue = server.venue
    owned = dict(DEPOSITS)
    for trade in venue.account_trades(uid):
        rules, sign = venue.rules(trade.symbol), 1 if trade.is_buyer else -1
        owned[rules.base] = owned.get(rules.base, Decimal(0)) + sign * trade.quantity
        owned[rules.quote] = owned.get(rules.quote, Decimal(0)) - sign * trade.quote
        owned[trade.commission_asset] -= trade.commission
    state: AccountState = venue.account(uid)
    assert {each.asset: each.free + each.locked for each in state.balances if each.free + each.locked} == {
        asset: amount for asset, amount in owned.items() if amount
    }
    assert all(each.free >= 0 and each.locked >= 0 for each in state.balances)
    held: dict[str, int] = {}
    for order in venue._account(uid).open.values():
        rules = venue.rules(order.symbol)
        asset = rules.quote if order.buy else rules.base
        held[asset] = held.get(asset, 0) + order.held
        book = venue.market(order.symbol).book
        assert book.holds(order) != order.is_waiting
    locked = {each.asset: int(each.locked * 10**8) for each in state.balances if each.locked}
    assert locked == {asset: units for asset, units in held.items() if units}
    for symbol in venue.symbols:
        best = venue.book_ticker(symbol)
        assert not best.bid or not best.ask or best.bid < best.ask


def well_formed(status: int, body: Any, asked: object) -> None:
    """A success, or `{"code": negative, "msg": text}`; never a failure of the venue itself."""
    assert status < 500, (status, body, asked)
    if status >= 400:
        assert isinstance(body, dict), (status, body, asked)
        assert isinstance(body["code"], int), asked
        assert body["code"] < 0, asked
        assert isinstance(body["msg"], str), asked
        assert SECRET not in body["msg"]
    else:
        assert isinstance(body, dict | list), (status, body, asked)


def test_hostile_rest(tmp_path: Path) -> None:
    async def work(server: VenueServer) -> None:
        hostile = Hostile(random.Random(SEED))
        async with aiohttp.ClientSession() as session:
            done = 0
            for number in range(REQUESTS):
                method, path, query, body, headers = hostile.rest()
                url = URL(f"http://{server.host}:{server.port}{path}{'?' + query if query else ''}", encoded=True)
                async with session.request(method, url, data=body, headers=headers) as response:
                    text = await response.text()
                    if response.status in {404, 405} or method in {"HEAD", "OPTIONS"}:
                        assert response.status < 500
                    else:
                        answer = json.loads(text)
                        well_formed(response.status, answer, (method, path, query, body))
                        done += response.status == 200
                        hostile.order_ids += [answer["orderId"]] if "orderId" in answer else []
                if number % 20 == 0:
                    server.flow.advance(wall_ms())
                if number % 50 == 0:
                    check(server, server.venue.accounts()[0].uid)
            assert done > REQUESTS / 8  # or nothing was tried at all

    asyncio.run(asyncio.wait_for(_served(tmp_path / "venue.db", work), 20 + REQUESTS / 20))


def test_hostile_websocket_api(tmp_path: Path) -> None:
    async def work(server: VenueServer) -> None:
        hostile = Hostile(random.Random(SEED + 1))
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://{server.host}:{server.port}/ws-api/v3", max_msg_size=0) as line,
        ):
            done = 0
            for number in range(REQUESTS):
                text = hostile.websocket()
                await line.send_str(text)
                answer: dict[str, Any] = {"event": None}
                while "event" in answer:  # user data may come in between
                    answer = await line.receive_json(timeout=10)
                well_formed(answer["status"], answer.get("result", answer.get("error")), text)
                assert ("result" in answer) == (answer["status"] == 200), text
                done += answer["status"] == 200
                found = answer.get("result")
                hostile.order_ids += [found["orderId"]] if isinstance(found, dict) and "orderId" in found else []
                if number % 20 == 0:
                    server.flow.advance(wall_ms())
            assert done > REQUESTS / 8

    asyncio.run(asyncio.wait_for(_served(tmp_path / "venue.db", work), 20 + REQUESTS / 20))


def test_hostile_market_streams(tmp_path: Path) -> None:
    async def work(server: VenueServer) -> None:
        rng = random.Random(SEED + 2)
        address = f"ws://{server.host}:{server.port}"
        async with aiohttp.ClientSession() as session:
            paths = [
                "/ws",
                "/stream",
                "/ws/ethusdc@trade",
                "/stream?streams=%00/é/ethusdc@trade//",
                "/ws/" + "x" * 4000,
            ]
            for path in paths:
                async with session.ws_connect(address + path, max_msg_size=0) as line:
                    for text in rng.sample(STREAM_RAW, len(STREAM_RAW)):
                        await line.send_str(text)
                        answer: Any = {}
                        while "id" not in answer:
                            told = await line.receive_json(timeout=10)
                            answer = told if isinstance(told, dict) else {}
                        assert "result" in answer or answer["error"]["code"] >= 0, text
                        server.streams.tick()
            assert server.streams.names == frozenset() or await _is_empty(server)

    asyncio.run(asyncio.wait_for(_served(tmp_path / "venue.db", work), 30))


async def _is_empty(server: VenueServer) -> bool:
    """Nobody listens any more once the connections have ended."""
    for _ in range(1000):
        if not server.streams.names:
            return True
        await asyncio.sleep(0.005)
    return False


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
        (b"GET http://elsewhere/api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
        (b"GARBAGE\r\n\r\n", b"400"),
        (b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\nGARBAGE\r\n\r\n", b"400"),
        (b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", b"400"),
        (b"POST /api/v3/order HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000, b"413"),
        (b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nX-MBX-TIME-UNIT: \xff\xfe\r\n\r\n", b"400"),
        (b"GET /api/v3/account HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: \xff\xfe\r\n\r\n", b"401"),
    ],
)
def test_bytes_that_are_hardly_a_request(tmp_path: Path, sent: bytes, status: bytes) -> None:
    async def work(server: VenueServer) -> None:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(sent)
        line = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        assert line.split()[1] == status, line

    asyncio.run(asyncio.wait_for(_served(tmp_path / "venue.db", work), 20))


TOO_LARGE = str(1 << 63)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"strategyId": TOO_LARGE}, -1100),
        ({"strategyId": "9" * 20}, -1100),
        ({"newClientOrderId": "mine\n"}, -1100),
        ({"symbol": "ETHUSDC\n"}, -1100),
        ({"quantity": "0.01\n"}, -1100),
        ({"quantity": "１"}, -1100),
        ({"quantity": "10000000000"}, -1100),
        ({"price": "NaN"}, -1100),
        ({"recvWindow": "1e3"}, -1100),
        ({"price": "1000000.01"}, -1013),
    ],
)
def test_values_that_no_order_has(changes: dict[str, str], code: int) -> None:
    async def work() -> None:
        async with bench() as each:
            status, body, _ = await each.signed("POST", "/api/v3/order", **{**ORDER, **changes})
            assert (status, body["code"]) == (400, code), body
            status, body, _ = await each.place()
            assert status == 200, body  # and the next order is as good as ever

    run(work())


def test_a_request_id_and_texts_that_cannot_be_sent_back() -> None:
    async def work() -> None:
        async with bench() as each, each.session.ws_connect(f"ws://{each.host}/ws-api/v3") as line:
            for text in ('{"id":18446744073709551616,"method":"ping"}', '{"id":"\\udc00","method":"ping"}', "[" * 9999):
                await line.send_str(text)
                answer = await line.receive_json()
                assert (answer["id"], answer["status"], answer["error"]["code"]) == (None, 400, -1135), text[:50]
            await line.send_str('{"id":9223372036854775807,"method":"ping"}')
            assert (await line.receive_json())["id"] == (1 << 63) - 1

    run(work())


def test_bars_of_a_far_future() -> None:
    async def work() -> None:
        async with bench() as each:
            each.other_places("SELL", "3000", "1")
            await each.place(type="LIMIT", timeInForce="GTC", price="3000")
            for start in ("99999999999999", "999999999999999", str((1 << 63) - 1)):
                query = f"symbol=ETHUSDC&interval=1M&startTime={start}"
                assert (await each.call("GET", "/api/v3/klines", query))[:2] == (200, [])
            status, bars, _ = await each.call(
                "GET", "/api/v3/klines", "symbol=ETHUSDC&interval=1M&startTime=0&endTime=0"
            )
            assert (status, bars) == (200, [])

    run(work())


def test_a_failure_inside_is_told_as_one(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever asked has to know that it does not know."""

    async def work() -> None:
        async with bench() as each:
            monkeypatch.setattr(each.venue, "place", lambda *_: 1 // 0)
            status, body, _ = await each.place()
            assert (status, body["code"]) == (500, -1000)
            assert SECRET not in caplog.text
            caplog.clear()

    run(work())


def test_who_reads_nothing_is_cut_off_before_his_answers_fill_the_memory() -> None:
    async def work() -> None:
        async with bench(options=ServerOptions(weight_per_minute=MANY)) as each:
            reader, writer = await asyncio.open_connection(each.server.host, each.server.port, limit=1024)
            writer.write(
                b"GET /ws-api/v3 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            await reader.readuntil(b"\r\n\r\n")
            text = b'{"id":1,"method":"exchangeInfo"}'
            request = bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text
            (socket,) = each.server.sockets
            for _ in range(200):
                writer.write(request * 20)
                await asyncio.sleep(0)
                if not socket.is_open:
                    break
                assert socket.waiting_bytes < 40 << 20
                await asyncio.sleep(0.01)
            assert not socket.is_open
            writer.close()

    run(work())
