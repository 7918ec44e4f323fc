"""A whole small world in virtual time: generated market, venue in process, real ledger, journal, engine and runner."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from mm.clock.simulated import SimulatedClock
from mm.domain.alert import Alert
from mm.domain.errors import ExchangeError
from mm.domain.events import Event, FillSeen, OrderSeen, StreamDown, StreamUp
from mm.domain.fill import Fill
from mm.domain.instrument import to_units
from mm.domain.order import OrderIntent, OrderReport
from mm.domain.trading_day import TradingDay, trading_day_at
from mm.exchange.venue.flow import Flow
from mm.exchange.venue.in_process import InProcessExchange
from mm.exchange.venue.scenarios import SCENARIOS
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.execution.settings import ExecutionSettings
from mm.home import EnvironmentHome, Home
from mm.ports import Account, CancelAnswer, EventSink, NotSent, PlaceAnswer, Unknown
from mm.risk.settings import RiskSettings
from mm.runner.loop import RunOutcome
from mm.runner.startup import Run, RunSpec, Surroundings, prepared_run
from mm.strategy.settings import StrategySettings

SYMBOL = "ETHUSDC"
START_NS = 1_760_000_000_000_000_000


class FaultyExchange(InProcessExchange):
    """Does what a test says.

    `fault` to the next placements: `lost` never arrives, `unanswered` executes in silence, `not_sent` stays here;
    `cancel_fault` the same to cancels. `reads_fail`: no question is answered. `cut`: the streams are down, and what
    happens meanwhile is not told. `disorder`: own reports and fills come late, twice and in any order.
    """

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]  # passed through as given
        self.fault: Callable[[OrderIntent], str] = lambda _intent: ""
        self.cancel_fault: Callable[[str], str] = lambda _client_id: ""
        self.placed: list[str] = []
        self.reads_fail = False
        self.disorder: random.Random | None = None
        self._is_cut = False
        self._tell_engine: EventSink = lambda _event: None

    # --- orders

    async def place(self, intent: OrderIntent) -> PlaceAnswer:
        fault = self.fault(intent)
        if fault == "not_sent":
            return NotSent("limiter", "too many orders")
        if fault == "lost":
            await self._clock.sleep(5)
            return Unknown("no answer")
        self.placed.append(intent.client_id)
        answer = await super().place(intent)
        if fault == "unanswered":
            await self._clock.sleep(5)
            return Unknown("no answer")
        return answer

    async def cancel(self, client_id: str) -> CancelAnswer:
        fault = self.cancel_fault(client_id)
        if fault == "not_sent":
            return NotSent("limiter", "too many requests")
        answer: CancelAnswer = Unknown("no answer") if fault == "lost" else await super().cancel(client_id)
        return Unknown("no answer") if fault else answer

    # --- reads

    def _refuse(self) -> None:
        if self.reads_fail:
            raise ExchangeError("busy")

    async def account(self) -> Account:
        self._refuse()
        return await super().account()

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        self._refuse()
        return await super().open_orders(symbol)

    async def order(self, client_id: str) -> OrderReport | None:
        self._refuse()
        return await super().order(client_id)

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        self._refuse()
        return await super().trades(symbol, from_id, limit)

    # --- streams

    async def run(self, sink: EventSink) -> None:
        self._tell_engine = sink
        await super().run(self._pass_on)

    async def cut(self, seconds: float) -> None:
        """Both streams are down for so long."""
        self._is_cut = True
        for stream in ("market", "account"):
            self._tell_engine(StreamDown(stream=stream, why="cut", **self._now()))
        await self._clock.sleep(seconds)
        self._is_cut = False
        for stream in ("market", "account"):
            self._tell_engine(StreamUp(stream=stream, **self._now()))

    def _pass_on(self, event: Event) -> None:
        if self._is_cut:
            return
        if self.disorder is None or not isinstance(event, OrderSeen | FillSeen):
            self._tell_engine(event)
            return
        for _ in range(self.disorder.choice([1, 1, 2])):
            asyncio.get_running_loop().call_later(self.disorder.random() * 2, self._tell_later, event)

    def _tell_later(self, event: Event) -> None:
        if not self._is_cut:
            self._tell_engine(replace(event, **self._now()))


class Control:
    """People's commands, handed to the next poll."""

    def __init__(self) -> None:
        self.waiting: list[Event] = []
        self.halts: list[tuple[str, str]] = []
        self.incidents: list[tuple[str, str]] = []

    def poll(self) -> Sequence[Event]:
        taken, self.waiting = self.waiting, []
        return taken

    def write_halt(self, cause: str, detail: str) -> None:
        self.halts.append((cause, detail))

    def write_incident(self, kind: str, detail: str) -> None:
        self.incidents.append((kind, detail))


class StillResources:
    def sample(self) -> tuple[float, int]:
        return 0.0, 0


class World:
    """Outlives runs: make it inside virtual time, start runs in it one after another."""

    def __init__(self, folder: Path, clock: SimulatedClock, *, seed: int = 1, scenario: str = "lively") -> None:
        self.clock = clock
        self.home: EnvironmentHome = Home(folder).environment("sim")
        self.venue = Venue(default_symbols(), lambda: clock.now() // 1_000_000)
        self.account = self.venue.open_account({"USDC": Decimal(100)}, Decimal("0.001"), Decimal("0.001"), "key")
        self.flow = Flow(self.venue, SYMBOL, SCENARIOS[scenario], random.Random(seed), Decimal(3000))
        self.control = Control()
        self.alerts: list[Alert] = []
        self.exchange = FaultyExchange(self.venue, self.account.uid, SYMBOL, clock=clock, advance=self.flow.advance)
        self._runs = 0
        self.resumed: dict[str, int] = {}
        self.strategy = StrategySettings(
            base_spread=Decimal("0.002"), base_size=Decimal("0.001"), max_inventory=Decimal("0.01")
        )
        self.risk = RiskSettings(daily_loss_limit=Decimal(5), max_position=Decimal("0.01"))

    def spec(self, run_for: timedelta | None) -> RunSpec:
        self._runs += 1
        return RunSpec(
            run_id=f"run-{self._runs}",
            profile="100usdc",
            stage="testnet",
            stage_since=None,
            scenario="lively",
            symbol=SYMBOL,
            capital_units=to_units(Decimal(100)),
            strategy=self.strategy,
            risk=self.risk,
            execution=ExecutionSettings(),
            recv_window=timedelta(seconds=2),
            fence_margin=timedelta(seconds=1),
            config="{}",
            config_hash="c",
            code_hash="c",
            run_for=run_for,
            resumed=dict(self.resumed),
            may_replace_account=True,
            inline=True,
        )

    @asynccontextmanager
    async def run(self, run_for: timedelta | None = None) -> AsyncIterator[Run]:
        self.flow.advance(self.clock.now() // 1_000_000)
        around = Surroundings(
            exchange=self.exchange,
            clock=self.clock,
            control=self.control,
            write_halt=self.control.write_halt,
            write_incident=self.control.write_incident,
            resources=StillResources(),
            day_at=day_at,
            on_journal_failure=_fail,
            alert=self.alerts.append,
        )
        async with prepared_run(self.home, self.spec(run_for), around) as run:
            yield run

    def start(self, run: Run) -> "asyncio.Task[RunOutcome]":
        """Trades beside the story."""
        return asyncio.create_task(run.go())

    def own_open(self) -> list[str]:
        return [order.client_id for order in self.venue.open_orders(self.account.uid, SYMBOL)]


def day_at(moment: datetime) -> TradingDay:
    return trading_day_at(moment, time(22, 0), ZoneInfo("Asia/Shanghai"))


def utc(clock: SimulatedClock) -> datetime:
    return datetime.fromtimestamp(clock.now() / 1e9, tz=UTC)


def _fail(why: str) -> None:
    raise AssertionError(why)
