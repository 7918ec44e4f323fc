"""Plays a soak from its spec to its result."""

import asyncio
import gc
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.config.loader import LoadedSettings
from mm.domain.instrument import from_units
from mm.exchange.venue.scenario_file import scenario_named
from mm.ports import AccountReader
from mm.soak.canary import leaks
from mm.soak.fault_plan import fault_plan
from mm.soak.market import SoakMarket
from mm.soak.memory import MemoryWatch
from mm.soak.recorded_market import RecordedSoak, recorded_soak
from mm.soak.result import SoakResult, Speed
from mm.soak.spec import SoakSpec
from mm.soak.venue_store import SoakStore
from mm.soak.world import World

START_NS = 1_760_000_000_000_000_000
"""2025-10-09 08:53:20 UTC."""
_HOUR = 3600 * 1_000_000_000
_RAM = Path("/dev/shm")  # noqa: S108 - a place, its own folder in it is made by tempfile

Audit = Callable[[World, AccountReader], Awaitable[tuple[str, tuple[str, ...]]]]
"""Compares the ledger with the exchange: in short, and each difference."""


def play(spec: SoakSpec, loaded: LoadedSettings, audit: Audit, scenarios: Path) -> SoakResult:
    """`scenarios`: a folder of one's own.

    Raises ConfigurationError for an unknown scenario, symbol or fault, or a recording that cannot be read.
    """
    recorded = _recorded(spec, loaded) if spec.replay else None
    begins = START_NS if recorded is None else recorded.begins_ms * 1_000_000
    with tempfile.TemporaryDirectory(prefix="mm-soak-", dir=_RAM if _RAM.is_dir() else None) as folder:
        clock = SimulatedClock(begins)
        gc.collect()
        gc.freeze()
        before = gc.get_threshold()
        gc.set_threshold(100_000, 20, 50)
        try:
            return run_virtual(
                _play(spec, loaded, audit, Path(folder), clock, scenarios=scenarios, recorded=recorded), clock=clock
            )
        finally:
            gc.set_threshold(*before)
            gc.unfreeze()


async def _play(
    spec: SoakSpec,
    configured: LoadedSettings,
    audit: Audit,
    folder: Path,
    clock: SimulatedClock,
    *,
    scenarios: Path,
    recorded: RecordedSoak | None,
) -> SoakResult:
    loaded = configured if recorded is None else recorded.loaded
    hours = spec.hours if recorded is None else recorded.hours
    seeds = random.Random(spec.seed)  # noqa: S311 - a market and moments, no secrets
    scenario = recorded or scenario_named(spec.scenario or loaded.settings.venue.scenario, scenarios)
    plan = fault_plan(replace(spec, hours=hours), random.Random(seeds.getrandbits(64)), clock.now() // 1_000_000)  # noqa: S311 - the same
    noise = random.Random(seeds.getrandbits(64))  # noqa: S311 - the same
    store = SoakStore(folder / "venue" / "venue.db")
    market = SoakMarket(loaded.settings, scenario, clock, noise, plan, store=store)
    home = folder / "bot"
    home.mkdir()
    world = World(
        home, loaded, spec.profile, clock, market, seed=seeds.getrandbits(64), restarts=spec.restarts, pace=spec.pace
    )
    await world.begin()
    market.on_wrong = lambda text: world.oracle.violate("market", text)
    memory = MemoryWatch(clock, min(900.0, hours * 180))
    watching = asyncio.create_task(memory.run())
    wall, cpu = time.monotonic(), time.process_time()
    until = int(hours * _HOUR)
    await world.play(until)
    speed = Speed(time.monotonic() - wall, time.process_time() - cpu, clock.monotonic() / _HOUR)
    ended = clock.monotonic()
    watching.cancel()
    grown = memory.result()
    said = await _look_back(world, audit, is_whole=recorded is not None and recorded.is_whole)
    await world.settle()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if tasks:
        world.oracle.violate("end", f"{len(tasks)} tasks are left: {', '.join(sorted(map(repr, tasks)))[:500]}")
    oracle, operator = world.oracle, world.operator
    market.venue.close()
    for leak in leaks(home):  # the venue's own files hold the key, as an exchange's do
        oracle.violate("I6", leak)
    return SoakResult(
        spec=spec,
        trace=world.trace.hash,
        events=world.trace.events,
        actions=world.trace.actions,
        checks=oracle.checked,
        orders=oracle.orders,
        fills=oracle.fills,
        maker_fills=oracle.maker_fills,
        pnl=_pnl(world),
        fees={asset: from_units(sum(a.fees.get(asset, 0) for a in oracle.accounts)) for asset in _fee_assets(world)},
        position=from_units(oracle.account.base_units),
        accounts=len(oracle.accounts),
        unreadable=sum(account.lost for account in oracle.accounts),
        runs=world.runs,
        clean_runs=world.clean_runs,
        active_share=world.active_ns / max(1, ended),
        scenario=f"{market.scenario.name}: {market.scenario.description}",
        coarseness=market.coarseness,
        recording="" if market.recorded is None else market.recorded.said(),
        speed=speed,
        memory=grown,
        audit=said,
        faults=market.faults_met(),
        restarts=dict(sorted((world.restarts + Counter({"by the operator": operator.restarts})).items())),
        resumes=dict(sorted(operator.resumes.items())),
        outcomes=dict(sorted(world.outcomes.items())),
        violations=tuple(oracle.violations),
    )


def _recorded(spec: SoakSpec, loaded: LoadedSettings) -> RecordedSoak:
    begin = None
    if spec.replay_from:
        moment = datetime.fromisoformat(spec.replay_from)
        begin = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return recorded_soak(
        loaded,
        tuple(map(Path, spec.replay)),
        hours=spec.hours or None,
        seed=spec.seed,
        from_ms=begin,
        queue=spec.queue or None,
        serve_as=spec.replay_as or None,
    )


async def _look_back(world: World, audit: Audit, *, is_whole: bool) -> str:
    """Everything once more, whole: the ledger's audit, the money, what is open, what still runs."""
    oracle, market = world.oracle, world.market
    if market.recorded is not None and is_whole and not (market.recorded.finished or oracle.violations):
        oracle.violate("market", "the recording was not played to its end")
    if oracle.violations:
        return "not made: a violation came before"
    left = market.venue.open_orders(market.uid, market.symbol)
    if left:
        oracle.violate("end", f"{len(left)} own orders are open after the last stop")
    oracle.ledger_moved()
    oracle.reconciled(oracle.account.last_trade_id)
    if world.is_account_new:
        return "not made: the account was wiped after the last start, and the ledger speaks of the one before"
    for line in world.money_differences():
        oracle.violate("I3", line)
    said, differences = await audit(world, market.reader)
    for line in differences:
        oracle.violate("audit", line)
    return said


def _fee_assets(world: World) -> list[str]:
    return sorted({asset for account in world.oracle.accounts for asset in account.fees})


def _pnl(world: World) -> Decimal:
    """Quote earned and base held at the best bid, over all accounts."""
    market = world.market
    bid = market.venue.book_ticker(market.symbol).bid
    return sum((from_units(a.quote_units) + from_units(a.base_units) * bid for a in world.oracle.accounts), Decimal(0))
