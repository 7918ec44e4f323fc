"""The venue's own requests under /mm/: status, reset, trades. Guarded by the token in keys.json."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from mm.exchange.venue_server.keys import TOKEN_HEADER


class Operator(Protocol):
    """What the owner of the venue lets the admin requests do."""

    def status(self) -> dict[str, Any]: ...
    def trades(self, *, all_accounts: bool) -> list[dict[str, object]]: ...
    def reset(self, deposit: Decimal) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Admin:
    operator: Operator
    token: Callable[[], str]

    async def answer(self, request: web.BaseRequest, path: str, query: str) -> web.Response:
        sent = request.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(sent.encode(), self.token().encode()):
            return _json({"error": "wrong token"}, 403)
        try:
            return self._carry_out(request.method, path, dict(parse_qsl(query)))
        except ValueError as error:
            return _json({"error": str(error)}, 400)

    def _carry_out(self, method: str, path: str, asked: dict[str, str]) -> web.Response:
        match (method, path):
            case ("GET", "/mm/status"):
                return _json(self.operator.status())
            case ("GET", "/mm/trades"):
                return _json(self.operator.trades(all_accounts=asked.get("all") == "true"))
            case ("POST", "/mm/reset"):
                return _json(self.operator.reset(_amount(asked.get("deposit", ""))))
        return _json({"error": "no such request"}, 404)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("deposit is no number") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("deposit must be zero or more")
    return amount


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
