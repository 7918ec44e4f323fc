"""One small story under a fault, played twice: over the wire through the ccxt adapter, and in process."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from mm.clock.live import LiveClock
from mm.clock.simulated import SimulatedClock
from mm.domain.errors import MmError
from mm.domain.events import Event, StreamUp
from mm.domain.order import OrderIntent, OrderReport, OrderType, Side
from mm.exchange.ccxt_adapter.connect import VenueEndpoint, build_exchange
from mm.exchange.credentials import Credentials
from mm.exchange.settings import ExchangeSettings
from mm.exchange.venue.faults.fault import Fault
from mm.exchange.venue.faults.kind import Scope
from mm.exchange.venue.faults.kinds import KINDS
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faulty_exchange import FaultyExchange
from mm.exchange.venue.in_process import InProcessExchange
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder
from mm.exchange.venue_server.server import running_server
from mm.ports import Exchange, NotSent, Rejected, Unknown

KEY, SECRET = "K" * 60 + "own1", "S" * 60 + "own1"
OTHER = "K" * 60 + "oth2"
SYMBOL = "ETHUSDC"
START_MS = 1_760_000_000_000
SETTINGS = ExchangeSettings(
    request_timeout=timedelta(seconds=1),
    keep_alive=timedelta(seconds=1),
    silence_after=timedelta(seconds=2),
)
_FEES = (Decimal("0.001"), Decimal("0.001"))


@dataclass
class Stage:
    """`exchange` is what the bot would talk to; `plan` its faults; `trade` gives the own bid a fill."""

    venue: Venue
    exchange: Exchange
    plan: FaultPlan
    own: int
    other: int
    events: list[Event] = field(default_factory=list)
    _orders: int = 0

    def strike(self, kind: str, value: str = "", seconds: float = 600, **more: Any) -> None:
        """The fault begins now."""
        now = self.venue.now_ms()
        ends = now + 1 if KINDS[kind].scope is Scope.ONCE else now + round(seconds * 1000)
        self.plan.add(Fault(kind, now, ends, value=value, **more))

    def intent(self, price: str = "2990.00", size: str = "0.0100") -> OrderIntent:
        self._orders += 1
        return OrderIntent(
            client_id=f"mm-test01-{self._orders}",
            symbol=SYMBOL,
            side=Side.BUY,
            type=OrderType.LIMIT_MAKER,
            ticks=int(Decimal(price) * 100),
            lots=int(Decimal(size) * 10000),
            decided_at=0,
        )

    def others(self, side: str, price: str, size: str, kind: str = "LIMIT") -> int:
        """The other account's order; its id."""
        return self.venue.place(
            self.other,
            NewOrder(
                symbol=SYMBOL,
                side=side,
                type=kind,
                time_in_force="GTC",
                quantity=Decimal(size),
                price=Decimal(price),
            ),
        ).order_id

    def placed(self) -> int:
        """How many orders of ours the venue ever took."""
        return len(self.venue.all_orders(self.own, SYMBOL))

    async def until(self, condition: Callable[[], bool], seconds: float = 15.0) -> bool:
        """Does it hold within `seconds`? In virtual time they pass at once."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not condition():
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(0.01)
        return True

    @contextlib.asynccontextmanager
    async def streaming(self) -> AsyncIterator[None]:
        """Both streams are up inside the block."""
        task = asyncio.create_task(self.exchange.run(self.events.append))
        try:
            both = {"market", "account"}
            assert await self.until(lambda: {e.stream for e in self.events if isinstance(e, StreamUp)} == both)
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()


Story = Callable[[Stage], Awaitable[Any]]


def _accounts(now_ms: Callable[[], int]) -> tuple[Venue, int, int]:
    rules = default_symbols()
    venue = Venue({SYMBOL: rules[SYMBOL]}, now_ms)
    own = venue.open_account({"USDC": Decimal(1000), "ETH": Decimal(1)}, *_FEES, KEY).uid
    other = venue.open_account({"USDC": Decimal(1000000), "ETH": Decimal(1000)}, *_FEES, OTHER).uid
    return venue, own, other


def _quote(stage: Stage) -> None:
    stage.others("BUY", "2999.00", "1")
    stage.others("SELL", "3001.00", "1")


async def over_the_wire(story: Story) -> Any:
    venue, own, other = _accounts(lambda: time.time_ns() // 1_000_000)
    plan = FaultPlan((), random.Random(1))
    async with running_server(venue, secrets={KEY: SECRET}, faults=plan) as server:
        endpoint = VenueEndpoint(server.host, server.port)
        credentials = Credentials(SecretStr(KEY), SecretStr(SECRET))
        exchange = build_exchange("sim", credentials, SETTINGS, SYMBOL, LiveClock(), endpoint)
        stage = Stage(venue, exchange, plan, own, other)
        _quote(stage)
        # Changes of the book, so that there is market data at all.
        ticking = asyncio.create_task(_keep_moving(stage))
        try:
            await exchange.instrument(SYMBOL)
            found = await story(stage)
        finally:
            ticking.cancel()
            await asyncio.wait([ticking])
            await exchange.close()
            if not ticking.cancelled():
                ticking.result()
    venue.close()
    return found


async def in_process(story: Story, clock: SimulatedClock) -> Any:
    venue, own, other = _accounts(lambda: clock.now() // 1_000_000)
    plan = FaultPlan((), random.Random(1))
    inner = InProcessExchange(venue, own, SYMBOL, clock=clock, advance=lambda _now_ms: None, step_seconds=0.05)

    def wipe() -> None:
        state = venue.account(inner.uid)
        inner.uid = venue.reopen_account(KEY, {b.asset: b.free + b.locked for b in state.balances}, *_FEES).uid

    exchange = FaultyExchange(
        inner, plan, symbol=SYMBOL, clock=clock, true_ms=venue.now_ms, settings=SETTINGS, wipe=wipe
    )
    stage = Stage(venue, exchange, plan, own, other)
    _quote(stage)
    try:
        return await story(stage)
    finally:
        await exchange.close()
        venue.close()


async def _keep_moving(stage: Stage) -> None:
    size = 1
    while True:
        await asyncio.sleep(0.05)
        size = size % 7 + 1
        moving = stage.others("BUY", "2900.00", f"0.01{size}")
        await asyncio.sleep(0.05)
        stage.venue.cancel(stage.other, SYMBOL, order_id=moving)


async def told(answer: Awaitable[Any]) -> str:
    """What the bot got, in a word or two."""
    try:
        found = await answer
    except MmError as error:
        return type(error).__name__
    if isinstance(found, Rejected):
        return f"Rejected {found.code} {found.reason}"
    if isinstance(found, NotSent):
        return f"NotSent {found.code}"
    if isinstance(found, Unknown):
        return "Unknown"
    if isinstance(found, OrderReport):
        return found.status.value
    return type(found).__name__
