"""The exchange as a bot in another process sees it: each call is one message there and one back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from mm.clock.simulated import SimulatedClock
from mm.domain.events import Event
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderReport
from mm.ports import Account, CancelAnswer, EventSink, KeyPermissions, PlaceAnswer

STEP = "step"
STEP_SECONDS = 0.25


class Request(NamedTuple):
    """`at` the bot's virtual time (UTC ns); `method` of the exchange, `STEP` or a note of what the bot has done."""

    at: int
    method: str
    args: tuple[Any, ...]


class Answer(NamedTuple):
    """`value` is raised when it is an exception; `events` happened since the last answer."""

    value: Any
    events: Sequence[Event]


class PipedExchange:
    """Plays `mm.ports.Exchange` in virtual time. A call blocks the process: no time passes for the bot meanwhile, as
    on an exchange that answers at once."""

    fence_seconds = 13.0

    def __init__(self, pipe: Connection, clock: SimulatedClock) -> None:
        self._pipe = pipe
        self._clock = clock
        self._sink: Callable[[Event], None] = lambda _event: None

    def tell(self, note: str) -> None:
        """Whoever kills is told what the bot has reached."""
        self._pipe.send(Request(self._clock.now(), note, ()))

    def _asked(self, method: str, *args: Any) -> Any:
        self._pipe.send(Request(self._clock.now(), method, args))
        answer: Answer = self._pipe.recv()
        for event in answer.events:
            self._sink(replace(event, at=self._clock.now(), mono=self._clock.monotonic()))
        if isinstance(answer.value, Exception):
            raise answer.value
        return answer.value

    async def place(self, intent: OrderIntent) -> PlaceAnswer:
        answer: PlaceAnswer = self._asked("place", intent)
        return answer

    async def cancel(self, client_id: str) -> CancelAnswer:
        answer: CancelAnswer = self._asked("cancel", client_id)
        return answer

    async def server_time_ms(self) -> int:
        return int(self._asked("server_time_ms"))

    async def resync_clock(self) -> tuple[int, float]:
        return 0, 0.0

    async def instrument(self, symbol: str) -> Instrument:
        answer: Instrument = self._asked("instrument", symbol)
        return answer

    async def fee_rates(self, symbol: str) -> FeeRates:
        answer: FeeRates = self._asked("fee_rates", symbol)
        return answer

    async def account(self) -> Account:
        answer: Account = self._asked("account")
        return answer

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        answer: tuple[OrderReport, ...] = self._asked("open_orders", symbol)
        return answer

    async def order(self, client_id: str) -> OrderReport | None:
        answer: OrderReport | None = self._asked("order", client_id)
        return answer

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None:
        answer: OrderReport | None = self._asked("order_by_exchange_id", exchange_id)
        return answer

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        answer: tuple[OrderReport, ...] = self._asked("orders", symbol, from_exchange_id, limit)
        return answer

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        answer: tuple[Fill, ...] = self._asked("trades", symbol, from_id, limit)
        return answer

    async def last_price(self, symbol: str) -> Decimal:
        answer: Decimal = self._asked("last_price", symbol)
        return answer

    async def key_permissions(self) -> KeyPermissions | None:
        return None

    async def run(self, sink: EventSink) -> None:
        self._sink = sink
        while True:
            self._asked(STEP)
            await self._clock.sleep(STEP_SECONDS)

    async def close(self) -> None:
        return None
