"""REST: routes, raw signatures, limit headers, error bodies, time units, compressed answers."""

import gzip
import logging
import uuid

import orjson
from aiohttp import web

from mm.exchange.venue_server import account, api_error, market_data, sapi, trading
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.api_key import ApiKey
from mm.exchange.venue_server.call import call
from mm.exchange.venue_server.endpoint import Endpoint
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.time_unit import in_microseconds, is_microsecond

log = logging.getLogger("mm.venue")
_JSON = "application/json;charset=UTF-8"
_FORM = "application/x-www-form-urlencoded"
_COMPRESS_FROM = 1024
"""Bytes from which an answer is compressed for those who accept it."""
_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"
_REASONS = {404: "404 Not Found", 405: "405 Not Allowed"}


class Rest:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._routes: dict[tuple[str, str], Endpoint] = market_data.REST | trading.REST | account.REST
        if served.flavour == "mainnet":
            self._routes |= sapi.REST
        self._paths: dict[str, list[str]] = {}
        for method, path in self._routes:
            self._paths.setdefault(path, []).append(method)

    async def answer(self, request: web.BaseRequest, path: str, query: str) -> web.Response:
        """Binance's answer to any HTTP request, unknown paths included."""
        method = "GET" if request.method == "HEAD" else request.method
        endpoint = self._routes.get((method, path))
        if endpoint is None:
            return self._no_route(request.method, path)
        sent = await _form(request)
        body = "" if method == "GET" else sent
        served, address = self._served, request.remote or ""
        headers: dict[str, str] = {"Content-Type": _JSON, "x-mbx-uuid": str(uuid.uuid4())}
        status = 200
        try:
            microseconds = _microseconds(request)
            parameters = Parameters.parse(query, body)

            def signer(now_ms: int) -> ApiKey:
                key = served.signatures.check_key(request.headers.get("X-MBX-APIKEY"), endpoint.security, address)
                served.signatures.check_rest(key, query, body, parameters, now_ms)
                return key

            result, uid = call(served, address, endpoint, parameters, signer)
            if microseconds:
                result = in_microseconds(result)
            if endpoint.orders:
                limit, now_ms = served.order_limit(uid), served.now_ms()
                headers["X-MBX-ORDER-COUNT-10S"] = str(limit.ten_seconds.at(now_ms))
                headers["X-MBX-ORDER-COUNT-1D"] = str(limit.day.at(now_ms))
            payload = orjson.dumps(result)
        except ApiError as error:
            payload, status = orjson.dumps(error.body()), error.status
            if error.retry_after:
                headers["Retry-After"] = str(error.retry_after)
        except Exception:
            log.exception("%s %s failed", method, path)
            payload, status = orjson.dumps(api_error.unknown().body()), api_error.unknown().status
        used = str(served.weights.used(address, served.now_ms()))
        headers["X-MBX-USED-WEIGHT"] = headers["X-MBX-USED-WEIGHT-1M"] = used
        if len(payload) >= _COMPRESS_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
            payload = gzip.compress(payload, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=payload, status=status, headers=headers)

    def _no_route(self, method: str, path: str) -> web.Response:
        methods = self._paths.get(path)
        if methods is not None and method == "OPTIONS":
            allowed = ", ".join(sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}))
            return web.Response(status=200, headers={"Allow": allowed})
        status = 404 if methods is None else 405
        return web.Response(status=status, text=_PAGE.format(_REASONS[status]), content_type="text/html")


async def _form(request: web.BaseRequest) -> str:
    """The body of a form; a body of another kind holds no parameters."""
    if not request.body_exists:  # it may have been read already: aiohttp keeps it
        return ""
    sent = await request.read()
    kind = request.headers.get("Content-Type", _FORM).partition(";")[0].strip().lower()
    return sent.decode("utf-8", "replace") if kind == _FORM else ""


def _microseconds(request: web.BaseRequest) -> bool:
    unit = request.headers.get("X-MBX-TIME-UNIT")
    return unit is not None and is_microsecond(unit)
