"""`mm run`: preflight, then trading until it is stopped."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mm.cli.options import (
    Mainnet,
    Profile,
    Replay,
    ReplayFrom,
    Sim,
    Testnet,
    Yes,
    moment,
    trading_environment,
)
from mm.domain.errors import ConfigurationError, InstanceRunning, UsageError
from mm.home import Home

if TYPE_CHECKING:
    from datetime import timedelta

    from mm.bootstrap import RunRequest
    from mm.cli.live_view import RunWatch
    from mm.config.loader import LoadedSettings
    from mm.control.key_acceptance import KeyAcceptance
    from mm.ports import Exchange
    from mm.runner.loop import Runner, RunOutcome
    from mm.runner.startup import Run
    from mm.runner.telling import Told


def run(
    profile: Profile = None,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
    run_for: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="Stop by itself after this long, like 2h.")
    ] = None,
    replay: Replay = None,
    replay_from: ReplayFrom = None,
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", metavar="NAME", help="Sim only: generated market; docs/venue.md lists them."),
    ] = None,
    no_watchdog: Annotated[
        bool, typer.Option("--no-watchdog", help="Start no watchdog: nobody clears the orders of a bot that hangs.")
    ] = False,
    accept_key: Annotated[
        str | None,
        typer.Option("--accept-key", metavar="REASON", help="Mainnet: use a key that may withdraw or has no IP list."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Trade with a profile until stopped (Ctrl-C, `mm stop`), by itself after --for, or at a recording's end.

    The preflight's blocking items come first. On a terminal a live view is shown, else plain lines. At the end own
    orders are cancelled and the exchange is asked whether any is left. Mainnet also wants a stage that allows the
    profile, and a typed confirmation (--yes for services). A key that may withdraw, or that works from any address, is
    refused there; --accept-key takes it with a reason that stays in the audit chain and in every preflight.

    A watchdog process is started beside it unless one minds the environment already; see mm watchdog.

    Exit codes: 0 stopped and no own order left, 3 wrong configuration, 4 refused by the stage, 5 preflight or a halt
    refuses, 6 exchange, 7 another bot runs, 8 own orders may be left, 9 ledger, 10 keys.

    \b
    Example:
      mm run --profile 100usdc --sim --scenario lively --for 2m
      mm run --profile 100usdc --testnet
    """
    import asyncio
    import os

    from mm.bootstrap import RunRequest
    from mm.config.loader import load_settings
    from mm.logs import close_logging, configure_logging
    from mm.runner.lock import running_bot

    environment = trading_environment(sim=sim, testnet=testnet, mainnet=mainnet)
    if profile is None:
        raise UsageError("which capital tier", "say it with --profile, like --profile 100usdc")
    if (replay or scenario) and environment != "sim":
        raise UsageError("--replay and --scenario choose the local venue's market", "they go with --sim")
    if replay_from and not replay:
        raise UsageError("--from chooses where a recording begins", "it goes with --replay")
    accepted = None
    if accept_key is not None:
        from mm.cli.key_acceptance import acceptance

        if environment != "mainnet":
            raise UsageError("--accept-key is about mainnet keys", "leave it out")
        accepted = acceptance(accept_key)
    if replay and scenario:
        raise UsageError("--replay and --scenario exclude each other", "a recorded market is what it was")
    home = Home.of()
    loaded = load_settings(home, profile, os.environ)
    files = home.environment(environment)
    bot = running_bot(files) if files.path.exists() else None
    if bot is not None:
        raise InstanceRunning(
            f"a bot already runs on {environment} (process {bot.process.pid})", f"end it with mm stop --{environment}"
        )
    request = RunRequest(home, loaded, environment, profile, _duration(run_for))
    _refuse_by_stage(request)
    if environment == "mainnet" and not yes:
        _confirm(profile, loaded)
    if environment == "sim":
        _serve(home, loaded, scenario, replay or [], replay_from)
    files.make()
    log = loaded.settings.logging
    configure_logging(files.log, level=log.level, max_file_mb=log.max_file_mb, keep_files=log.keep_files)
    try:
        minded = loaded.settings.watchdog.enabled and not no_watchdog
        asyncio.run(_trade(request, accepted, stop_with_market=bool(replay), minded=minded))
    finally:
        close_logging()


def _duration(text: str | None) -> "timedelta | None":
    from mm.domain.duration import parse_duration

    if text is None:
        return None
    try:
        found = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}", "like --for 90s or --for 2h") from None
    if not found:
        raise UsageError("--for: nothing to run for", "give a duration above zero")
    return found


def _refuse_by_stage(request: "RunRequest") -> None:
    """Before anything is asked or started: does the stage allow it?"""
    from mm.cli.records import current_stage, open_control
    from mm.rollout.stages import check_profile, check_symbol, parse_stage

    if request.home.control.exists():
        with open_control(request.home) as control:
            control.audit.require_unbroken()
    stage = parse_stage(current_stage(request.home))
    check_profile(stage, request.environment, request.profile, request.loaded.settings.capital)
    check_symbol(request.environment, request.loaded.settings.symbol)


def _confirm(profile: str, loaded: "LoadedSettings") -> None:
    import sys

    if not sys.stdin.isatty():
        raise ConfigurationError("mainnet wants a typed confirmation and stdin is no terminal", "services give --yes")
    settings = loaded.settings
    typer.echo(f"Real money: profile {profile} trades {settings.capital} on Binance mainnet, {settings.symbol}.")
    typed = typer.prompt("Type the profile's name to go on", default="", show_default=False)
    if typed != profile:
        raise UsageError("not confirmed", "nothing was started")


def _serve(
    home: Home, loaded: "LoadedSettings", scenario: str | None, replay: list[Path], replay_from: str | None
) -> None:
    from mm.bootstrap import Market, ready_venue

    begin = None if replay_from is None else moment(replay_from, "--from")
    ready_venue(home, loaded, Market(scenario, tuple(replay), begin))


async def _trade(
    request: "RunRequest", accepted: "KeyAcceptance | None", *, stop_with_market: bool, minded: bool
) -> None:
    import asyncio
    import signal

    from mm.bootstrap import open_exchange, open_run, stop_at_end_of_replay
    from mm.cli.live_view import Heading, RunWatch
    from mm.clock.live import LiveClock
    from mm.review.market import market
    from mm.watchdog.keeper import Keeper

    clock = LiveClock()
    async with open_exchange(request.home, request.loaded, request.environment, clock) as exchange:
        await _preflight(request, exchange, accepted)
        async with open_run(request, exchange, clock) as run:
            spec = run.spec
            shown = market(request.environment, spec.scenario)
            heading = Heading(
                environment=request.environment,
                profile=request.profile,
                stage=spec.stage,
                run_id=spec.run_id,
                market=f"{shown.name}: {shown.warning}" if shown.warning else shown.name,
                operator=request.loaded.settings.operator.name,
            )
            watch = RunWatch(run.runner, heading)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, run.runner.stop, f"signal {number.name}")
            beside = [asyncio.create_task(_tell_systemd(run.runner))]
            if stop_with_market:
                beside.append(asyncio.create_task(stop_at_end_of_replay(request.home, run)))
            if minded:
                keeper = Keeper(request.home, request.environment, request.loaded.settings.watchdog)
                await keeper.begin(run.runner)
                beside.append(asyncio.create_task(keeper.keep(run.runner)))
            try:
                outcome = await _watched(watch, run)
            finally:
                for task in beside:
                    task.cancel()
            _farewell(watch, outcome)


async def _tell_systemd(runner: "Runner") -> None:
    """Where a unit of Type=notify started us: ready, alive (from the loop that trades: a blocked one is silent),
    stopping."""
    import asyncio

    from mm.runner import systemd

    if not systemd.notify(systemd.READY):
        return
    every = min(1.0, (systemd.watchdog_seconds() or 2.0) / 2)
    try:
        while not runner.engine.is_stopping:
            systemd.notify(systemd.ALIVE)
            await asyncio.sleep(every)
    finally:
        systemd.notify(systemd.STOPPING)
    while True:
        systemd.notify(systemd.ALIVE)
        await asyncio.sleep(every)


async def _preflight(request: "RunRequest", exchange: "Exchange", accepted: "KeyAcceptance | None") -> None:
    """The blocking items decide; warnings are shown, one line each."""
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager
    from dataclasses import replace

    from mm.checklist.preflight import refuse_blocking, run_preflight
    from mm.cli.checklist import preflight_context

    @asynccontextmanager
    async def opened() -> AsyncIterator["Exchange"]:
        yield exchange

    context = preflight_context(request.home, request.environment, request.profile, request.loaded)
    context = replace(context, open_reader=opened, key_accepted=accepted or context.key_accepted)
    checklist = await run_preflight(context)
    refuse_blocking(checklist)
    if accepted is not None:
        from mm.cli.key_acceptance import record

        typer.echo(record(request.home, request.environment, accepted, await exchange.key_permissions()))
    for item in checklist.warnings:
        typer.echo(f"preflight warns {item.id}: {item.evidence}")
    typer.echo(f"preflight: {len(checklist.items)} items, none blocks")


async def _watched(watch: "RunWatch", run: "Run") -> "RunOutcome":
    import asyncio
    import sys
    from contextlib import suppress

    if not sys.stdout.isatty():
        from mm.cli.live_view import clock_text

        heading = watch.heading
        typer.echo(f"run {heading.run_id} on {heading.environment}, stage {heading.stage}")
        typer.echo(f"market: {heading.market}")

        def say(told: "Told") -> None:
            try:
                print(f"{clock_text(told.at)} {told.text}", flush=True)  # noqa: T201
            except OSError:
                watch.on_line = None  # whoever listened is gone; the log has every line

        watch.on_line = say
        return await run.go()

    from rich.live import Live

    from mm.cli.live_view import screen

    live = Live(screen(watch), auto_refresh=False, screen=False)

    async def refresh() -> None:
        # A terminal that went away must not disturb the stop that its hang-up has begun.
        with suppress(OSError), live:
            try:
                while True:
                    live.update(screen(watch), refresh=True)
                    await asyncio.sleep(0.5)
            finally:
                live.update(screen(watch), refresh=True)

    drawing = asyncio.create_task(refresh())
    try:
        return await run.go()
    finally:
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)


def _farewell(watch: "RunWatch", outcome: "RunOutcome") -> None:
    from contextlib import suppress

    with suppress(OSError):  # the terminal may be gone; the outcome is in the ledger
        typer.echo(f"stopped: {outcome.why}; no own order is left at the exchange")
        if not outcome.clean:
            typer.echo("the run did not end in order: its last fills may be read only at the next start")
        typer.echo(watch.summary())
