"""The user data stream over ccxt's WebSocket API connection, read raw.

ccxt subscribes, signs, pings and reconnects its socket; its own handling of user events is left out: it collapses
updates of one order between awaits, drops a trade's client order id, sums fees in floats and keeps a thousand of each.
Taking every raw event where it arrives costs less than ccxt's parsing and a client of our own would gain nothing.
"""

import asyncio
from typing import Any, NoReturn

from mm.domain.errors import AuthenticationRefused
from mm.domain.events import BalanceSeen, FillSeen, OrderSeen
from mm.exchange.ccxt_adapter.calls import Calls
from mm.exchange.ccxt_adapter.client import RawEvent
from mm.exchange.ccxt_adapter.limiter import RateLimiter
from mm.exchange.ccxt_adapter.mapping import balance, execution_report
from mm.exchange.ccxt_adapter.reader import Reader
from mm.exchange.ccxt_adapter.reconnecting import Reconnecting, StreamEnded
from mm.exchange.ccxt_adapter.symbol import Symbol
from mm.ports import Clock

_SOURCE = "stream"


class AccountStream(Reconnecting):
    """OrderSeen, FillSeen, BalanceSeen, StreamUp and StreamDown `account`.

    A fill is told before its order's new state, so that no order ever looks closed while its fill is not yet counted.
    """

    name = "account"

    def __init__(self, calls: Calls, limiter: RateLimiter, clock: Clock, symbol: Symbol, reader: Reader) -> None:
        super().__init__(calls, limiter, clock)
        self._client = calls.client
        self._symbol = symbol
        self._reader = reader

    @property
    def _url(self) -> str:
        return str(self._client.urls["api"]["ws"]["ws-api"]["spot"])

    def takes(self, url: str) -> bool:
        return url == self._url

    def tap(self, event: RawEvent) -> bool:
        """Every raw event of the connection. Never raises."""
        try:
            self._take(event)
        except Exception as error:  # noqa: BLE001 - raised again where the session waits; here ccxt would lose it
            self._end(error)
        return True

    async def _session(self) -> NoReturn:
        assert self._ended is not None  # noqa: S101 - run() sets it
        await self._reader.ready()
        why = self._calls.locked_out()
        if why:
            raise AuthenticationRefused(why, "mend the key, then start again")
        url = self._url
        # Also the cure of a subscription that failed once: on the old connection every later one would hang.
        await self._client.drop(url)
        try:
            async with asyncio.timeout(self._calls.timeout * 2):
                # Dial first: the signed subscription must not grow old while the connection is made.
                self._client.open()
                connection = self._client.client(url)
                await self._dial(connection)
                await self._client.ensure_user_data_stream_ws_subscribe_signature("spot")
            if self._client.clients.get(url) is not connection:
                raise StreamEnded("closed while subscribing")
            closed = _failure_of(connection, "mm-closed")
            self._up()
            await asyncio.wait({closed, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            for end in (self._ended, closed):
                if end.done() and not end.cancelled():
                    end.result()
            raise StreamEnded("the connection was closed")
        finally:
            await self._client.drop(url)

    async def _dial(self, connection: Any) -> None:
        # A dial that fails never settles ccxt's `connected`; it fails whatever waits by name.
        failed = _failure_of(connection, "mm-dial")
        connected = connection.connect(self._client.session)
        await asyncio.wait({failed, connected}, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            failed.result()

    def _take(self, event: RawEvent) -> None:
        kind = event["e"]
        if kind == "executionReport":
            if event["s"] == self._symbol.id:
                self._take_report(event)
        elif kind == "outboundAccountPosition":
            self._take_balances(event)
        elif kind == "eventStreamTerminated":
            self._end(StreamEnded("the exchange ended the subscription"))
        elif kind == "serverShutdown":
            self._end(StreamEnded("the exchange is shutting this connection down"))

    def _take_report(self, event: RawEvent) -> None:
        grid, fee_value = self._symbol.known()
        report, fill = execution_report(event, grid, fee_value)
        at, mono = self._clock.now(), self._clock.monotonic()
        assert self._sink is not None  # noqa: S101 - run() sets it
        if fill is not None:
            self._sink(FillSeen(at=at, mono=mono, fill=fill, source=_SOURCE))
        self._sink(OrderSeen(at=at, mono=mono, report=report, source=_SOURCE))

    def _take_balances(self, event: RawEvent) -> None:
        at, mono = self._clock.now(), self._clock.monotonic()
        assert self._sink is not None  # noqa: S101 - run() sets it
        for raw in event["B"]:
            seen = balance(str(raw["a"]), raw["f"], raw["l"])
            self._sink(
                BalanceSeen(
                    at=at, mono=mono, asset=seen.asset, free_units=seen.free_units, locked_units=seen.locked_units
                )
            )


def _failure_of(connection: Any, name: str) -> "asyncio.Future[Any]":
    """Settled when the connection fails, which may be after anybody waits for it: asyncio need not complain then."""
    failed: asyncio.Future[Any] = connection.future(name)
    failed.add_done_callback(lambda done: done.cancelled() or done.exception())
    return failed
