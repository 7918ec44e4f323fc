"""The real bot on a venue in process, in virtual time: instance after instance on one ledger, watched by the oracle."""

import asyncio
import gc
import random
import shutil
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mm.clock.simulated import SimulatedClock
from mm.config.loader import LoadedSettings
from mm.control.reader import ControlPoller
from mm.control.store import ControlStore
from mm.domain.actions import Action, Reconcile
from mm.domain.alert import Alert
from mm.domain.errors import ExchangeError, HaltedError, LedgerError, MmError, NotProven
from mm.domain.events import Event, Reconciled
from mm.domain.instrument import to_units
from mm.domain.risk import TradingState
from mm.domain.trading_day import trading_day_at
from mm.exchange.venue.events import ExecutionReport
from mm.execution.client_order_id import prefix
from mm.fields import nanoseconds
from mm.home import EnvironmentHome, Home
from mm.ledger.ledger import SqliteLedger
from mm.ledger.queries import LedgerQueries
from mm.ports import StopLatch
from mm.rollout.stages import Stage, cap_risk
from mm.runner.latch import trip
from mm.runner.startup import Run, RunSpec, Surroundings, prepared_run
from mm.soak.instance import Instance
from mm.soak.ledger_rows import LedgerRows
from mm.soak.market import SoakMarket
from mm.soak.operator import Operator
from mm.soak.oracle import Oracle
from mm.soak.pace import DAYS, Pace
from mm.soak.quick_reads import QuickControl, QuickLatch
from mm.soak.restarts import KILL_NOW, STOP, TRIP, Restarts
from mm.soak.run_spec import run_spec
from mm.soak.trace import Trace
from mm.soak.watched_exchange import WatchedExchange

ENVIRONMENT = "sim"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_LAST_STARTS = 10
_BEFORE_LAST_START = 120.0
"""Virtual seconds before each start after the end."""
_LOOK = 2.0
"""Virtual seconds between two looks at what is written, if anything was carried out; a row is so old at most, or as old
as the action before it, when a kill loses it."""
_NEVER = 1 << 62
_LATEST = 700.0
"""A request may be so long on its way."""


class StillResources:
    """Plays `mm.runner.loop.Resources`: what the machine does must not be in the trace."""

    def sample(self) -> tuple[float, int]:
        return 0.0, 0


class World:
    """Made inside virtual time. `folder` is the soak's own; each killed instance leaves a copy of its files there, the
    next one goes on with it. `play` ends early at the first violation."""

    def __init__(
        self,
        folder: Path,
        loaded: LoadedSettings,
        profile: str,
        clock: SimulatedClock,
        market: SoakMarket,
        *,
        seed: int,
        restarts: bool = True,
        pace: Pace = DAYS,
    ) -> None:
        settings = loaded.settings
        self._pace = pace
        self.clock = clock
        self.market = market
        self.loaded = loaded
        self.profile = profile
        self.trace = Trace()
        self.outcomes: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()
        self.runs = 0
        self.clean_runs = 0
        self.active_ns = 0
        rng = random.Random(seed)  # noqa: S311 - moments and names, no secrets
        self.risk = cap_risk(settings.risk, Stage.TESTNET, ENVIRONMENT)
        self._folder = folder
        self._copies = 0
        self.home = Home(folder / "home-0")
        self.files.make()
        self._tag = "".join(rng.choice(_LETTERS) for _ in range(6))
        self._restarts = Restarts(rng, is_on=restarts, pace=pace)
        self.control = ControlStore(folder / "control.db", now=self.now)
        self.operator = Operator(self.control, ENVIRONMENT, self.now, pace)
        self._requests: set[asyncio.Task[Any]] = set()
        self.oracle: Oracle
        self._task: asyncio.Task[Any] | None = None
        self._instance: Instance | None = None
        self._latch: QuickLatch | None = None
        self._has_acted = True
        self._is_proven = True
        self._run: Run | None = None
        self._reading_from = 0
        self._agreed_until: int | None = None

    @property
    def files(self) -> EnvironmentHome:
        return self.home.environment(ENVIRONMENT)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now() / 1e9, tz=UTC)

    async def begin(self) -> None:
        """A ledger with a name that the seed decides, and the oracle on it."""
        ledger = SqliteLedger.open(self.files.ledger, on_failure=_ignore, inline=True, new_tag=lambda: self._tag)
        await ledger.close()
        risk = self.risk
        instrument = await self.market.exchange.instrument(self.market.symbol)
        self.oracle = Oracle(
            instrument,
            prefix(self._tag),
            to_units(risk.max_position),
            nanoseconds(risk.stale_after) // 1_000_000,
            self.clock.monotonic,
        )
        self.oracle.follow(self.market.uid)
        self.market.on_wipe = lambda: self.oracle.follow(self.market.uid)
        self.oracle.on_report = self._on_report
        self.market.venue.subscribe(self.oracle.on_venue, public=False)
        self.oracle.rows = LedgerRows(self.files.ledger)

    async def play(self, until_ns: int) -> None:
        """Instances until `until_ns` of monotonic time; the last one is stopped in order. One that is killed at the
        end, or whose stop a fault keeps from proving that no order is left and that says so, is followed by others
        that are stopped at once, as a person would."""
        while self.clock.monotonic() < until_ns and not self.oracle.violations:
            await self._one_instance(until_ns)
            if self.clock.monotonic() < until_ns:
                await self._idle(self._pace.pause)
        for _ in range(_LAST_STARTS):
            if self._is_proven or self.oracle.violations:
                break
            await self._idle(_BEFORE_LAST_START)
            await self._one_instance(until_ns)

    async def settle(self) -> None:
        """After the end: requests on their way arrive."""
        await asyncio.sleep(_LATEST)
        if self._requests:
            await asyncio.gather(*self._requests, return_exceptions=True)
        self.control.close()
        if self.oracle.rows is not None:
            self.oracle.rows.close()

    @property
    def is_account_new(self) -> bool:
        """The key belongs to an account that no instance has begun with yet."""
        with LedgerQueries(self.files.ledger) as ledger:
            run = ledger.last_run()
        return run is None or run.account_uid != str(self.market.uid)

    def money_differences(self) -> Iterator[str]:
        """The venue's balances against the bot's own position of the present account, to the last unit."""
        market, instrument = self.market, self.oracle.instrument
        with LedgerQueries(self.files.ledger) as ledger:
            run = ledger.last_run()
            kept = ledger.positions(account_epoch=run.account_epoch) if run else []
        deposit, held = market.deposit, market.balances()
        base = kept[-1].base if kept else Decimal(0)
        cash = kept[-1].cash if kept else self.loaded.settings.capital
        if held[instrument.base] != base:
            yield f"the ledger holds {base} {instrument.base}, the account {held[instrument.base]}"
        if held[instrument.quote] != cash + deposit - self.loaded.settings.capital:
            yield f"the ledger holds {cash} {instrument.quote}, the account {held[instrument.quote]}"

    async def _idle(self, seconds: float) -> None:
        """No instance runs; the market goes on."""
        end = self.clock.monotonic() + int(seconds * 1e9)
        while self.clock.monotonic() < end:
            self.market.flow.advance(self.market.venue.now_ms())
            await asyncio.sleep(1.0)

    # --- an instance ------------------------------------------------------------------------

    async def _one_instance(self, until_ns: int) -> None:
        if self.operator.must_lift_first():
            await self._idle(self._pace.lift_after)
            self.operator.resume()
        self.market.flow.advance(self.market.venue.now_ms())
        self._task = asyncio.create_task(self._life(until_ns))
        self._is_proven = False
        try:
            self.outcomes[await self._task] += 1
            self._is_proven = True
        except asyncio.CancelledError:
            self.outcomes["killed"] += 1
        except NotProven:
            self.outcomes["ended unproven"] += 1
        except HaltedError:
            self.outcomes["start refused: halted"] += 1
        except ExchangeError:
            self.outcomes["start refused: exchange"] += 1
        except LedgerError as error:
            self.outcomes["ended: ledger"] += 1
            self.oracle.violate("I3", f"the ledger refused: {error.message}")
        except MmError as error:
            self.outcomes[f"ended: {type(error).__name__}"] += 1
        except Exception as error:  # noqa: BLE001 - whatever breaks the bot is what is looked for
            self.outcomes["crashed"] += 1
            self.oracle.violate("end", f"the bot crashed: {type(error).__name__}: {error}")
        finally:
            self._run = self._task = None
            self._instance = None
            # An instance is full of cycles; left to the collector's own pace those of many would look like growth.
            gc.collect()

    async def _life(self, until_ns: int) -> str:
        self.runs += 1
        instance = Instance(self.files, 0, self.market.venue.now_ms, self.market.skew_ms)
        self._instance = instance
        self.operator.started(instance)
        exchange = WatchedExchange(self.market.client(), instance, self.oracle, self._spawn)
        poller = ControlPoller(
            self.control,
            environment=ENVIRONMENT,
            run_id=f"soak-{self.runs}",
            since=self.now(),
            clock=self.clock,
            on_failure=_fail,
        )

        def write_halt(cause: str, detail: str) -> None:
            instance.halted_by.add(cause)
            poller.write_halt(cause, detail)

        def tell(alert: Alert) -> None:
            if not instance.is_killed:
                self.control.outbox.add(alert)

        day = self.loaded.settings.trading_day
        around = Surroundings(
            exchange=exchange,
            clock=self.clock,
            control=QuickControl(poller, self.control),
            write_halt=write_halt,
            write_incident=poller.write_incident,
            resources=StillResources(),
            day_at=lambda moment: trading_day_at(moment, day.close, day.zone),
            on_journal_failure=_fail,
            latched=self._latched,
            alert=tell,
        )
        async with prepared_run(self.files, self._spec(), around) as run:
            if self.oracle.rows is not None:
                instance.epoch = self.oracle.rows.epoch()
            self._run = run
            run.runner.dispatcher.on_processed = self._processed
            self._restarts.draw(self.clock.monotonic())
            minding = asyncio.create_task(self._mind(run, instance, until_ns))
            try:
                outcome = await run.go()
            finally:
                minding.cancel()
            await self._flushed(run)
            self.clean_runs += outcome.clean
            if left := self.market.venue.open_orders(self.market.uid, self.market.symbol):
                self.oracle.violate("end", f"the stop is said to be proven, and {len(left)} own orders are open")
            if outcome.clean and self.oracle.account.unseen and not self.oracle.account.is_wiped:
                self.oracle.reconciled(self.oracle.account.last_trade_id)
            return f"stopped: {outcome.why}" if outcome.clean else outcome.why

    def _latched(self, latch: StopLatch) -> QuickLatch:
        self._latch = QuickLatch(latch)
        return self._latch

    def _spec(self) -> RunSpec:
        return run_spec(
            self.loaded,
            self.risk,
            run_id=f"soak-{self.runs}",
            profile=self.profile,
            stage_since=self.operator.stage_since,
            resumed=self.control.last_resumes(ENVIRONMENT),
            scenario=self.market.scenario.name,
            virtual=True,
        )

    # --- beside an instance -------------------------------------------------------------------

    def _processed(self, event: Event, actions: Sequence[Action]) -> None:
        self.trace.processed(event, actions)
        if actions:
            self._has_acted = True
            if any(isinstance(action, Reconcile) for action in actions):
                self._reading_from = self.oracle.account.last_trade_id
        elif not self._restarts.is_armed:
            return
        if isinstance(event, Reconciled) and not event.problems:
            self._agreed_until = self._reading_from
        if self._restarts.is_moment(event, actions):
            self._kill()

    async def _mind(self, run: Run, instance: Instance, until_ns: int) -> None:
        """What is written is looked at; the operator minds the bot; its end comes when it is due."""
        since = self.clock.monotonic()
        stopping = False
        while True:
            await asyncio.sleep(_LOOK)
            now = self.clock.monotonic()
            if run.runner.engine.state is TradingState.ACTIVE:
                self.active_ns += now - since
            since = now
            if self._has_acted:
                self._has_acted = False
                await self._flushed(run)
            if self.oracle.violations:
                self._cancel()
                return
            if stopping:
                continue
            restarts = self._restarts
            if now >= until_ns:
                stopping = True
                run.runner.stop("the soak is over")
            elif now >= restarts.due_ns and not restarts.is_armed:
                if restarts.kind == STOP:
                    stopping = True
                    self.restarts[STOP] += 1
                    run.runner.stop("restarted")
                elif restarts.kind == TRIP:
                    restarts.due_ns = _NEVER  # the bot sees it by itself, and ends
                    self.restarts[TRIP] += 1
                    self._trip()
                elif restarts.kind == KILL_NOW:
                    self._kill()
                    return
                else:
                    restarts.is_armed = True
            elif self.operator.look(run, instance, now):
                stopping = True
                run.runner.stop("the operator starts anew")

    def _trip(self) -> None:
        trip(self.files)
        if self._latch is not None:
            self._latch.touched()

    async def _flushed(self, run: Run) -> None:
        await run.flush()
        self.oracle.ledger_moved()
        agreed, self._agreed_until = self._agreed_until, None
        if agreed is not None:
            self.oracle.reconciled(agreed)

    def _kill(self) -> None:
        """SIGKILL: the files stay as they are this instant, nothing more leaves, the next instance finds a copy. What
        the dying one still writes, it writes into files that nobody reads again."""
        instance = self._instance
        if instance is None or instance.is_killed:
            return
        self.restarts[self._restarts.kind] += 1
        self._restarts.is_armed = False
        self._agreed_until = None
        instance.is_killed = True
        old, self._copies = self.home, self._copies + 1
        self.home = Home(self._folder / f"home-{self._copies}")
        shutil.copytree(old.path, self.home.path)
        rows = self.oracle.rows
        if rows is not None:
            rows.close()
            self.oracle.rows = LedgerRows(self.files.ledger, rows.last_fill)
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _spawn(self, request: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(request)
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        return task

    def _on_report(self, event: ExecutionReport) -> None:
        self.trace.note(
            (event.uid, event.execution, event.status, event.order_id, event.client_id, event.trade_id, event.time_ms)
        )


def _ignore(_why: str) -> None:
    """Opening a new ledger writes nothing that could fail later."""


def _fail(why: str) -> None:
    raise LedgerError(why)
