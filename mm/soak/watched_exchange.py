"""The exchange as one instance of the bot uses it: everything passes, the oracle looks on, and a kill cuts it off."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from typing import Any, TypeVar

from mm.domain.events import BookSeen, Event, StreamDown, StreamUp
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderReport
from mm.ports import Account, CancelAnswer, EventSink, Exchange, KeyPermissions, PlaceAnswer
from mm.soak.instance import Instance
from mm.soak.oracle import Oracle

T = TypeVar("T")


class WatchedExchange:
    """Plays `mm.ports.Exchange` over another. A request that has left arrives even when its sender dies: it runs in a
    task of its own, which `spawn` makes and keeps. After the kill nothing leaves and no answer comes."""

    def __init__(
        self,
        inner: Exchange,
        instance: Instance,
        oracle: Oracle,
        spawn: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]],
    ) -> None:
        self._inner = inner
        self._instance = instance
        self._oracle = oracle
        self._spawn = spawn

    @property
    def fence_seconds(self) -> float:
        return self._inner.fence_seconds

    async def _alive(self) -> None:
        if self._instance.is_killed:
            await asyncio.get_running_loop().create_future()

    async def _sent(self, request: Coroutine[Any, Any, T]) -> T:
        answer: T = await asyncio.shield(self._spawn(request))
        await self._alive()
        return answer

    # --- orders -------------------------------------------------------------------------

    async def place(self, intent: OrderIntent) -> PlaceAnswer:
        await self._alive()
        self._oracle.sending(intent, self._instance)
        return await self._sent(self._inner.place(intent))

    async def cancel(self, client_id: str) -> CancelAnswer:
        await self._alive()
        return await self._sent(self._inner.cancel(client_id))

    # --- reads --------------------------------------------------------------------------

    async def _reading(self, what: str, answer: Awaitable[T]) -> T:
        turn = self._instance.turn()
        found = await answer
        await self._alive()
        self._instance.has_read(what, turn)
        return found

    async def account(self) -> Account:
        return await self._reading("account", self._inner.account())

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        return await self._reading("open_orders", self._inner.open_orders(symbol))

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        return await self._reading("trades", self._inner.trades(symbol, from_id, limit))

    async def order(self, client_id: str) -> OrderReport | None:
        return await self._reading("order", self._inner.order(client_id))

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None:
        return await self._reading("order", self._inner.order_by_exchange_id(exchange_id))

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        return await self._reading("orders", self._inner.orders(symbol, from_exchange_id, limit))

    async def server_time_ms(self) -> int:
        return await self._inner.server_time_ms()

    async def resync_clock(self) -> tuple[int, float]:
        return await self._inner.resync_clock()

    async def instrument(self, symbol: str) -> Instrument:
        return await self._inner.instrument(symbol)

    async def fee_rates(self, symbol: str) -> FeeRates:
        return await self._inner.fee_rates(symbol)

    async def last_price(self, symbol: str) -> Decimal:
        return await self._inner.last_price(symbol)

    async def key_permissions(self) -> KeyPermissions | None:
        return await self._inner.key_permissions()

    # --- streams ------------------------------------------------------------------------

    async def run(self, sink: EventSink) -> None:
        instance = self._instance

        def passing(event: Event) -> None:
            if instance.is_killed:
                return
            if isinstance(event, BookSeen):
                instance.book(event.exchange_ms)
            elif isinstance(event, StreamUp | StreamDown):
                instance.stream(event.stream, is_up=isinstance(event, StreamUp))
            sink(event)

        await self._inner.run(passing)

    async def close(self) -> None:
        """The exchange goes on after this instance."""
