"""Raw WebSockets: the WebSocket API's envelopes, signatures and subscriptions; streams, pings, slow readers."""

import asyncio
import itertools
import json
from typing import Any

import aiohttp
import pytest

from mm.exchange.venue_server.server import ServerOptions
from mm.exchange.venue_server.socket import SocketRules
from tests.integration.venue_clients import KEY, ORDER, SYMBOL, Bench, bench, run, signature, until, wall_ms


class Api:
    """A bare client of /ws-api/v3: answers by id, events apart."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[Any] = []
        self.number = 0

    async def ask(self, method: str, parameters: dict[str, Any] | None = None) -> Any:
        self.number += 1
        await self.socket.send_str(json.dumps({"id": self.number, "method": method, "params": parameters or {}}))
        while True:
            message = await self.next()
            if "event" not in message:
                assert message["id"] == self.number
                return message
            self.events.append(message)

    async def signed(self, method: str, **parameters: Any) -> Any:
        values = {**parameters, "apiKey": KEY, "timestamp": wall_ms()}
        payload = "&".join(f"{name}={_signed_text(values[name])}" for name in sorted(values))
        return await self.ask(method, {**values, "signature": signature(payload)})

    async def next(self) -> Any:
        return json.loads(await asyncio.wait_for(self.socket.receive_str(), 10))


def _signed_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def api(b: Bench) -> Api:
    return Api(await b.session.ws_connect(f"ws://{b.host}/ws-api/v3"))


async def stream(b: Bench, path: str, *, autoping: bool = True) -> aiohttp.ClientWebSocketResponse:
    return await b.session.ws_connect(f"ws://{b.host}{path}", autoping=autoping)


async def ask(socket: aiohttp.ClientWebSocketResponse, **request: Any) -> Any:
    await socket.send_str(json.dumps(request))
    while True:
        answer = json.loads(await asyncio.wait_for(socket.receive_str(), 10))
        if "id" in answer:
            return answer


def test_orders_over_the_websocket_api() -> None:
    async def scene() -> None:
        async with bench() as b:
            line = await api(b)
            placed = await line.signed("order.place", **ORDER, newClientOrderId="mm-w-1", newOrderRespType="RESULT")
            assert placed["status"] == 200
            assert placed["result"]["status"] == "NEW"
            assert {each["rateLimitType"]: each["count"] for each in placed["rateLimits"]} == {
                "ORDERS": 1,
                "REQUEST_WEIGHT": 2,
            }
            found = await line.signed("order.status", symbol=SYMBOL, origClientOrderId="mm-w-1")
            assert found["result"]["orderId"] == placed["result"]["orderId"]
            quiet = await line.signed("openOrders.status", symbol=SYMBOL, returnRateLimits=False)
            assert "rateLimits" not in quiet
            assert [each["clientOrderId"] for each in quiet["result"]] == ["mm-w-1"]
            refused = await line.signed("order.place", **{**ORDER, "quantity": "100"})
            assert (refused["status"], refused["error"]["code"]) == (400, -2010)
            gone = await line.signed("order.cancel", symbol=SYMBOL, origClientOrderId="mm-w-1")
            assert gone["result"]["status"] == "CANCELED"
            assert (await line.signed("openOrders.cancelAll", symbol=SYMBOL))["error"]["code"] == -2011
            assert (await line.signed("order.test", **ORDER))["result"] == {}
            assert (await line.signed("account.status"))["result"]["uid"] == b.uid
            assert (await line.signed("account.commission", symbol=SYMBOL))["result"]["symbol"] == SYMBOL
            assert len((await line.signed("allOrders", symbol=SYMBOL))["result"]) == 1
            assert (await line.signed("myTrades", symbol=SYMBOL))["result"] == []
            assert (await line.ask("ping"))["result"] == {}
            assert (await line.ask("time"))["result"]["serverTime"] > 0
            assert (await line.ask("depth", {"symbol": SYMBOL, "limit": 5}))["result"]["bids"] == []
            assert (await line.ask("exchangeInfo", {"symbols": [SYMBOL]}))["result"]["symbols"][0]["symbol"] == SYMBOL

    run(scene())


def test_bad_signatures_keys_and_requests_over_the_websocket_api() -> None:
    async def scene() -> None:
        async with bench() as b:
            line = await api(b)
            values = {**ORDER, "apiKey": KEY, "timestamp": wall_ms()}
            unsorted = "&".join(f"{name}={value}" for name, value in values.items())
            for parameters, code in (
                ({**values, "signature": signature(unsorted)}, -1022),
                ({**values, "apiKey": "Z" * 64, "signature": "x"}, -2015),
                ({**ORDER, "timestamp": wall_ms(), "signature": "x"}, -2014),
                (values, -1102),
            ):
                answer = await line.ask("order.place", parameters)
                assert answer["error"]["code"] == code
                assert answer["status"] == (401 if code < -2000 else 400)
            assert (await line.ask("order.fly"))["error"]["code"] == -1020
            await line.socket.send_str("{")
            assert (await line.next())["error"]["code"] == -1135
            refused = await line.signed("session.logon")
            assert refused["error"] == {"code": -4056, "msg": "HMAC_SHA256 API key is not supported."}
            assert (await line.ask("userDataStream.subscribe"))["status"] == 401
            assert (await line.ask("session.status"))["result"]["apiKey"] is None
            assert not b.venue.open_orders(b.uid)

    run(scene())


def test_user_data_subscriptions() -> None:
    async def scene() -> None:
        async with bench() as b:
            line = await api(b)
            assert (await line.signed("userDataStream.subscribe.signature"))["result"] == {"subscriptionId": 0}
            assert (await line.ask("session.subscriptions"))["result"] == [{"subscriptionId": 0}]
            await b.place(newClientOrderId="mm-e-1")
            report = await line.next()
            assert report["subscriptionId"] == 0
            event = report["event"]
            assert event.keys() == set("eEscSofqpPFgCxXrilzLnNTtIwmMOZYQWV")
            assert (event["x"], event["X"], event["c"], event["C"], event["w"]) == ("NEW", "NEW", "mm-e-1", "", True)
            balances = {each["a"]: each for each in (await line.next())["event"]["B"]}
            assert balances["USDC"] == {"a": "USDC", "f": "970.10000000", "l": "29.90000000"}
            b.other_places("SELL", "2990", "0.01")
            event = (await line.next())["event"]
            assert (event["x"], event["X"], event["l"], event["L"]) == (
                "TRADE",
                "FILLED",
                "0.01000000",
                "2990.00000000",
            )
            assert (event["n"], event["N"], event["m"]) == ("0.00001000", "ETH", True)
            assert (await line.next())["event"]["e"] == "outboundAccountPosition"
            await line.ask("userDataStream.unsubscribe")
            await b.place()
            await line.ask("ping")
            assert [each["event"]["e"] for each in line.events] == ["eventStreamTerminated"]
            assert (await line.ask("session.subscriptions"))["result"] == []

    run(scene())


def test_a_closed_line_leaves_no_subscription_behind() -> None:
    async def scene() -> None:
        async with bench() as b:
            line, market = await api(b), await stream(b, "/ws/ethusdc@trade")
            await line.signed("userDataStream.subscribe.signature")
            assert (b.server.user_data.listeners(b.uid), len(b.server.streams.names)) == (1, 1)
            await line.socket.close()
            await market.close()
            await until(lambda: b.server.user_data.listeners(b.uid) == 0 and not b.server.streams.names, "left")

    run(scene())


def test_stream_subscriptions_by_path_and_by_request() -> None:
    async def scene() -> None:
        async with bench() as b:
            bare = await stream(b, "/ws/ethusdc@bookTicker")
            combined = await stream(b, "/stream?streams=ethusdc@trade/ethusdc@depth@100ms")
            numbered = await stream(b, "/stream/ws/0")
            assert await ask(
                numbered, method="SUBSCRIBE", params=["ethusdc@aggTrade", "ethusdc@depth5@100ms"], id=1
            ) == {
                "result": None,
                "id": 1,
            }
            listed = await ask(numbered, method="LIST_SUBSCRIPTIONS", id=2)
            assert listed["result"] == ["ethusdc@aggTrade", "ethusdc@depth5@100ms"]
            assert (await ask(numbered, method="SUBSCRIBE", params=["what"], id=3))["error"]["code"] == 2
            b.other_places("SELL", "3001", "1")
            best = json.loads(await bare.receive_str())
            assert best.keys() == set("usbBaA")
            assert (best["a"], best["A"]) == ("3001.00000000", "1.00000000")
            update = json.loads(await combined.receive_str())
            assert update["stream"] == "ethusdc@depth@100ms"
            assert update["data"]["a"] == [["3001.00000000", "1.00000000"]]
            await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
            trade = json.loads(await combined.receive_str())
            assert (trade["stream"], trade["data"]["p"]) == ("ethusdc@trade", "3001.00000000")
            events = [json.loads(await numbered.receive_str()) for _ in range(2)]
            assert {event.get("e", "partial") for event in events} == {"aggTrade", "partial"}
            await ask(numbered, method="UNSUBSCRIBE", params=["ethusdc@aggTrade", "ethusdc@depth5@100ms"], id=4)
            assert "ethusdc@aggTrade" not in b.server.streams.names

    run(scene())


@pytest.mark.parametrize("name", ["ethusdc@depth@100ms", "ethusdc@depth"])
def test_update_ids_are_contiguous_and_continue_a_snapshot(name: str) -> None:
    async def scene() -> None:
        async with bench(options=ServerOptions(self_driven=False)) as b:
            b.other_places("SELL", "3001", "1")
            b.server.streams.tick()
            b.other_places("SELL", "3002", "1")
            socket = await stream(b, f"/ws/{name}")
            snapshot = b.venue.depth(SYMBOL)
            events: list[Any] = []
            for number in range(40):
                b.other_places("BUY", str(2900 + number), "0.1")
                b.server.streams.tick()
            wanted = 41 if name.endswith("100ms") else 4
            while len(events) < wanted - 1:
                events.append(json.loads(await asyncio.wait_for(socket.receive_str(), 10)))
            assert events[0]["U"] <= snapshot.last_update_id + 1 <= events[0]["u"]
            for before, after in itertools.pairwise(events):
                assert after["U"] == before["u"] + 1
            bids = {price: size for event in events for price, size in event["b"]}
            assert len(bids) >= 25

    run(scene())


def test_the_server_pings_and_ends_who_does_not_answer() -> None:
    async def scene() -> None:
        rules = SocketRules(ping_every=0.02, pong_within=0.1)
        async with bench(options=ServerOptions(streams=rules)) as b:
            answering = await stream(b, "/ws/ethusdc@trade")
            reader = asyncio.create_task(answering.receive())  # aiohttp answers pings only while it reads
            silent = await stream(b, "/ws/ethusdc@trade", autoping=False)
            kinds = []
            while (message := await silent.receive(10)).type == aiohttp.WSMsgType.PING:
                kinds.append(message.type)
            assert kinds
            assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSE}
            b.other_places("SELL", "3001", "1")
            await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
            assert json.loads((await reader).data)["e"] == "trade"

    run(scene())


def test_more_than_five_messages_a_second_end_a_stream() -> None:
    async def scene() -> None:
        async with bench() as b:
            socket = await stream(b, "/ws")
            for number in range(30):  # at most ten of them can be spread over two counted seconds
                await socket.send_str(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
            answers = 0
            while (await socket.receive(10)).type == aiohttp.WSMsgType.TEXT:
                answers += 1
            assert 5 <= answers <= 10
            assert socket.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION

    run(scene())


def test_a_reader_that_does_not_read_is_cut_off_and_others_go_on() -> None:
    async def scene() -> None:
        rules = SocketRules(waiting_most=50)
        async with bench(options=ServerOptions(streams=rules, self_driven=False)) as b:
            slow = await stream(b, "/ws/ethusdc@trade")
            assert slow._response.connection is not None
            transport = slow._response.connection.transport
            assert isinstance(transport, asyncio.ReadTransport)
            transport.pause_reading()
            quick = await stream(b, "/ws/ethusdc@trade")
            (listener,) = [each for each in b.server.sockets if each is not b.server.sockets[-1]]
            payload = b"x" * 100_000
            while listener.is_open:
                listener.send(payload)
                assert listener.waiting <= 50
                await asyncio.sleep(0)
            assert listener.waiting == 0
            b.other_places("SELL", "3001", "1")
            await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
            assert json.loads(await asyncio.wait_for(quick.receive_str(), 10))["e"] == "trade"
            await until(lambda: len(b.server.sockets) == 1, "the slow one is gone")

    run(scene())
