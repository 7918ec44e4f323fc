"""The Exchange port played by Binance through ccxt; the parts do the work."""

from decimal import Decimal

import aiohttp

from mm.domain.errors import ExchangeError
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderReport
from mm.exchange.ccxt_adapter.calls import Calls
from mm.exchange.ccxt_adapter.clock_sync import ClockSync
from mm.exchange.ccxt_adapter.errors import read_failure
from mm.exchange.ccxt_adapter.gateway import Gateway
from mm.exchange.ccxt_adapter.reader import Reader
from mm.exchange.ccxt_adapter.streams import Streams
from mm.ports import Account, CancelAnswer, EventSink, KeyPermissions, PlaceAnswer


class CcxtExchange:
    """Built by `connect.build_exchange`. `close` must be awaited; a session of its own is closed with it."""

    def __init__(
        self,
        *,
        calls: Calls,
        clock_sync: ClockSync,
        gateway: Gateway,
        reader: Reader,
        streams: Streams,
        own_session: aiohttp.ClientSession | None,
        fence_seconds: float,
    ) -> None:
        self._calls = calls
        self._clock_sync = clock_sync
        self._gateway = gateway
        self._reader = reader
        self._streams = streams
        self._own_session = own_session
        self._fence_seconds = fence_seconds

    @property
    def fence_seconds(self) -> float:
        return self._fence_seconds

    async def resync_clock(self) -> tuple[int, float]:
        """Exchange time minus local time and the round trip, both in ms; later timestamps use it.

        Raises ExchangeError when the exchange does not answer.
        """
        failure = None
        try:
            return await self._clock_sync.measure()
        except ExchangeError:
            raise
        except Exception as error:  # noqa: BLE001 - read by the one map, raised below without its chain
            failure = read_failure(error)
        raise failure.to_error("clock")

    # --- orders

    async def place(self, intent: OrderIntent) -> PlaceAnswer:
        return await self._gateway.place(intent)

    async def cancel(self, client_id: str) -> CancelAnswer:
        return await self._gateway.cancel(client_id)

    # --- reads

    async def server_time_ms(self) -> int:
        return await self._reader.server_time_ms()

    async def instrument(self, symbol: str) -> Instrument:
        return await self._reader.instrument(symbol)

    async def fee_rates(self, symbol: str) -> FeeRates:
        return await self._reader.fee_rates(symbol)

    async def account(self) -> Account:
        return await self._reader.account()

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        return await self._reader.open_orders(symbol)

    async def order(self, client_id: str) -> OrderReport | None:
        return await self._reader.order(client_id)

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None:
        return await self._reader.order_by_exchange_id(exchange_id)

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        return await self._reader.orders(symbol, from_exchange_id, limit)

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        return await self._reader.trades(symbol, from_id, limit)

    async def last_price(self, symbol: str) -> Decimal:
        return await self._reader.last_price(symbol)

    async def key_permissions(self) -> KeyPermissions | None:
        return await self._reader.key_permissions()

    # --- streams

    async def run(self, sink: EventSink) -> None:
        await self._streams.run(sink)

    async def close(self) -> None:
        await self._clock_sync.close()
        await self._calls.client.close()
        if self._own_session is not None:
            await self._own_session.close()
