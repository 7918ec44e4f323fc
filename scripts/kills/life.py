"""One life of the bot, in a process forked from one that has imported everything: until it is killed or told to end.

Configuration, ledger (WAL, synchronous=FULL), control.db, lock, latch and start-up are the real ones. Time is virtual,
so that a life of some real milliseconds sees seconds of market.
"""

import asyncio
import resource
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.config.loader import LoadedSettings, load_settings
from mm.control.reader import ControlPoller
from mm.control.store import ControlStore
from mm.domain.actions import Action, Reconcile
from mm.domain.errors import LedgerError
from mm.domain.events import Event, Reconciled
from mm.domain.trading_day import trading_day_at
from mm.home import Home
from mm.rollout.stages import Stage, cap_risk
from mm.runner.loop import Runner
from mm.runner.startup import Surroundings, prepared_run
from mm.soak.run_spec import run_spec
from mm.soak.world import ENVIRONMENT, StillResources
from scripts.kills.piped_exchange import PipedExchange

READING = "reading"
RECONCILED = "reconciled"
PROFILE = "100usdc"


class Birth(NamedTuple):
    """`home` the MM_HOME; `begins_ns` virtual UTC; `seconds` virtual until it ends in order, if nobody kills it."""

    home: Path
    number: int
    begins_ns: int
    seconds: float


Life = Callable[[Birth, Connection], None]


def settings(home: Path) -> LoadedSettings:
    """Without the environment of whoever plays this."""
    return load_settings(Home(home), PROFILE, {})


LOADED = settings(Path("/nonexistent"))
"""Read once, before the forks."""


def live(birth: Birth, pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    clock = SimulatedClock(birth.begins_ns)
    run_virtual(_life(birth, PipedExchange(pipe, clock), clock), clock=clock)


async def _life(birth: Birth, exchange: PipedExchange, clock: SimulatedClock) -> None:
    home = Home(birth.home)
    files = home.environment(ENVIRONMENT)
    risk = cap_risk(LOADED.settings.risk, Stage.TESTNET, ENVIRONMENT)
    run_id = f"life-{birth.number}"

    def now() -> datetime:
        return datetime.fromtimestamp(clock.now() / 1e9, tz=UTC)

    with ControlStore(home.control, now=now) as control:
        poller = ControlPoller(
            control, environment=ENVIRONMENT, run_id=run_id, since=now(), clock=clock, on_failure=_fail
        )
        day = LOADED.settings.trading_day
        around = Surroundings(
            exchange=exchange,
            clock=clock,
            control=poller,
            write_halt=poller.write_halt,
            write_incident=poller.write_incident,
            resources=StillResources(),
            day_at=lambda moment: trading_day_at(moment, day.close, day.zone),
            on_journal_failure=_fail,
        )
        # Each life is a stage of its own: crashes are what is played here, and would end it.
        spec = run_spec(
            LOADED,
            risk,
            run_id=run_id,
            profile=PROFILE,
            stage_since=clock.now(),
            resumed={},
            scenario="lively",
            virtual=True,
        )
        async with prepared_run(files, spec, around) as run:

            def processed(event: Event, actions: Sequence[Action]) -> None:
                if any(isinstance(action, Reconcile) for action in actions):
                    exchange.tell(READING)
                if isinstance(event, Reconciled) and not event.problems:
                    exchange.tell(RECONCILED)

            run.runner.dispatcher.on_processed = processed
            ending = asyncio.create_task(_end(run.runner, clock, birth.seconds))
            try:
                await run.go()
            finally:
                ending.cancel()


async def _end(runner: Runner, clock: SimulatedClock, seconds: float) -> None:
    await clock.sleep(seconds)
    runner.stop("the life is over")


def _fail(why: str) -> None:
    raise LedgerError(why)
