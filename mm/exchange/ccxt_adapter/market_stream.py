"""Book and trades of one symbol through ccxt.pro, on one connection."""

import asyncio
from typing import Any, NoReturn

from ccxt.base.errors import ChecksumError

from mm.domain.book import Book, Level
from mm.domain.events import BookSeen, MarketTradeSeen
from mm.exchange.ccxt_adapter.calls import Calls
from mm.exchange.ccxt_adapter.client import RawEvent
from mm.exchange.ccxt_adapter.limiter import RateLimiter
from mm.exchange.ccxt_adapter.reader import Reader
from mm.exchange.ccxt_adapter.reconnecting import Reconnecting, StreamEnded
from mm.exchange.ccxt_adapter.symbol import Symbol
from mm.ports import Clock

_SNAPSHOT_LEVELS = 1000
_REPEAT_AFTER = 1_000_000_000
"""A book that data confirms is shown again after so many nanoseconds, though its top did not change."""
_GAPS_IN_A_ROW = 3


class MarketStream(Reconnecting):
    """BookSeen, MarketTradeSeen, StreamUp and StreamDown `market`; `silence` in seconds."""

    name = "market"

    def __init__(
        self,
        calls: Calls,
        limiter: RateLimiter,
        clock: Clock,
        *,
        symbol: Symbol,
        reader: Reader,
        depth: int,
        silence: float,
    ) -> None:
        super().__init__(calls, limiter, clock)
        self._client = calls.client
        self._symbol = symbol
        self._reader = reader
        self._depth = depth
        self._silence = silence
        self._shown: Book | None = None
        self._shown_at = 0

    def takes(self, url: str) -> bool:
        return url.startswith(str(self._client.urls["api"]["ws"]["spot"]))

    def tap(self, event: RawEvent) -> bool:
        """Trades are mapped here, raw; depth goes on to ccxt, which keeps the book. Never raises."""
        kind = event.get("e")
        try:
            if kind == "serverShutdown":
                self._end(StreamEnded("the exchange is shutting this connection down"))
                return True
            if kind != "trade":
                return False
            if event["s"] == self._symbol.id:
                self._show_trade(event)
        except Exception as error:  # noqa: BLE001 - raised again where the session waits; here ccxt would lose it
            self._end(error)
        return True

    async def _session(self) -> NoReturn:
        await self._reader.ready()
        name = self._symbol.ccxt_name
        url = f"{self._client.urls['api']['ws']['spot']}/0"
        # ccxt would open one connection for the book and another for trades; named alike they share one.
        self._client.options["streamBySubscriptionsHash"] = {
            f"multipleOrderbook::{name}": "0",
            f"multipleTrades::{name}": "0",
        }
        self._client.orderbooks.pop(name, None)
        self._shown = None
        await self._client.drop(url)
        trades = asyncio.ensure_future(self._client.watch_trades(name))
        try:
            await self._follow(name, trades)
        finally:
            await _finish(trades)
            await self._client.drop(url)

    async def _follow(self, name: str, trades: "asyncio.Future[Any]") -> NoReturn:
        """One turn a message. A gap is mended on the same connection, unless gaps follow each other."""
        assert self._ended is not None  # noqa: S101 - run() sets it
        gaps = 0
        while True:
            book = asyncio.ensure_future(self._client.watch_order_book(name, _SNAPSHOT_LEVELS))
            try:
                await asyncio.wait(
                    {book, trades, self._ended}, timeout=self._silence, return_when=asyncio.FIRST_COMPLETED
                )
                for end in (self._ended, trades):
                    if end.done():
                        end.result()
                        raise StreamEnded("the trade subscription ended")
                if not book.done():
                    raise StreamEnded(f"no market data for {self._silence:g} s")
                self._show(book.result())
                gaps = 0
            except ChecksumError:
                gaps += 1
                if gaps >= _GAPS_IN_A_ROW:
                    raise StreamEnded("gaps in the depth updates, one after another") from None
                self._down("gap in the depth updates")
                self._up_since = None
                self._shown = None
                self._client.forget_failure(f"orderbook::{name}")
            finally:
                await _finish(book)

    def _show(self, live: Any) -> None:
        """Copies the top out of ccxt's live object, and tells it when it changed or a second has passed."""
        grid, _ = self._symbol.known()
        ticks, lots = grid.ticks_of_float, grid.lots_of_float
        bids: tuple[Level, ...] = tuple((ticks(price), lots(size)) for price, size in live["bids"][: self._depth])
        asks: tuple[Level, ...] = tuple((ticks(price), lots(size)) for price, size in live["asks"][: self._depth])
        mono = self._clock.monotonic()
        shown = self._shown
        if shown and shown.bids == bids and shown.asks == asks and mono - self._shown_at < _REPEAT_AFTER:
            return
        self._up()
        self._shown = Book(bids, asks, live["nonce"] or 0)
        self._shown_at = mono
        assert self._sink is not None  # noqa: S101 - run() sets it
        self._sink(BookSeen(at=self._clock.now(), mono=mono, book=self._shown, exchange_ms=int(live["timestamp"] or 0)))

    def _show_trade(self, event: RawEvent) -> None:
        grid, _ = self._symbol.known()
        assert self._sink is not None  # noqa: S101 - run() sets it
        self._sink(
            MarketTradeSeen(
                at=self._clock.now(),
                mono=self._clock.monotonic(),
                ticks=grid.ticks(event["p"]),
                lots=grid.lots(event["q"]),
                buyer_is_maker=bool(event["m"]),
                trade_id=int(event["t"]),
                exchange_ms=int(event.get("E") or 0),
            )
        )


async def _finish(task: "asyncio.Future[Any]") -> None:
    """Cancels `task` unless it is done; an error of it that nobody awaited any more is let go."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()
