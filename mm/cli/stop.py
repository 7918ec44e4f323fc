"""`mm stop`: end the bot, gently or as an emergency, and prove that none of its orders is left."""

import os
from typing import Annotated

import typer

from mm.cli.options import Json, Mainnet, Sim, Testnet
from mm.home import ENVIRONMENTS, Home


def stop(
    *,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="At once: latch, kill the bot, cancel its orders from here, prove it.")
    ] = False,
    foreign_orders: Annotated[
        bool, typer.Option("--foreign-orders", help="Cancel also orders that are not the bot's.")
    ] = False,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="After the proof sell what the bot holds, within the collar.")
    ] = False,
    collar: Annotated[
        str | None,
        typer.Option("--collar", metavar="SHARE", help="Sell at the best bid less this at worst (risk.price_collar)."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Seconds a bot has to end by itself (not in an emergency).")
    ] = 40.0,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
    as_json: Json = False,
) -> None:
    """Stop the bot and prove that no own order is left at the exchange.

    Without an environment it acts on every one where a bot runs (with --emergency also where one crashed).
    Exit code 0 only when it is proved; 8 when it is not. With --json one line of JSON an environment.
    An emergency leaves a STOP: nothing trades there until 'mm risk resume --note WHY'.

    --flatten sells only what the bot's own fills left it, never what the account held before, by orders that are on
    record before they are sent. Exit code 12 when something is left, 9 when the ledger cannot be used: then nothing
    is sold.

    \b
    Example:
      mm stop
      mm stop --emergency --mainnet
      mm stop --flatten --collar 0.5%
    """
    from mm.cli import emergency as fast
    from mm.domain.errors import UsageError

    if collar is not None and not flatten:
        raise UsageError("--collar says how far below the bid to sell", "it goes with --flatten")
    selling = fast.flatten_options(collar) if flatten else None
    named = [name for name, given in zip(ENVIRONMENTS, (sim, testnet, mainnet), strict=True) if given]
    if emergency:
        raise typer.Exit(fast.stop_all(named, as_json=as_json, foreign_too=foreign_orders, flatten=selling))

    from mm.cli.final_snapshot import final_snapshot
    from mm.cli.options import reading_environment
    from mm.runner.emergency.stop import StopOptions, graceful_stop
    from mm.runner.lock import is_held

    home = Home.of(os.environ)
    running = [name for name in ENVIRONMENTS if is_held(home.environment(name))]
    environments = named or running or [reading_environment(home, sim=False, testnet=False, mainnet=False)]
    options = StopOptions(
        os.environ,
        fast.say,
        foreign_too=foreign_orders,
        graceful_timeout=timeout,
        flatten=selling,
        began=fast.command_began(),
    )
    reports = [graceful_stop(home, name, options) for name in environments]
    for report in reports:
        report.final = final_snapshot(home.environment(report.environment))
    raise typer.Exit(fast.finish(reports, as_json=as_json))
