"""The real bot over the wire: instance after instance on one ledger, watched by the oracle."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mm.alerts.writer import OutboxWriter
from mm.clock.live import LiveClock
from mm.config.loader import LoadedSettings
from mm.control.reader import ControlPoller
from mm.control.store import ControlStore
from mm.database.sqlite import connect
from mm.domain.actions import Action, Reconcile
from mm.domain.errors import ExchangeError, HaltedError, LedgerError, MmError, NotProven
from mm.domain.events import Event, PlaceUnknown, Reconciled
from mm.domain.instrument import to_units
from mm.domain.trading_day import trading_day_at
from mm.exchange.ccxt_adapter.exchange import CcxtExchange
from mm.execution.client_order_id import prefix
from mm.fields import nanoseconds
from mm.home import EnvironmentHome, Home
from mm.ledger.ledger import SqliteLedger
from mm.rollout.stages import Stage, cap_risk
from mm.runner.latch import trip
from mm.runner.startup import Run, RunSpec, Surroundings, prepared_run
from mm.soak.instance import Instance
from mm.soak.ledger_rows import LedgerRows
from mm.soak.operator import Operator
from mm.soak.oracle import Oracle
from mm.soak.restarts import KILL_NOW, STOP, TRIP, Restarts
from mm.soak.run_spec import run_spec
from mm.soak.watched_exchange import WatchedExchange
from mm.soak.wire.schedule import PROFILE, SCENARIO, Schedule
from mm.soak.wire.venue import WireVenue, now_ms
from mm.soak.world import ENVIRONMENT, StillResources

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_LOOK = 0.1
_PAUSE = 0.2
"""Seconds between the end of an instance and the next one."""
_SLACK_MS = 100
"""Between the bot's last look at its book and the request this process may stand still; more would be found."""
_NEVER = 1 << 62
_LONGEST_END = 90.0
"""Seconds: a stop may take 30, clearing the exchange 21 more, the rest is for a busy machine."""


class WireBot:
    """`begin`, then `live` as often as wanted, then `settle`. `folder` is its own."""

    def __init__(self, folder: Path, loaded: LoadedSettings, schedule: Schedule, market: WireVenue) -> None:
        self.market = market
        self.outcomes: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()
        self.lives = 0
        self.unknown = 0
        self.last_words = ""
        self.risk = cap_risk(loaded.settings.risk, Stage.TESTNET, ENVIRONMENT)
        self.home = Home(folder / "home-0")
        self.files.make()
        self.oracle: Oracle
        self._clock = LiveClock()
        self._began = time.monotonic_ns()
        self._folder = folder
        self._loaded = loaded
        self._rng = schedule.rng("restarts")
        self._control = ControlStore(folder / "control.db")
        self._alerts = OutboxWriter(
            lambda: ControlStore(folder / "control.db"), lambda why: self.oracle.violate("end", f"alerts: {why}")
        )
        self._operator = Operator(self._control, ENVIRONMENT, now)
        self._restarts = Restarts(self._rng, is_on=False)
        self._requests: set[asyncio.Task[Any]] = set()
        self._task: asyncio.Task[str] | None = None
        self._instance: Instance | None = None
        self._until_ns = 0
        self._reading_from = 0
        self._agreed_until: int | None = None

    @property
    def files(self) -> EnvironmentHome:
        return self.home.environment(ENVIRONMENT)

    @property
    def _mono(self) -> int:
        return time.monotonic_ns() - self._began

    async def begin(self, exchange: CcxtExchange) -> None:
        """A ledger whose name the seed decides, and the oracle on it. `exchange` is asked before any fault."""
        tag = "".join(self._rng.choice(_LETTERS) for _ in range(6))
        ledger = SqliteLedger.open(self.files.ledger, on_failure=_fail, new_tag=lambda: tag)
        await ledger.close()
        self.oracle = Oracle(
            await exchange.instrument(self.market.symbol),
            prefix(tag),
            to_units(self.risk.max_position),
            nanoseconds(self.risk.stale_after) // 1_000_000 + _SLACK_MS,
            lambda: self._mono,
        )
        self.follow()
        self.market.venue.subscribe(self.oracle.on_venue, public=False)
        self.oracle.rows = LedgerRows(self.files.ledger)

    def follow(self) -> None:
        self.oracle.follow(self.market.uid)

    async def live(self, seconds: float, *, in_order: bool) -> bool:
        """One instance, for at most so long. `in_order`: it is stopped at the end and not before; else it is killed,
        tripped or stopped when the seed says so. True: it ended with a proof that no order is left; else `last_words`
        say why not."""
        self.lives += 1
        if self._operator.must_lift_first():
            self._operator.resume()
        self._restarts.draw(self._mono)
        self._restarts.due_ns = _NEVER if in_order else self._mono + int(self._rng.uniform(3, 2 * seconds) * 1e9)
        self._until_ns = self._mono + int(seconds * 1e9)
        self._task = asyncio.create_task(self._life(in_order=in_order))
        outcome, proven = "", False
        self.last_words = ""
        try:
            await asyncio.wait({self._task}, timeout=seconds + _LONGEST_END)
            if self._task.done():
                outcome = self._task.result()
                proven = True
            else:
                outcome = self.last_words = "does not end"
                self.oracle.violate("end", f"the instance was stopped or killed and does not end: {_deaf()}")
                self._task.cancel()
        except asyncio.CancelledError:
            outcome = "killed"
        except NotProven as error:
            outcome, self.last_words = "ended unproven", error.message
        except HaltedError as error:
            outcome, self.last_words = "start refused: halted", error.message
        except ExchangeError as error:
            outcome, self.last_words = "start refused: exchange", error.message
        except LedgerError as error:
            outcome = "ended: ledger"
            self.oracle.violate("I3", f"the ledger refused: {error.message}")
        except MmError as error:
            outcome, self.last_words = f"ended: {type(error).__name__}", error.message
        except Exception as error:  # noqa: BLE001 - whatever breaks the bot is what is looked for
            outcome = "crashed"
            self.oracle.violate("end", f"the bot crashed: {type(error).__name__}: {error}")
        finally:
            self._instance = None
        self.outcomes[outcome] += 1
        await asyncio.sleep(_PAUSE)
        return proven

    def end(self) -> None:
        """The time of the instance that lives is over."""
        self._until_ns = self._mono

    async def settle(self) -> None:
        """Requests on their way arrive, connections are closed."""
        left = set(self._requests)
        if left:
            _, left = await asyncio.wait(left, timeout=_LONGEST_END)
        if left:
            self.oracle.violate("end", f"{len(left)} requests or connections do not end: {list(left)[:3]}")

    def close(self) -> None:
        self._alerts.close(_LONGEST_END)
        self._control.close()
        if self.oracle.rows is not None:
            self.oracle.rows.close()

    # --- an instance ------------------------------------------------------------------------

    async def _life(self, *, in_order: bool) -> str:
        instance = Instance(self.files, 0, now_ms, self.market.skew_ms)
        self._instance = instance
        self._operator.started(instance)
        client = self.market.client()
        own: set[asyncio.Task[Any]] = set()
        exchange = WatchedExchange(client, instance, self.oracle, lambda request: self._spawn(request, own))
        run_id = f"wire-{self.lives}"
        poller = ControlPoller(
            self._control, environment=ENVIRONMENT, run_id=run_id, since=now(), clock=self._clock, on_failure=_fail
        )

        def write_halt(cause: str, detail: str) -> None:
            instance.halted_by.add(cause)
            poller.write_halt(cause, detail)

        day = self._loaded.settings.trading_day
        around = Surroundings(
            exchange=exchange,
            clock=self._clock,
            control=poller,
            write_halt=write_halt,
            write_incident=poller.write_incident,
            resources=StillResources(),
            day_at=lambda moment: trading_day_at(moment, day.close, day.zone),
            on_journal_failure=_fail,
            alert=self._alerts.put,
        )
        try:
            async with prepared_run(self.files, self._spec(run_id), around) as run:
                if self.oracle.rows is not None:
                    instance.epoch = self.oracle.rows.epoch()
                run.runner.dispatcher.on_processed = self._processed
                minding = asyncio.create_task(self._mind(run, in_order=in_order))
                try:
                    outcome = await run.go()
                finally:
                    minding.cancel()
                    await asyncio.wait([minding])
                    if not minding.cancelled():
                        minding.result()
                await self._flushed(run)
                if outcome.clean and not self.oracle.account.is_wiped:
                    self.oracle.reconciled(self.oracle.account.last_trade_id)
                return f"stopped: {outcome.why}" if outcome.clean else outcome.why
        finally:
            self._spawn(_closed(client, own), self._requests)

    def _spec(self, run_id: str) -> RunSpec:
        return run_spec(
            self._loaded,
            self.risk,
            run_id=run_id,
            profile=PROFILE,
            stage_since=self._operator.stage_since,
            resumed=self._control.last_resumes(ENVIRONMENT),
            scenario=SCENARIO,
            virtual=False,
        )

    # --- beside an instance -------------------------------------------------------------------

    def _processed(self, event: Event, actions: Sequence[Action]) -> None:
        if any(isinstance(action, Reconcile) for action in actions):
            self._reading_from = self.oracle.account.last_trade_id
        if isinstance(event, Reconciled) and not event.problems:
            self._agreed_until = self._reading_from
        if isinstance(event, PlaceUnknown):
            self.unknown += 1
        if self._restarts.is_moment(event, actions):
            self._kill()

    async def _mind(self, run: Run, *, in_order: bool) -> None:
        """What is written is looked at; the end comes when it is due."""
        restarts = self._restarts
        stopping = False
        while True:
            await asyncio.sleep(_LOOK)
            await self._flushed(run)
            at = self._mono
            if stopping:
                continue
            if at >= self._until_ns:
                if not in_order:
                    self._kill()
                    return
                stopping = True
                run.runner.stop("the time of this instance is over")
            elif at >= restarts.due_ns and not restarts.is_armed:
                if restarts.kind == STOP:
                    stopping = True
                    self.restarts[STOP] += 1
                    run.runner.stop("restarted")
                elif restarts.kind == TRIP:
                    restarts.due_ns = _NEVER
                    self.restarts[TRIP] += 1
                    trip(self.files)
                elif restarts.kind == KILL_NOW:
                    self._kill()
                    return
                else:
                    restarts.is_armed = True

    async def _flushed(self, run: Run) -> None:
        agreed, self._agreed_until = self._agreed_until, None
        await run.flush()
        self.oracle.ledger_moved()
        if agreed is not None:
            self.oracle.reconciled(agreed)

    def _kill(self) -> None:
        """SIGKILL: nothing more leaves, and the next instance finds what was committed by now, in a copy. What the
        dying one still writes, it writes into files that nobody reads again."""
        instance = self._instance
        if instance is None or instance.is_killed:
            return
        self.restarts[self._restarts.kind if self._restarts.kind not in (STOP, TRIP) else KILL_NOW] += 1
        self._restarts.is_armed = False
        self._agreed_until = None
        instance.is_killed = True
        old = self.home
        self.home = Home(self._folder / f"home-{self.lives}")
        ledger = old.environment(ENVIRONMENT).ledger
        shutil.copytree(old.path, self.home.path, ignore=shutil.ignore_patterns(f"{ledger.name}*"))
        rows = self.oracle.rows
        with closing(connect(ledger, read_only=True)) as source:
            self.files.ledger.touch(mode=0o600)
            with closing(connect(self.files.ledger)) as copy:
                source.backup(copy)
        if rows is not None:
            rows.close()
            self.oracle.rows = LedgerRows(self.files.ledger, rows.last_fill)
        if self._task is not None:
            self._task.cancel()

    def _spawn(self, work: Coroutine[Any, Any, Any], among: set[asyncio.Task[Any]]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)
        return task


async def _closed(client: CcxtExchange, requests: set[asyncio.Task[Any]]) -> None:
    """What has left arrives, then the connections end."""
    if requests:
        await asyncio.wait(set(requests))
    await client.close()


def _deaf() -> str:
    """Tasks of this process that were cancelled and wait all the same, and for what."""
    return "; ".join(_awaited(task) for task in asyncio.all_tasks() if task.cancelling()) or "no task was cancelled"


def _awaited(task: asyncio.Task[Any]) -> str:
    """The chain of coroutines down to what is waited for."""
    names: list[str] = []
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None)
        name = getattr(awaited, "__qualname__", type(awaited).__name__)
        names.append(f"{name}:{frame.f_lineno}" if frame else name)
        awaited = getattr(awaited, "cr_await", None)
    return f"{task.get_name()} {' > '.join(names)}"


def now() -> datetime:
    return datetime.now(UTC)


def _fail(why: str) -> None:
    raise LedgerError(why)
