"""Everything around the engine, answering as a test says: exchange, ledger, journal, latch, control."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.domain.actions import Action
from mm.domain.alert import Alert
from mm.domain.errors import LedgerError
from mm.domain.events import BookSeen, Event, MarketTradeSeen, StreamUp
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderReport, OrderStatus
from mm.engine.engine import Engine
from mm.engine.setup import EngineSetup
from mm.ports import Account, Balance, CancelAnswer, EventSink, KeyPermissions, PlaceAnswer, Unknown
from mm.runner.alerting import Alerting
from mm.runner.dispatch import Dispatcher, Parts
from tests.fakes.desk import START_AT, START_MONO, book, engine_setup, report
from tests.fakes.snapshots import CAPITAL, ETHUSDC, FEES


class ScriptedExchange:
    """Holds orders and trades as told; every call is kept in `calls`. `on_place`, `on_cancel` answer orders."""

    fence_seconds = 13.0

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.open: list[OrderReport] = []
        self.known: dict[str, OrderReport | None] = {}
        self.fills: list[Fill] = []
        self.uid = "7"
        self.can_trade = True
        self.balances = [Balance("USDC", CAPITAL, 0)]
        self.errors: dict[str, Exception] = {}
        """By name of a method: raised instead of an answer."""
        self.rules = ETHUSDC
        self.drift_ms = 0
        self.place_answer: Callable[[OrderIntent], Awaitable[PlaceAnswer]] = _opened
        self.cancel_answer: Callable[[str], Awaitable[CancelAnswer]] = _unknown
        self.stream: Callable[[EventSink], Awaitable[None]] = _silent

    def called(self, name: str) -> list[Any]:
        return [what for called, what in self.calls if called == name]

    def _call(self, name: str, what: Any = None) -> None:
        self.calls.append((name, what))
        if name in self.errors:
            raise self.errors[name]

    async def place(self, intent: OrderIntent) -> PlaceAnswer:
        self._call("place", intent.client_id)
        return await self.place_answer(intent)

    async def cancel(self, client_id: str) -> CancelAnswer:
        self._call("cancel", client_id)
        return await self.cancel_answer(client_id)

    async def server_time_ms(self) -> int:
        return 0

    async def instrument(self, symbol: str) -> Instrument:
        self._call("instrument", symbol)
        return self.rules

    async def fee_rates(self, symbol: str) -> FeeRates:
        return FEES

    async def account(self) -> Account:
        self._call("account")
        return Account(self.uid, self.can_trade, tuple(self.balances))

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        self._call("open_orders", symbol)
        return tuple(self.open)

    async def order(self, client_id: str) -> OrderReport | None:
        self._call("order", client_id)
        return self.known.get(client_id)

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None:
        self._call("order_by_exchange_id", exchange_id)
        known = [order for order in self.known.values() if order is not None]
        return next((order for order in known if order.exchange_id == exchange_id), None)

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        return ()

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        self._call("trades", from_id)
        later = sorted((fill for fill in self.fills if fill.trade_id >= from_id), key=lambda fill: fill.trade_id)
        return tuple(later[:limit])

    async def last_price(self, symbol: str) -> Decimal:
        self._call("last_price", symbol)
        return Decimal(3000)

    async def key_permissions(self) -> KeyPermissions | None:
        return None

    async def resync_clock(self) -> tuple[int, float]:
        self._call("resync_clock")
        return self.drift_ms, 0.0

    async def run(self, sink: EventSink) -> None:
        await self.stream(sink)

    async def close(self) -> None:
        return None


async def _opened(intent: OrderIntent) -> PlaceAnswer:
    return report(intent, OrderStatus.OPEN)


async def _unknown(_client_id: str) -> CancelAnswer:
    return Unknown("no answer")


async def _silent(_sink: EventSink) -> None:
    await asyncio.Event().wait()


class ListLedger:
    """`refuse` set: no intent becomes durable. `story` tells in what order things happened."""

    def __init__(self, story: list[str]) -> None:
        self.story = story
        self.rows: list[Any] = []
        self.refuse = ""
        self.commit_seconds = 0.0

    async def commit_intents(self, intents: Sequence[OrderIntent]) -> None:
        if self.commit_seconds:
            await asyncio.sleep(self.commit_seconds)
        if self.refuse:
            raise LedgerError(self.refuse)
        self.story.append(f"commit {' '.join(intent.client_id for intent in intents)}")

    def record(self, at: int, rows: Sequence[Any]) -> None:
        self.rows += rows


@dataclass
class ListJournal:
    entries: list[tuple[Event, Sequence[Action]]] = field(default_factory=list)

    def append(self, event: Event, actions: Sequence[Action]) -> None:
        self.entries.append((event, tuple(actions)))

    def sync(self) -> None: ...
    def close(self) -> None: ...

    def events(self, kind: type[Event]) -> list[Any]:
        return [event for event, _ in self.entries if isinstance(event, kind)]


class Latch:
    def __init__(self, story: list[str]) -> None:
        self.armed = True
        self.beats = 0
        self._story = story

    def is_armed(self) -> bool:
        self._story.append("latch")
        return self.armed

    def beat(self) -> None:
        self.beats += 1


class Orders:
    """People's commands."""

    def __init__(self) -> None:
        self.waiting: list[Event] = []
        self.halts: list[tuple[str, str]] = []
        self.incidents: list[tuple[str, str]] = []

    def poll(self) -> Sequence[Event]:
        taken, self.waiting = self.waiting, []
        return taken


class Office:
    """A dispatcher with everything around it; made inside virtual time."""

    def __init__(self, clock: SimulatedClock, setup: EngineSetup | None = None) -> None:
        self.clock = clock
        self.story: list[str] = []
        self.exchange = ScriptedExchange()
        self.ledger = ListLedger(self.story)
        self.journal = ListJournal()
        self.latch = Latch(self.story)
        self.control = Orders()
        self.alerts: list[Alert] = []
        self.engine = Engine(setup or engine_setup())
        self.parts = Parts(
            exchange=self.exchange,
            ledger=self.ledger,  # type: ignore[arg-type]  # the part of the port that a dispatcher uses
            journal=self.journal,
            latch=self.latch,
            control=self.control,
            clock=clock,
            write_halt=lambda cause, detail: self.control.halts.append((cause, detail)),
            write_incident=lambda kind, detail: self.control.incidents.append((kind, detail)),
            alerting=Alerting("sim", self.alerts.append, clock.monotonic()),
        )
        self.dispatcher = Dispatcher(self.engine, self.parts)

    def feed(self, kind: type[Event], **fields: Any) -> None:
        self.dispatcher.process(kind(**fields, **self.dispatcher.now()))

    async def open(self) -> None:
        """Market and account come up; the engine decides its first order as soon as the account was read."""
        self.feed(MarketTradeSeen, ticks=300_000, lots=1, buyer_is_maker=False, trade_id=0)
        self.feed(BookSeen, book=book())
        self.feed(StreamUp, stream="account")
        await settle()


async def settle() -> None:
    """Let everything that is ready run; no time passes."""
    for _ in range(30):
        await asyncio.sleep(0)


def in_office(story: Callable[[Office], Coroutine[Any, Any, None]], setup: EngineSetup | None = None) -> Office:
    """Play a story in virtual time; nothing of it may be left running."""
    clock = SimulatedClock(START_AT - START_MONO)
    clock.advance(START_MONO)
    made: list[Office] = []

    async def main() -> None:
        made.append(Office(clock, setup))
        try:
            await story(made[0])
        finally:
            await made[0].dispatcher.close()
            if made[0].dispatcher.finished.done():
                made[0].dispatcher.finished.exception()

    run_virtual(main(), clock=clock)
    return made[0]
