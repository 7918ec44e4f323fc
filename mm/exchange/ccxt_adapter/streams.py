"""Runs market and account stream side by side and shares ccxt's raw events out between them."""

import asyncio
import logging

from mm.domain.errors import ExchangeError
from mm.ending import mortal
from mm.exchange.ccxt_adapter.account_stream import AccountStream
from mm.exchange.ccxt_adapter.client import BinanceClient, RawEvent
from mm.exchange.ccxt_adapter.market_stream import MarketStream
from mm.exchange.ccxt_adapter.reader import Reader
from mm.ports import Clock, EventSink

_FEE_PRICE_EVERY = 60.0
_log = logging.getLogger(__name__)


class Streams:
    """Plays the Streams port. A stream that cannot go on ends `run` with its error, never in silence."""

    def __init__(
        self, client: BinanceClient, clock: Clock, market: MarketStream, account: AccountStream, reader: Reader
    ) -> None:
        self._client = client
        self._clock = clock
        self._market = market
        self._account = account
        self._reader = reader

    async def run(self, sink: EventSink) -> None:
        """Until cancelled. Raises what the sink raises, in an ExceptionGroup."""
        self._client.mm_tap = self._tap
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(mortal(self._market.run(sink), "market-stream"))
                group.create_task(mortal(self._account.run(sink), "account-stream"))
                group.create_task(mortal(self._follow_fee_price(), "fee-price"))
        finally:
            self._client.mm_tap = None

    def _tap(self, url: str, event: RawEvent) -> bool:
        if self._account.takes(url):
            return self._account.tap(event)
        return self._market.takes(url) and self._market.tap(event)

    async def _follow_fee_price(self) -> None:
        while True:
            await self._clock.sleep(_FEE_PRICE_EVERY)
            try:
                await self._reader.ready()
                await self._reader.refresh_fee_price()
            except ExchangeError as error:
                _log.warning("price of the fee asset not read: %s", error.message)
