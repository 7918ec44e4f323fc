"""The composition root: the only place that picks clock and exchange.

Environment chooses the parts, stage only tightens limits; below this module nobody asks for either word.
"""

import asyncio
import hashlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

import mm
from mm.clock.live import LiveClock
from mm.config.loader import LoadedSettings
from mm.config.secrets import load_credentials
from mm.control.reader import ControlPoller
from mm.control.store import DEMOTE, FIRST_STAGE, ControlStore
from mm.couriers import alerts_of_run
from mm.domain.errors import ConfigurationError, HaltedError, StageOver
from mm.domain.instrument import to_units
from mm.domain.trading_day import trading_day_at
from mm.exchange.venue_server import process as venue_process
from mm.exchange.venue_server.files import VenueInfo
from mm.health.resources import ProcessResources
from mm.home import EnvironmentHome, Home
from mm.ports import AccountReader, Clock, Exchange
from mm.risk.emergency import RED
from mm.rollout.stages import MAINNET, cap_risk, check_profile, check_symbol, parse_stage
from mm.runner.latch import trip
from mm.runner.startup import Run, RunSpec, Surroundings, prepared_run

SIM = "sim"
TESTNET = "testnet"
_CONTROL_TIMEOUT = 0.2
"""Seconds the event loop may wait for control.db."""


@dataclass(frozen=True, slots=True)
class Market:
    """Which market the local venue shall serve; nothing named: the generated one it serves now, else the configured
    scenario (a recording is not gone on with)."""

    scenario: str | None = None
    replay: tuple[Path, ...] = ()
    replay_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunRequest:
    home: Home
    loaded: LoadedSettings
    environment: str
    profile: str
    run_for: timedelta | None = None


def ready_venue(home: Home, loaded: LoadedSettings, market: Market) -> VenueInfo:
    """The local venue, started when none serves that market.

    Raises ExchangeError, ConfigurationError (also when a recording is not of the coin that the bot trades).
    """
    running = venue_process.status(home)
    if running is not None and market.scenario is None and not market.replay and running.market == "generated":
        return running
    settings = loaded.settings.venue
    first = market.replay[0] if market.replay else None
    served = _served_as(first, loaded.settings.symbol) if first is not None and first.is_file() else None
    return venue_process.start(home, settings, market.scenario, market.replay, market.replay_from, serve_as=served)


def _served_as(file: Path, symbol: str) -> str:
    """The bot's symbol, when the recording is of the same coin: else it would trade a market beside the recording."""
    from mm.exchange.venue.recordings import replay_symbol  # noqa: PLC0415 - only for recordings
    from mm.exchange.venue.symbol_rules import default_symbols  # noqa: PLC0415 - the same

    served, rules = replay_symbol(file), default_symbols()
    if symbol not in rules or rules[served].base != rules[symbol].base:
        raise ConfigurationError(
            f"{file} records {rules[served].base}, and the bot trades {symbol}",
            f"set MM__SYMBOL={served}, and the sizes of strategy and risk in that coin",
        )
    return symbol


@asynccontextmanager
async def open_exchange(
    home: Home, loaded: LoadedSettings, environment: str, clock: Clock | None = None
) -> AsyncIterator[Exchange]:
    """The exchange of an environment; on sim the venue that runs, or a new one.

    Raises CredentialsMissing, ExchangeError.
    """
    from mm.exchange.ccxt_adapter.connect import VenueEndpoint, build_exchange  # noqa: PLC0415 - ccxt costs a second

    endpoint = None
    if environment == SIM:
        info = venue_process.status(home) or venue_process.start(home, loaded.settings.venue)
        endpoint = VenueEndpoint(info.host, info.port)
    credentials = load_credentials(home, environment, os.environ)
    settings = loaded.settings
    exchange = build_exchange(
        environment,
        credentials,
        settings.exchange,
        settings.symbol,
        clock or LiveClock(),
        endpoint,
        depth=settings.execution.book_depth,
    )
    try:
        yield exchange
    finally:
        await exchange.close()


@asynccontextmanager
async def open_reader(home: Home, loaded: LoadedSettings, environment: str) -> AsyncIterator[AccountReader]:
    """For commands that only read."""
    async with open_exchange(home, loaded, environment) as exchange:
        yield exchange


@asynccontextmanager
async def open_run(request: RunRequest, exchange: Exchange, clock: Clock) -> AsyncIterator[Run]:
    """A run, ready to go. Raises StageRefused before anything else, then what `prepared_run` raises."""
    home, settings = request.home, request.loaded.settings
    now = datetime.now(UTC)
    log = structlog.get_logger()
    with ControlStore(home.control, busy_timeout=_CONTROL_TIMEOUT) as control:
        control.audit.require_unbroken()
        stage = parse_stage(control.stage())
        since = control.stage_since()
        check_profile(stage, request.environment, request.profile, settings.capital)
        check_symbol(request.environment, settings.symbol)
        standing = control.open_halts(request.environment)
        if standing:
            raise HaltedError(
                f"{request.environment} is halted: {'; '.join(f'{halt.cause}: {halt.detail}' for halt in standing)}",
                f"find out why, then lift it with 'mm risk resume --{request.environment} --note WHY'",
            )
        spec = RunSpec(
            run_id=new_run_id(now),
            profile=request.profile,
            stage=str(stage),
            stage_since=None if since is None else int(since.timestamp() * 1e9),
            scenario=_scenario(home, request.environment),
            symbol=settings.symbol,
            capital_units=to_units(settings.capital),
            strategy=settings.strategy,
            risk=cap_risk(settings.risk, stage, request.environment),
            execution=settings.execution,
            recv_window=settings.exchange.recv_window,
            fence_margin=settings.exchange.fence_margin,
            config=json.dumps(settings.model_dump(mode="json"), sort_keys=True),
            config_hash=request.loaded.config_hash,
            code_hash=code_hash(),
            run_for=request.run_for,
            may_replace_account=request.environment != MAINNET,
            resumed=control.last_resumes(request.environment),
            keep_journal=settings.journal.enabled,
        )
        poller = ControlPoller(
            control,
            environment=request.environment,
            run_id=spec.run_id,
            since=now,
            clock=clock,
            on_failure=lambda why: log.error("control.db could not be used", why=why),
        )

        day = settings.trading_day
        files = home.environment(request.environment)
        async with alerts_of_run(
            home, request.loaded, request.profile, lambda why: log.error("alerts", why=why)
        ) as alert:
            around = Surroundings(
                exchange=exchange,
                clock=clock,
                control=poller,
                write_halt=poller.write_halt,
                write_incident=poller.write_incident,
                resources=ProcessResources(),
                day_at=lambda moment: trading_day_at(moment, day.close, day.zone),
                on_journal_failure=lambda why: log.error("the journal ends here", why=why),
                alert=alert,
            )
            try:
                async with prepared_run(files, spec, around) as run:
                    home.last_environment.write_text(request.environment)
                    try:
                        yield run
                    finally:
                        if run.runner.engine.risk.emergency.level == RED:
                            after_level_3(control, files, str(stage), spec.run_id)
            except StageOver:
                # Reached by a run that died before it could do this itself.
                after_level_3(control, files, str(stage), spec.run_id)
                raise


def after_level_3(control: ControlStore, files: EnvironmentHome, stage: str, run_id: str) -> None:
    """The stage is over: nothing starts until a person resumes, and real money must be qualified for anew (P-6.3).

    Mainnet falls back to `testnet`; on testnet its own stage begins anew; what the local venue loses ends no stage.
    """
    trip(files)
    concerned = files.environment == MAINNET or (files.environment == TESTNET and stage == FIRST_STAGE)
    if concerned:
        evidence = {"run_id": run_id, "environment": files.environment, "stage": stage}
        control.add_stage_event(FIRST_STAGE, DEMOTE, "mm", f"level 3 on {files.environment}", evidence)


async def stop_at_end_of_replay(home: Home, run: Run) -> None:
    """Stops the run when the recording is over. Cancel it when the run ends by itself."""
    while True:
        await asyncio.sleep(1)
        state = await asyncio.to_thread(venue_process.state, home)
        if state is None or state.finished:
            run.runner.stop("the recording is over" if state else "the venue is gone")
            return


def new_run_id(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def code_hash() -> str:
    """SHA-256 over every module of this package: which code made a run."""
    root = Path(mm.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _scenario(home: Home, environment: str) -> str:
    """What the market was, for the record: only the local venue has a choice."""
    if environment != SIM:
        return ""
    info = venue_process.status(home)
    if info is None:
        return ""
    if info.market == "replay":
        return f"replay {_names(info.replay)}"
    return info.scenario


def _names(files: Sequence[str]) -> str:
    return " + ".join(Path(file).name for file in files)
