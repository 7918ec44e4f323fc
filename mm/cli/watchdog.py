"""`mm watchdog`."""

from typing import Annotated

import typer

from mm.cli.options import Json, Mainnet, Sim, Testnet, reading_environment
from mm.home import Home


def watchdog(
    once: Annotated[
        bool, typer.Option("--once", help="One verdict, acted on; a bot that hangs takes watchdog.stale_after to see.")
    ] = False,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Mind the bot of an environment: stop it when it gives no sign of life, or died without a proof.

    Then: stop latch, SIGKILL of exactly that process, its orders cancelled and proved gone past the fence, an alert,
    a halt and an incident that a person looks into. `mm run` starts one by itself; this one stays until Ctrl-C.
    With --json one line of JSON for each thing it says.

    Exit codes: 0 nothing had to be stopped, 1 a bot had to be stopped and no own order is left, 3 wrong configuration
    or nothing has run, 7 a watchdog minds this environment already, 8 own orders may be left.

    \b
    Example:
      mm watchdog --mainnet
      mm watchdog --sim --once
    """
    import os

    from mm.cli.output import emit_json
    from mm.config.loader import load_settings
    from mm.fields import seconds
    from mm.watchdog.process import Manner, mind

    home = Home.of()
    environment = reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet)

    def tell(text: str) -> None:
        try:
            if as_json:
                emit_json({"environment": environment, "text": text}, indent=False)
            else:
                typer.echo(f"{environment}: {text}")
        except OSError:
            return  # whoever listened is gone; the log has every line

    settings = load_settings(home, None, os.environ).settings.watchdog
    manner = Manner(seconds(settings.stale_after), seconds(settings.check_every), once=once)
    raise typer.Exit(mind(home, environment, manner, tell))
