"""ccxt's Binance with four things put in place: our clock, our limiter, the facts of a failed answer, and raw events.

Nothing of ccxt is patched: its own hooks are overridden (`nonce`, `request`, `handle_errors`, `handle_message`).
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from ccxt.base.errors import BadResponse, BaseError, NetworkError

from mm.exchange.ccxt_adapter.errors import HttpAnswer, retry_after
from mm.exchange.ccxt_adapter.limiter import RateLimiter
from mm.exchange.ccxt_adapter.slim_import import load_binance
from mm.ports import Clock

RawEvent = Mapping[str, Any]
Tap = Callable[[str, RawEvent], bool]
"""Called with the connection's address and a raw event; True: taken, ccxt shall not handle it."""

_ORDER_PATH = "order"
_PLAIN = re.compile(r"[A-Za-z0-9_.~&=-]*")
_MARKET_WEIGHTS = {"exchangeInfo": 20, "time": 1, "ping": 1, "ticker/price": 2, "depth": 50}
_QUERY_WEIGHTS = {
    "account": 20,
    "openOrders": 6,
    "allOrders": 20,
    "order": 4,
    "myTrades": 20,
    "account/commission": 20,
}
_OTHER_WEIGHT = 1
_GOODBYE = 0.5
"""Seconds a peer gets to answer the closing of a WebSocket."""

# ccxt logs the key header and signed addresses at DEBUG; a logger outside the tree cannot be switched to DEBUG.
_quiet = logging.Logger("ccxt.quiet", logging.WARNING)

_Binance: Any = load_binance()


class BinanceClient(_Binance):  # type: ignore[misc]  # ccxt ships no types
    """One connection to Binance for REST and WebSocket. Not thread-safe, like all of asyncio."""

    logger = _quiet

    def use(self, clock: Clock, limiter: RateLimiter) -> None:
        """Must be called once before the first request."""
        self.mm_clock = clock
        self.mm_limiter = limiter
        self.mm_offset_ms = 0
        self.mm_tap: Tap | None = None

    def nonce(self) -> int:
        """The exchange's time in milliseconds, as last measured: the timestamp of every signed request."""
        return self.mm_clock.now() // 1_000_000 + self.mm_offset_ms

    async def request(
        self,
        path: str,
        api: Any = "public",
        method: str = "GET",
        params: Any = None,
        config: Any = None,
    ) -> Any:
        """Every REST request passes here, ccxt's own too. Placing and cancelling took their permit before."""
        if path == _ORDER_PATH and method in ("POST", "DELETE"):
            # Signed and sent, once: ccxt's way round repeats on failure when told to, and looks up options first.
            signed = self.sign(path, api, method, params)
            return await self.fetch(signed["url"], signed["method"], signed["headers"], signed["body"])
        private = api[0] in ("private", "sapi")
        weight = (_QUERY_WEIGHTS if private else _MARKET_WEIGHTS).get(path, _OTHER_WEIGHT)
        await self.mm_limiter.wait_read(weight, query=private)
        return await super().request(path, api, method, params or {}, config or {})

    @staticmethod
    def urlencode(params: Mapping[str, Any] | None = None, doseq: bool = False, sort: bool = False) -> str:  # noqa: FBT001, FBT002 - ccxt's signature
        """Parameters without anything to escape, which ours are, are joined; all others go ccxt's way."""
        params = params or {}
        text = "&".join([f"{name}={value}" for name, value in params.items()])
        plain = _PLAIN.fullmatch(text) and text.count("=") == len(params) and text.count("&") == len(params) - 1
        if plain and not doseq and not sort and not any(isinstance(value, bool) for value in params.values()):
            return text
        return str(_Binance.urlencode(params, doseq, sort))

    def handle_errors(  # noqa: PLR0917 - ccxt's signature
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: Mapping[str, str],
        body: str,
        response: Any,
        request_headers: Any,
        request_body: Any,
    ) -> None:
        """Lets ccxt judge, then attaches what the exchange said; no status of 400 or more passes in silence."""
        http = code > 0
        if http:
            self._read_limits(code, headers)
        if http and code < 300 and not (isinstance(response, dict) and "code" in response):
            return
        answer = _answer(code if http else 0, headers, response)
        try:
            super().handle_errors(code, reason, url, method, headers, body, response, request_headers, request_body)
        except BaseError as error:
            error.answer = answer
            raise
        if (http and code >= 300) or answer.code < 0:
            # 524, 599, 413 and others that ccxt lets pass: the caller would get an order without an id.
            failure = BadResponse(f"binance HTTP {code}")
            failure.answer = answer
            raise failure

    def handle_message(self, client: Any, message: Any) -> None:
        """Raw events go to the tap first; a connection that was given up is closed, not listened to."""
        if self.clients.get(client.url) is not client:
            asyncio.ensure_future(client.close())  # noqa: RUF006 - short-lived, and the loop of the client holds it
            return
        if self.mm_tap is not None and isinstance(message, dict):
            wrapped = message.get("event")
            event = wrapped if isinstance(wrapped, dict) else message
            if "e" in event and self.mm_tap(client.url, event):
                return
        super().handle_message(client, message)

    def client(self, url: str) -> Any:
        known = self.clients.get(url) if self.clients else None
        if known is not None:
            return known
        connection = super().client(url)
        connection.future = _retrieving(connection.future)
        connection.handle_message = _guarded(connection)
        return connection

    def on_connected(self, client: Any, message: Any = None) -> None:
        """A dial that outlived its connection's being given up must not leave an open connection behind."""
        super().on_connected(client, message)
        if self.clients.get(client.url) is not client:
            asyncio.ensure_future(client.close())  # noqa: RUF006 - as above

    def forget_failure(self, what: str) -> None:
        """A failure that came while nobody waited stays in ccxt's list and would fail every later wait as well."""
        for client in self.clients.values():
            future = client.futures.get(what)
            if future is not None and future.done():
                del client.futures[what]

    async def drop(self, url: str) -> None:
        """Give up the connection to `url` for good, with all that waits on it (the cure of a stuck subscription)."""
        self.ws_dial_backoff: dict[str, Any] = {}  # the pauses between dials are ours
        client = self.clients.pop(url, None)
        if client is not None:
            # aiohttp would wait 10 s for a dead peer's goodbye; cut short, it drops the connection. Not `wait_for`:
            # before Python 3.12 it swallows a cancellation that comes just when the goodbye is done.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await client.close()

    async def close(self, clean_instance_data: bool = False) -> None:  # noqa: FBT001, FBT002 - ccxt's signature
        for url in list(self.clients):
            await self.drop(url)
        await super().close(clean_instance_data)

    def _read_limits(self, status: int, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            lowered = name.lower()
            if lowered == "x-mbx-used-weight-1m" and value.isdigit():
                self.mm_limiter.saw_used_weight(int(value))
            elif lowered == "x-mbx-order-count-10s" and value.isdigit():
                self.mm_limiter.saw_order_count(int(value))
        if status in (403, 418, 429):
            self.mm_limiter.refused(status, retry_after(headers))


def _retrieving(future: Callable[[str], Any]) -> Callable[[str], Any]:
    """ccxt makes a future for others who would log in meanwhile; of its failure nobody hears, there is no other."""

    def made(name: str) -> Any:
        found = future(name)
        if name.startswith("authenticate:"):
            found.add_done_callback(lambda done: done.cancelled() or done.exception())
        return found

    return made


def _guarded(connection: Any) -> Callable[[Any], None]:
    """A message that cannot be read ends the connection at once. ccxt would stop listening, and learn of it only when
    it misses the answers to its pings."""
    handle = connection.handle_message

    def handled(message: Any) -> None:
        try:
            handle(message)
        except Exception as error:  # noqa: BLE001 - told by whoever waits on the connection; here asyncio would log it
            connection.on_error(NetworkError(f"a message cannot be read: {type(error).__name__}"))

    return handled


def _answer(status: int, headers: Mapping[str, str], response: Any) -> HttpAnswer:
    code, message, wait = 0, "", retry_after(headers)
    if isinstance(response, dict):
        try:
            code = int(response.get("code", 0))
        except (TypeError, ValueError):
            code = 0
        message = str(response.get("msg", ""))
        told = response.get("data")
        if wait is None and isinstance(told, dict) and "retryAfter" in told:
            # Over WebSocket the end of a ban is told in milliseconds since 1970.
            wait = retry_after({"Retry-After": str((told["retryAfter"] - told.get("serverTime", 0)) / 1000)})
    return HttpAnswer(status, code, message, wait)
