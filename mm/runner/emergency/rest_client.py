"""A tiny signed client of Binance's REST interface: time, open orders, cancel. Standard library only.

The one exception from "orders go through ccxt" (architecture, decision 13): it starts in some hundredths of a
second. It reads and cancels, and both may be repeated; only `send_once` places, and repeats nothing.
"""

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from mm.domain.errors import AuthenticationRefused, GeoBlocked
from mm.runner.emergency.access import Access

RECV_WINDOW_MS = 5000
CLOCK_REFUSED = -1021
UNKNOWN_ORDER = -2011
KEY_REFUSED = frozenset({-1002, -1022, -2014, -2015})

Connect = Callable[[str, float], http.client.HTTPConnection]
"""A connection to a base URL with a time-out in seconds; not yet opened."""


class TryAgain(Exception):
    """No reliable answer, or one that asks for patience: at least `wait` seconds of it."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


class Refused(Exception):
    """A parsed refusal that repeating does not mend by itself."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """`order_id` 0: not known, the client id names it."""

    symbol: str
    order_id: int
    client_id: str
    side: str
    price: str
    size: str

    def __str__(self) -> str:
        return f"{self.side} {self.size} {self.symbol} @ {self.price}, id {self.client_id or self.order_id}"


def connect(base_url: str, timeout: float) -> http.client.HTTPConnection:
    """Plain HTTP or verified TLS, as the URL says."""
    where = urlsplit(base_url)
    if where.scheme == "https":
        return http.client.HTTPSConnection(where.netloc, timeout=timeout)
    return http.client.HTTPConnection(where.netloc, timeout=timeout)


class RestClient:
    """Safe to use from several threads; each request takes a connection of its own or an idle one."""

    def __init__(self, access: Access, connecting: Connect = connect) -> None:
        self._access = access
        self._connecting = connecting
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._closed = False
        self._limited_until = 0.0
        self._offset_ms = 0
        self._key_refused: AuthenticationRefused | None = None
        self.answered = False
        """True once the exchange has answered anything."""

    def exchange_time_ms(self) -> int:
        """The exchange's clock as far as it is known."""
        return time.time_ns() // 1_000_000 + self._offset_ms

    def set_clock(self, timeout: float) -> None:
        """Learn the exchange's time; the answer is taken as of the middle of the round trip."""
        began = time.time_ns()
        server = int(self._call("GET", "/api/v3/time", {}, timeout)["serverTime"])
        self._offset_ms = server - (began + time.time_ns()) // 2_000_000

    def open_orders(self, symbol: str | None, timeout: float) -> list[OpenOrder]:
        """All open orders, also those of others; of every symbol when none is given."""
        answer = self._signed("GET", "/api/v3/openOrders", {"symbol": symbol} if symbol else {}, timeout)
        try:
            return [
                OpenOrder(
                    str(row["symbol"]),
                    int(row["orderId"]),
                    str(row["clientOrderId"]),
                    str(row["side"]),
                    str(row["price"]),
                    str(row["origQty"]),
                )
                for row in answer
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise TryAgain(f"the list of open orders cannot be read ({type(error).__name__})") from None

    def cancel(self, order: OpenOrder, timeout: float) -> bool:
        """True when this cancelled it, False when it was gone already."""
        named = {"orderId": str(order.order_id)} if order.order_id else {"origClientOrderId": order.client_id}
        try:
            self._signed("DELETE", "/api/v3/order", {"symbol": order.symbol, **named}, timeout)
        except Refused as refused:
            if refused.code == UNKNOWN_ORDER:
                return False
            raise
        return True

    def read(self, path: str, params: dict[str, str], timeout: float, *, signed: bool = True) -> Any:
        """Any GET. Raises as `_call`."""
        return self._signed("GET", path, params, timeout) if signed else self._call("GET", path, params, timeout)

    def send_once(self, path: str, params: dict[str, str], timeout: float) -> Any:
        """A signed POST: one request on a connection of its own, whatever happens. Raises as `_call`; after TryAgain
        its fate is not known."""
        return self._call("POST", path, self._sign(params), timeout, fresh=True)

    def _signed(self, method: str, path: str, params: dict[str, str], timeout: float) -> Any:
        try:
            return self._call(method, path, self._sign(params), timeout)
        except Refused as refused:
            if refused.code != CLOCK_REFUSED:
                raise
            self.set_clock(timeout)
            try:
                return self._call(method, path, self._sign(params), timeout)
            except Refused as again:
                if again.code == CLOCK_REFUSED:
                    raise TryAgain(str(again)) from None  # a slow way there can do this twice
                raise

    def _sign(self, params: dict[str, str]) -> dict[str, str]:
        stamped = {**params, "recvWindow": str(RECV_WINDOW_MS), "timestamp": str(self.exchange_time_ms())}
        signature = hmac.new(self._access.api_secret.encode(), urlencode(stamped).encode(), hashlib.sha256)
        return {**stamped, "signature": signature.hexdigest()}

    def _call(self, method: str, path: str, params: dict[str, str], timeout: float, *, fresh: bool = False) -> Any:
        """Raises TryAgain, Refused, AuthenticationRefused (which is final) or GeoBlocked."""
        if self._key_refused is not None:
            raise self._key_refused
        wait = self._limited_until - time.monotonic()
        if wait > 0:
            raise TryAgain("the exchange asked for fewer requests", wait)
        target = f"{path}?{urlencode(params)}" if params else path
        status, retry_after, body = self._exchange(method, target, timeout, fresh=fresh)
        self.answered = True
        return self._judged(status, retry_after, body)

    def _exchange(self, method: str, target: str, timeout: float, *, fresh: bool) -> tuple[int, str, bytes]:
        headers = {"X-MBX-APIKEY": self._access.api_key, "User-Agent": "mm"}
        with self._lock:
            connection = self._idle.pop() if self._idle and not fresh else None
        while True:
            reused = connection is not None
            if connection is None:
                connection = self._connecting(self._access.base_url, timeout)
            elif connection.sock is not None:
                connection.sock.settimeout(timeout)
            try:
                connection.request(method, target, headers=headers)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                connection = None
                if reused and isinstance(error, ConnectionError):
                    continue  # the server had closed an idle connection: once more on a fresh one
                # The text of an HTTPException may quote the request, with its signature.
                why = f"{type(error).__name__}: {error}" if isinstance(error, OSError) else type(error).__name__
                raise TryAgain(why) from None
            self._keep(connection)
            return answer.status, answer.headers.get("Retry-After", ""), body

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close every connection; one in use closes when its answer is there."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _judged(self, status: int, retry_after: str, body: bytes) -> Any:
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = None
        if status == 200 and parsed is not None:
            return parsed
        code, message = 0, ""
        if isinstance(parsed, dict) and isinstance(parsed.get("code"), int):
            code, message = parsed["code"], str(parsed.get("msg", ""))[:200]
        said = f"HTTP {status} {message}".strip() + (f" ({code})" if code else "")
        if status == 451:
            raise GeoBlocked(f"{self._access.base_url} refuses this place (HTTP 451)", "cancel from another network")
        if status in {418, 429}:
            wait = float(retry_after) if retry_after.isdecimal() else 1.0
            self._limited_until = max(self._limited_until, time.monotonic() + wait)
            raise TryAgain(f"{said}, asked to wait {wait:g} s", wait)
        if status == 401 or code in KEY_REFUSED:
            self._key_refused = AuthenticationRefused(
                f"{self._access.base_url} refuses the key: {said}",
                "check the key, its environment, permissions and IP list, or cancel on the exchange's own page",
            )
            raise self._key_refused
        if code and 400 <= status < 500:
            raise Refused(code, message)
        raise TryAgain(said)
