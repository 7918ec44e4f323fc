"""REST: routes, raw signatures, limit headers, error bodies."""

from typing import Any

import orjson
from aiohttp import web

from mm.exchange.venue_server import account, market_data, trading
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.call import call
from mm.exchange.venue_server.endpoint import Endpoint
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served

_JSON = "application/json;charset=UTF-8"


class Rest:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._routes: dict[tuple[str, str], Endpoint] = market_data.REST | trading.REST | account.REST
        if served.flavour == "mainnet":
            self._routes |= account.SAPI
        self._paths = frozenset(path for _, path in self._routes)

    async def answer(self, request: web.BaseRequest, path: str, query: str) -> web.Response:
        """Binance's answer to any HTTP request, unknown paths included."""
        endpoint = self._routes.get((request.method, path))
        if endpoint is None:
            return web.Response(status=405 if path in self._paths else 404, text="", content_type="text/html")
        body = (await request.read()).decode("utf-8", "replace") if request.can_read_body else ""
        served, address = self._served, request.remote or ""
        api_key = request.headers.get("X-MBX-APIKEY")
        headers: dict[str, str] = {"Content-Type": _JSON}
        status = 200
        result: Any
        try:
            parameters = Parameters.parse(query, body)
            result, uid = call(
                served,
                address,
                endpoint,
                parameters,
                lambda now_ms: served.signatures.check_rest(api_key, query, body, parameters, now_ms),
            )
            if endpoint.orders:
                limit, now_ms = served.order_limit(uid), served.now_ms()
                headers["X-MBX-ORDER-COUNT-10S"] = str(limit.ten_seconds.at(now_ms))
                headers["X-MBX-ORDER-COUNT-1D"] = str(limit.day.at(now_ms))
        except ApiError as error:
            result, status = error.body(), error.status
            if error.retry_after:
                headers["Retry-After"] = str(error.retry_after)
        used = str(served.weights.used(address, served.now_ms()))
        headers["X-MBX-USED-WEIGHT"] = headers["X-MBX-USED-WEIGHT-1M"] = used
        return web.Response(body=orjson.dumps(result), status=status, headers=headers)
