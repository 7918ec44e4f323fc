"""Requests under a plan of faults: REST, WebSocket handshakes, and the WebSocket API's own."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from mm.exchange.venue.faults.fate import RequestFate
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.refusal import SHUTTING_DOWN, Refusal
from mm.exchange.venue.faults.requests import ACCOUNT_STREAM, CONNECT, request_name
from mm.exchange.venue_server.faulty_answer import TOLD, against_new_rules, as_told, lie
from mm.exchange.venue_server.served import Served

Inner = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
_LOOK_SECONDS = 0.05
_JSON = "application/json;charset=UTF-8"


class FaultyRequests:
    """Stands before the server's own handler. `true_ms` dates the faults."""

    def __init__(self, inner: Inner, served: Served, plan: FaultPlan, true_ms: Callable[[], int]) -> None:
        self._inner = inner
        self._served = served
        self._plan = plan
        self._true_ms = true_ms

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if self._plan.is_empty:
            return await self._inner(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._handshake(request, path)
        return await self._rest(request, path, query)

    async def _handshake(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        now = self._true_ms()
        fate = self._plan.on_request(CONNECT, now)
        await _pause(fate.delay_in_ms + fate.delay_out_ms)
        if fate.refusal is not None:
            return _refused(fate.refusal)
        if fate.answer == "lose":
            return await _never(request)
        if fate.answer != "deliver":
            return _cut(request)
        if self._plan.is_closed(ACCOUNT_STREAM if path == "/ws-api/v3" else "market", now):
            return _refused(SHUTTING_DOWN)
        return await self._inner(request)

    async def _rest(self, request: web.BaseRequest, path: str, query: str) -> web.StreamResponse:
        method = "GET" if request.method == "HEAD" else request.method
        name = request_name(method, path)
        fate = self._plan.on_request(name, self._true_ms())
        await _pause(fate.delay_in_ms)
        if not fate.executes and fate.answer == "reset":
            return _cut(request)
        said = await self._said(request, name, query, fate)
        await _pause(fate.delay_out_ms)
        match fate.answer:
            case "lose":
                return await _never(request)
            case "reset":
                return _cut(request)
            case "truncate" if isinstance(said, web.Response):
                return await _half(request, said)
        return _refused(fate.refusal) if fate.refusal is not None else said

    async def _said(self, request: web.BaseRequest, name: str, query: str, fate: RequestFate) -> web.StreamResponse:
        """What the server answers itself, if it is asked."""
        asked = dict(parse_qsl(query, keep_blank_values=True))
        if request.body_exists:
            asked |= dict(parse_qsl((await request.read()).decode("utf-8", "replace")))
        if fate.answer == "lie":
            told = lie(self._served, fate.lie, request.headers.get("X-MBX-APIKEY", ""), asked)
            if isinstance(told, Refusal):
                return _refused(told)
            if told is not None:
                return web.Response(body=orjson.dumps(told), headers={"Content-Type": _JSON})
        elif not fate.executes:
            return web.Response()
        broken = against_new_rules(self._plan, name, asked, self._true_ms())
        if broken is not None:
            return _refused(broken)
        answer = await self._inner(request)
        return self._as_told(name, answer, asked) if name in TOLD else answer

    def _as_told(self, name: str, answer: web.StreamResponse, asked: dict[str, str]) -> web.StreamResponse:
        if not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
            return answer
        is_packed = answer.headers.get("Content-Encoding") == "gzip"
        told = orjson.loads(gzip.decompress(answer.body) if is_packed else answer.body)
        if name == "depth" and isinstance(told, dict) and "bids" in told:
            told["symbol"] = asked.get("symbol", "")
        told = as_told(self._served, self._plan, name, told, self._true_ms())
        if isinstance(told, dict) and name == "depth":
            told.pop("symbol", None)
        headers = {key: value for key, value in answer.headers.items() if key.lower() not in _OF_THE_BODY}
        return web.Response(body=orjson.dumps(told), status=answer.status, headers=headers)


_OF_THE_BODY = frozenset({"content-encoding", "content-length"})


def refusal_body(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "msg": refusal.message}


def _refused(refusal: Refusal) -> web.Response:
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
    if not refusal.code:
        return web.Response(status=refusal.status, text=refusal.html, content_type="text/html", headers=headers)
    body = orjson.dumps(refusal_body(refusal))
    return web.Response(status=refusal.status, body=body, headers={**headers, "Content-Type": _JSON})


async def _half(request: web.BaseRequest, answer: web.Response) -> web.StreamResponse:
    """Says how long the answer is, sends half of it, and hangs up."""
    body = answer.body if isinstance(answer.body, bytes) else b"{}"
    headers = {key: value for key, value in answer.headers.items() if key.lower() != "content-length"}
    half = web.StreamResponse(status=answer.status, headers={**headers, "Content-Length": str(len(body))})
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half


def _cut(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _never(request: web.BaseRequest) -> web.StreamResponse:
    """Until the client gives up."""
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - tells nobody
        await asyncio.sleep(_LOOK_SECONDS)
    return web.Response()


async def _pause(milliseconds: int) -> None:
    if milliseconds:
        await asyncio.sleep(milliseconds / 1000)
