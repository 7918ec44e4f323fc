"""A tiny Binance that misbehaves on demand, for answers a proper venue never gives."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson
from aiohttp import WSMsgType, web

from mm.clock.live import LiveClock
from mm.exchange.ccxt_adapter.connect import VenueEndpoint, build_exchange
from mm.exchange.ccxt_adapter.exchange import CcxtExchange
from mm.exchange.settings import ExchangeSettings
from mm.ports import Clock
from tests.contract.bench import RULES, SYMBOL
from tests.contract.venue_through_ccxt import credentials, settings

Answer = Callable[["Asked"], Awaitable[web.StreamResponse]]
Socket = Callable[[web.WebSocketResponse, "Stub"], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    parameters: dict[str, str]
    raw: web.BaseRequest = field(repr=False)


def json(body: Any, status: int = 200, **headers: str) -> web.Response:
    return web.Response(
        body=orjson.dumps(body),
        status=status,
        content_type="application/json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def refusal(code: int, message: str, status: int = 400, **headers: str) -> Answer:
    async def answer(asked: Asked) -> web.StreamResponse:
        return json({"code": code, "msg": message}, status, **headers)

    return answer


def plain(status: int, body: str = "<html>no</html>", **headers: str) -> Answer:
    async def answer(asked: Asked) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, content_type="text/html", headers=named)

    return answer


async def placed(asked: Asked) -> web.StreamResponse:
    """A proper answer to a new order."""
    return json(order_body(asked.parameters))


def order_body(asked: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "symbol": asked["symbol"],
        "orderId": 7,
        "clientOrderId": asked.get("newClientOrderId", ""),
        "transactTime": 1_700_000_000_000,
        "price": asked.get("price", "0"),
        "origQty": asked.get("quantity", "0"),
        "executedQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": asked.get("type", "LIMIT_MAKER"),
        "side": asked.get("side", "BUY"),
        "fills": [],
        **changes,
    }


async def truncated(asked: Asked) -> web.StreamResponse:
    """Promises a long body, sends half of a good answer, and hangs up."""
    response = web.StreamResponse(headers={"Content-Length": "5000", "Content-Type": "application/json"})
    await response.prepare(asked.raw)
    await response.write(orjson.dumps(order_body(asked.parameters))[:60])
    hang_up(asked)
    return response


async def dropped(asked: Asked) -> web.StreamResponse:
    """Takes the request and hangs up without a word."""
    hang_up(asked)
    return web.Response()


async def hanging(asked: Asked) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def hang_up(asked: Asked) -> None:
    transport = asked.raw.transport
    assert transport is not None
    transport.abort()


class Stub:
    """`answers` by (method, path below /api/v3); `log` is every request; `market`, `account` serve the sockets."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self.log: list[Asked] = []
        self.market: Socket | None = None
        self.account: Socket | None = None
        self.port = 0
        self.sockets = 0

    def count(self, method: str, path: str) -> int:
        return sum(1 for asked in self.log if (asked.method, asked.path) == (method, path))

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        body = (await request.read()).decode()
        parameters = {name: values[0] for name, values in parse_qs(body or request.query_string).items()}
        path = request.path.removeprefix("/api/v3/").removeprefix("/sapi/v1/")
        asked = Asked(request.method, path, parameters, request)
        self.log.append(asked)
        answer = self.answers.get((request.method, path))
        if answer is not None:
            return await answer(asked)
        if path == "exchangeInfo":
            return json({"symbols": [RULES.exchange_info()]})
        if path == "time":
            return json({"serverTime": LiveClock().now() // 1_000_000})
        if path == "depth":
            return json({"lastUpdateId": 100, "bids": [["2999.00", "1.0"]], "asks": [["3001.00", "1.0"]]})
        return json({"code": -1020, "msg": "not offered"}, 404)

    async def _socket(self, request: web.BaseRequest) -> web.StreamResponse:
        serve = self.account if request.path.startswith("/ws-api") else self.market
        if serve is None:
            return web.Response(status=503)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.sockets += 1
        with contextlib.suppress(ConnectionResetError, asyncio.IncompleteReadError):
            await serve(socket, self)
        return socket


async def subscribe_account(socket: web.WebSocketResponse) -> None:
    """Reads the signed subscription and confirms it."""
    asked = orjson.loads((await socket.receive()).data)
    assert asked["method"] == "userDataStream.subscribe.signature"
    await socket.send_json({"id": asked["id"], "status": 200, "result": {"subscriptionId": 0}})


async def pongs_until_closed(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)


@contextlib.asynccontextmanager
async def stubbed(
    *, exchange_settings: ExchangeSettings | None = None, clock: Clock | None = None
) -> AsyncIterator[tuple[Stub, CcxtExchange]]:
    """A stub on a free port and the adapter on it, the symbol's rules read."""
    stub = Stub()
    runner = web.ServerRunner(web.Server(stub.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.port = runner.addresses[0][1]
    exchange = build_exchange(
        "sim",
        credentials(),
        exchange_settings or settings(),
        SYMBOL,
        clock or LiveClock(),
        VenueEndpoint("127.0.0.1", stub.port),
    )
    try:
        await exchange.instrument(SYMBOL)
        yield stub, exchange
    finally:
        await exchange.close()
        await runner.cleanup()
