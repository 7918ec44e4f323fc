"""The one way a run begins and ends: lock → latch → ledger → account → epoch → recovery → engine … → proof → end."""

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mm import __version__
from mm.domain.actions import Action
from mm.domain.alert import Alert, AlertSink
from mm.domain.errors import LedgerError, MmError, NotProven, StageOver
from mm.domain.events import Event, HaltRequested
from mm.domain.instrument import Instrument
from mm.domain.records import BalanceBaseline, Recovery, RunStart
from mm.domain.trading_day import TradingDay
from mm.engine.engine import Engine
from mm.engine.setup import EngineSetup
from mm.execution.client_order_id import prefix
from mm.execution.settings import ExecutionSettings
from mm.fields import seconds
from mm.home import EnvironmentHome
from mm.journal.writer import SUFFIX, JournalWriter
from mm.ledger.ledger import SqliteLedger
from mm.ports import Account, Clock, ControlReader, Exchange, Journal, StopLatch
from mm.process_id import ProcessId
from mm.risk.emergency import RED
from mm.risk.settings import RiskSettings
from mm.runner.alerting import Alerting, run_broke, run_ended, run_started
from mm.runner.dispatch import HaltWriter, IncidentWriter, Parts
from mm.runner.latch import BotFacts, arm, disarm, last_facts
from mm.runner.lock import BotLock
from mm.runner.loop import Resources, Runner, RunOutcome, RunTimes
from mm.strategy.settings import StrategySettings


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What a run is told. `may_replace_account`: a wiped or replaced account starts a new account epoch (testnet,
    sim); otherwise it is refused. `stage_since` UTC ns when the stage became current; `resumed` when a person last
    lifted a halt, by its cause, UTC ns; `inline` for virtual time."""

    run_id: str
    profile: str
    stage: str
    stage_since: int | None
    scenario: str
    symbol: str
    capital_units: int
    strategy: StrategySettings
    risk: RiskSettings
    execution: ExecutionSettings
    recv_window: timedelta
    fence_margin: timedelta
    config: str
    config_hash: str
    code_hash: str
    run_for: timedelta | None
    may_replace_account: bool
    resumed: Mapping[str, int] = field(default_factory=dict)
    keep_journal: bool = True
    inline: bool = False


def nobody(_alert: Alert) -> None:
    """An AlertSink for rehearsals and measurements: there is nobody to tell."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the composition root lends to a run."""

    exchange: Exchange
    clock: Clock
    control: ControlReader
    write_halt: HaltWriter
    write_incident: IncidentWriter
    resources: Resources
    day_at: Callable[[datetime], TradingDay]
    on_journal_failure: Callable[[str], None]
    latched: Callable[[StopLatch], StopLatch] = lambda latch: latch
    """The latch as the run asks it."""
    alert: AlertSink = nobody
    """Takes what people must be told, and returns at once."""


class Run:
    """A prepared run; `go` trades until it is stopped."""

    def __init__(
        self, runner: Runner, spec: RunSpec, home: EnvironmentHome, ledger: SqliteLedger, alert: AlertSink = nobody
    ) -> None:
        self.runner = runner
        self._alert = alert
        self.spec = spec
        self._home = home
        self._ledger = ledger
        self._clock = runner.clock

    async def go(self) -> RunOutcome:
        """Raises NotProven when own orders may be left; then ARMED stays for the emergency stop to find."""
        spec, environment = self.spec, self._home.environment
        self._alert(run_started(environment, f"run {spec.run_id}: profile {spec.profile}, stage {spec.stage}"))
        try:
            outcome = await self.runner.run()
        except BaseException as error:
            text = error.message if isinstance(error, MmError) else type(error).__name__
            self._alert(run_broke(environment, f"run {spec.run_id}: {text}", proven=_is_proven(error)))
            with suppress(LedgerError):  # what broke the run, and orders that may be left, must be what is told
                await self._end(f"crashed: {text}", clean=False)
            raise
        self._alert(run_ended(environment, f"run {spec.run_id}: {outcome.why}", clean=outcome.clean))
        await self._end(outcome.why, clean=outcome.clean)
        disarm(self._home)
        return outcome

    async def flush(self) -> None:
        """What was recorded so far is durable. Raises LedgerError when it is not."""
        await self._ledger.flush()

    async def _end(self, outcome: str, *, clean: bool) -> None:
        await self._ledger.end_run(self._clock.now(), outcome, clean=clean)


def _is_proven(error: BaseException) -> bool:
    """Whatever else broke, the runner cleared the exchange before it gave up; a cancelled run did not."""
    return isinstance(error, Exception) and not isinstance(error, NotProven)


@asynccontextmanager
async def prepared_run(home: EnvironmentHome, spec: RunSpec, around: Surroundings) -> AsyncIterator[Run]:
    """Take the lock, open the ledger, learn where the last run stood. Raises InstanceRunning, HaltedError (stop
    latch), LedgerError, ExchangeError. Everything is given back at the end, however it ends."""
    home.make()
    failures = _Failures(around.clock)
    with BotLock(home, spec.run_id):
        _refuse_lost_ledger(home)
        ledger = SqliteLedger.open(home.ledger, on_failure=failures.ledger, inline=spec.inline)
        try:
            runner, journal = await _prepare(home, spec, around, ledger)
            failures.runner = runner
            try:
                yield Run(runner, spec, home, ledger, around.alert)
            finally:
                journal.close()
        finally:
            await ledger.close()


def _refuse_lost_ledger(home: EnvironmentHome) -> None:
    """An empty ledger in place of a lost one would believe the account flat and forget its orders."""
    facts = None if home.ledger.exists() else last_facts(home)
    if facts is not None:
        raise LedgerError(
            f"{home.ledger} is gone, and run {facts.run_id} traded with it",
            f"put a backup back; or, with no order {facts.client_id_prefix}… left open on {facts.symbol} and the record"
            f" given up, remove ARMED, STOP and DISARMED in {home.path} and start anew",
        )


async def _prepare(
    home: EnvironmentHome, spec: RunSpec, around: Surroundings, ledger: SqliteLedger
) -> tuple[Runner, Journal]:
    exchange, clock = around.exchange, around.clock
    instrument = await exchange.instrument(spec.symbol)
    fees = await exchange.fee_rates(spec.symbol)
    drift_ms, _ = await exchange.resync_clock()
    recovery = await _recover(home, spec, around, ledger, instrument, drift_ms=drift_ms)
    facts = BotFacts(
        process=ProcessId.own(),
        run_id=spec.run_id,
        symbol=spec.symbol,
        client_id_prefix=prefix(ledger.tag()),
        recv_window_seconds=seconds(spec.recv_window),
        fence_margin_seconds=seconds(spec.fence_margin),
    )
    latch = arm(home, facts)
    setup = EngineSetup(
        instrument=instrument,
        fees=fees,
        strategy=spec.strategy,
        risk=spec.risk,
        execution=spec.execution,
        capital_units=spec.capital_units,
        tag=ledger.tag(),
        fence_ns=int(exchange.fence_seconds * 1e9),
        at=clock.now(),
        mono=clock.monotonic(),
        recovery=recovery,
    )
    head: Mapping[str, Any] = {
        "run_id": spec.run_id,
        "environment": home.environment,
        "profile": spec.profile,
        "scenario": spec.scenario,
        "version": __version__,
        "config_hash": spec.config_hash,
        "code_hash": spec.code_hash,
        "setup": setup.as_json(),
    }
    journal: Journal = NoJournal()
    if spec.keep_journal:
        file = home.journal / f"{spec.run_id}{SUFFIX}"
        journal = JournalWriter(file, head, on_failure=around.on_journal_failure, inline=spec.inline)
    parts = Parts(
        exchange,
        ledger,
        journal,
        around.latched(latch),
        around.control,
        clock,
        around.write_halt,
        around.write_incident,
        Alerting(home.environment, around.alert, clock.monotonic()),
    )
    times = RunTimes(
        tick=seconds(spec.strategy.tick_interval),
        run_for=None if spec.run_for is None else seconds(spec.run_for),
        stop_timeout=seconds(spec.execution.stop_timeout),
        day_at=around.day_at,
    )
    return Runner(Engine(setup), parts, times, around.resources), journal


async def _recover(
    home: EnvironmentHome,
    spec: RunSpec,
    around: Surroundings,
    ledger: SqliteLedger,
    instrument: Instrument,
    *,
    drift_ms: int,
) -> Recovery:
    clock = around.clock
    account = await around.exchange.account()
    last = await ledger.last_account()
    epoch = 1 if last is None else last[0]
    if last is not None and last[1] != account.uid:
        epoch = _next_epoch(spec, epoch, f"the ledger belongs to account {last[1]}, the key to account {account.uid}")
    if last is not None and epoch == last[0] and await _is_wiped(spec, around.exchange, ledger, epoch):
        why = "the exchange does not know the ledger's last trade, or its last open order: the account was wiped"
        epoch = _next_epoch(spec, epoch, why)
    run = RunStart(
        run_id=spec.run_id,
        epoch=0,
        account_epoch=epoch,
        account_uid=account.uid,
        environment=home.environment,
        profile=spec.profile,
        stage=spec.stage,
        symbol=spec.symbol,
        scenario=spec.scenario,
        started=_utc(clock.now()),
        config_hash=spec.config_hash,
        code_hash=spec.code_hash,
        version=__version__,
        pid=os.getpid(),
        instrument=instrument,
        capital_units=spec.capital_units,
        config=spec.config,
    )
    await ledger.begin_run(run, _baseline(account, instrument, spec.capital_units))
    # The day is that of the exchange's clock: a wrong one here must not give the day's loss a new start.
    day = around.day_at(_utc(clock.now() + drift_ms * 1_000_000))
    recovery = await ledger.recovery(epoch, day, spec.stage_since, spec.resumed)
    if recovery.history.level >= RED:
        await ledger.end_run(clock.now(), "refused: level 3 was reached", clean=True)
        raise StageOver(
            f"the stage lost more than its level 3 allows: nothing starts in it on {home.environment} any more",
            "check everything; mainnet qualifies again from testnet, the local venue begins anew with mm sim reset",
        )
    return recovery


def _utc(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at // 1000)


async def _is_wiped(spec: RunSpec, exchange: Exchange, ledger: SqliteLedger, account_epoch: int) -> bool:
    """A testnet is wiped about monthly without notice: its trades, and so the ledger's last one, are gone. Where none
    was made yet, an order that the exchange did hold tells: open or ended, it answers for it otherwise."""
    last_trade = await ledger.last_trade_id(account_epoch, spec.symbol)
    if not last_trade:
        held = await ledger.open_order(account_epoch, spec.symbol)
        return bool(held) and await exchange.order(held) is None
    page = await exchange.trades(spec.symbol, last_trade, 1)
    return not page or page[0].trade_id != last_trade


def _next_epoch(spec: RunSpec, epoch: int, why: str) -> int:
    if not spec.may_replace_account:
        raise LedgerError(why, "use the key that belongs to this ledger, or another MM_HOME for another account")
    return epoch + 1


def _baseline(account: Account, instrument: Instrument, capital_units: int) -> list[BalanceBaseline]:
    """What the account holds beside the bot's capital when its epoch begins: never touched."""
    kept = []
    for balance in account.balances:
        units = balance.free_units + balance.locked_units
        if balance.asset == instrument.quote:
            units = max(0, units - capital_units)
        if units:
            kept.append(BalanceBaseline(balance.asset, units))
    return kept


class NoJournal:
    """Chosen by `journal.enabled: false`: such a run cannot be replayed."""

    def append(self, event: Event, actions: Sequence[Action]) -> None: ...
    def sync(self) -> None: ...
    def close(self) -> None: ...


class _Failures:
    """Hears of a failed ledger from the writer's thread and tells the engine on its own loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.runner: Runner | None = None

    def ledger(self, why: str) -> None:
        if self.runner is not None:
            self.runner.call_soon(self._halt, why)

    def _halt(self, why: str) -> None:
        if self.runner is not None:
            now = {"at": self._clock.now(), "mono": self._clock.monotonic()}
            self.runner.dispatcher.process(HaltRequested(cause="ledger", detail=why, **now))
