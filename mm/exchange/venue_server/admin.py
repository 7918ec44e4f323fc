"""The venue's own requests under /mm/: a table of small functions, guarded by the token in keys.json."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from mm.exchange.venue_server.keys import TOKEN_HEADER

Asked = Mapping[str, str]
"""What a request says, in its query and its form body."""
Handler = Callable[[Asked], object]
"""Answers what goes to JSON. Raises ValueError with what is wrong with the request; then nothing has changed."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
Requests = Mapping[tuple[str, str], Handler]
"""By method and path."""


@dataclass(frozen=True, slots=True)
class Admin:
    requests: Requests
    token: Callable[[], str]

    async def answer(self, request: web.BaseRequest, path: str, query: str) -> web.Response:
        # A page in a browser names its origin, or the name of another host that it has bent to this address.
        if "Origin" in request.headers or _host(request) not in _LOOPBACK:
            return _json({"error": "not from here"}, 403)
        sent = request.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), self.token().encode()):
            return _json({"error": "wrong token"}, 403)
        handler = self.requests.get((request.method, path))
        if handler is None:
            return _json({"error": "no such request"}, 404)
        body = (await request.read()).decode("utf-8", "replace") if request.can_read_body else ""
        try:
            return _json(handler(dict(parse_qsl(query)) | dict(parse_qsl(body))))
        except ValueError as error:
            return _json({"error": str(error)}, 400)


def _host(request: web.BaseRequest) -> str:
    return request.headers.get("Host", "").rpartition(":")[0]


def amount_of(asked: Asked, name: str) -> Decimal:
    """Zero or more. Raises ValueError."""
    try:
        amount = Decimal(asked.get(name, ""))
    except InvalidOperation:
        raise ValueError(f"{name} is no number") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{name} must be zero or more")
    return amount


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
