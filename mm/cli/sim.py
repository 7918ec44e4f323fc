"""`mm sim`: the local venue, a process of its own that outlives the bot."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mm.cli.calibrate import calibrate
from mm.cli.options import Json, Queue, Replay, ReplayFrom, ServeAs, amount, moment
from mm.cli.sim_accounts import accounts
from mm.cli.sim_accounts import deposit as deposit_command
from mm.cli.sim_accounts import withdraw as withdraw_command
from mm.cli.sim_faults import faults, schedule
from mm.cli.sim_keys import keys
from mm.domain.errors import UsageError

if TYPE_CHECKING:
    from mm.exchange.venue_server.files import Flavour

app = typer.Typer(
    help="The local venue: an exchange on this machine, with a market of its own.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.command("calibrate")(calibrate)
app.add_typer(accounts, name="accounts")
app.add_typer(keys, name="keys")
app.add_typer(faults, name="faults")
app.command("deposit")(deposit_command)
app.command("withdraw")(withdraw_command)


def _flavour(text: str) -> str:
    if text not in {"mainnet", "testnet"}:
        raise typer.BadParameter(f"{text!r} is neither mainnet nor testnet")
    return text


Deposit = Annotated[
    Decimal | None, typer.Option("--deposit", parser=amount, metavar="AMOUNT", help="Quote that a new account holds.")
]


@app.command()
def start(
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME", help="Generated market; docs/venue.md lists them.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of the generated market.")] = None,
    replay: Replay = None,
    replay_from: ReplayFrom = None,
    queue: Queue = None,
    serve_as: ServeAs = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0: any.")] = None,
    deposit: Deposit = None,
    flavour: Annotated[
        str | None,
        typer.Option("--flavour", parser=_flavour, metavar="NAME", help="mainnet has /sapi (default), testnet not."),
    ] = None,
    fault_schedule: Annotated[
        Path | None, typer.Option("--faults", metavar="FILE", help="A schedule of faults (YAML), beginning now.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start the local venue, or find the one that runs.

    Another scenario goes on with the same account and price. A recording, and the way back from one, opens a new
    account; the recording begins when the first client listens to its market. Seed and port hold from the next
    start on, the deposit for the next new account.

    \b
    Example:
      mm sim start --scenario lively
    """
    import os

    from mm.cli.output import emit_json
    from mm.config.loader import load_settings
    from mm.exchange.venue_server import process
    from mm.home import Home

    home = Home.of()
    settings = load_settings(home, None, os.environ).settings.venue
    given = {"seed": seed, "port": port, "deposit": deposit, "scenario": scenario, "queue": queue}
    changed = settings.model_validate({**settings.model_dump(), **{k: v for k, v in given.items() if v is not None}})
    recordings = replay or []
    written = schedule(fault_schedule) if fault_schedule is not None else []
    if replay_from and not recordings:
        raise UsageError("--from chooses where a recording begins", "it goes with --replay")
    if serve_as is not None and not recordings:
        raise UsageError("--as names the symbol a recording is served as", "it goes with --replay")
    begin = None if replay_from is None else moment(replay_from, "--from")
    running = process.status(home)
    other = running is not None and (
        (running.market, running.scenario) != ("generated", changed.scenario) or flavour not in {None, running.flavour}
    )
    if running is not None and (recordings or other):
        _refuse_while_a_bot_runs(home, "restart the venue on another market")
    info = process.start(
        home,
        changed,
        changed.scenario,
        recordings,
        begin,
        flavour=cast("Flavour | None", flavour),
        serve_as=serve_as,
    )
    found = running == info
    if written:
        process.add_faults(home, [each.words() for each in written])
    if as_json:
        emit_json(_described(info) | {"was_running": found, "faults_added": len(written)})
        return
    typer.echo(f"{'Already running' if found else 'Started'}: {info.rest_url} (process {info.pid})")
    typer.echo(_market_line(info))


@app.command()
def stop(as_json: Json = False) -> None:
    """End the local venue. Its account, orders and trades stay; the next start goes on with them.

    \b
    Example:
      mm sim stop
    """
    from mm.cli.output import emit_json
    from mm.exchange.venue_server import process
    from mm.home import Home

    home = Home.of()
    _refuse_while_a_bot_runs(home, "end the venue under it")
    ended = process.stop(home)
    if as_json:
        emit_json({"stopped": ended})
    else:
        typer.echo("The local venue has ended; its account stays." if ended else "No local venue was running.")


@app.command()
def status(as_json: Json = False) -> None:
    """Is the local venue running, and what does its account hold?

    \b
    Example:
      mm sim status --json
    """
    from mm.cli.output import console, emit_json, table
    from mm.exchange.venue_server import process
    from mm.home import Home

    home = Home.of()
    info = process.status(home)
    said = process.state(home) if info else None
    if info is None or said is None:
        if as_json:
            emit_json({"running": False})
        else:
            typer.echo("No local venue is running. Start it with: mm sim start")
        return
    if as_json:
        state: dict[str, Any] = {
            "account_uid": said.uid,
            "balances": said.balances,
            "open_orders": said.open_orders,
            "last_price": said.last_price,
            "faults": said.faults,
            "replay_begun": said.begun if info.market == "replay" else None,
            "replay_finished": said.finished if info.market == "replay" else None,
        }
        emit_json({"running": True, **_described(info), **state})
        return
    typer.echo(f"Running: {info.rest_url} (process {info.pid}, since {info.started_at})")
    typer.echo(_market_line(info))
    if info.market == "replay":
        progress = "at its end" if said.finished else "playing" if said.begun else "waits for its first listener"
        typer.echo(f"Recording: {progress}")
    typer.echo(f"Account {said.uid}: {said.open_orders} open orders, last price {said.last_price or 'none yet'}")
    if said.faults:
        typer.echo(f"Faults now: {', '.join(said.faults)}")
    rows = [(each["asset"], each["free"], each["locked"]) for each in said.balances]
    console().print(table(("asset", "free", "locked"), rows, right=("free", "locked")))


@app.command()
def reset(deposit: Deposit = None, as_json: Json = False) -> None:
    """Close the venue's account and open a new one. Old trades stay on record (mm sim trades --all).

    \b
    Example:
      mm sim reset --deposit 500
    """
    import os

    from mm.cli.output import emit_json
    from mm.config.loader import load_settings
    from mm.exchange.venue_server import process
    from mm.home import Home

    home = Home.of()
    _refuse_while_a_bot_runs(home, "reset its account")
    amount = deposit if deposit is not None else load_settings(home, None, os.environ).settings.venue.deposit
    uid = process.reset(home, amount)
    if as_json:
        emit_json({"account_uid": uid, "deposit": amount})
    else:
        typer.echo(f"New account {uid} with {amount:f} in quote.")


@app.command()
def trades(
    as_json: Json = False,
    every: Annotated[
        bool, typer.Option("--all", help="Of all accounts there ever were, not only the present.")
    ] = False,
) -> None:
    """The trades of the venue's account as the venue has them, oldest first.

    The shape is that of 'mm ledger fills --json', so that both can be compared.

    \b
    Example:
      mm sim trades --json
    """
    from mm.cli.output import console, emit_json, table
    from mm.exchange.venue_server import process
    from mm.home import Home

    home = Home.of()
    found = process.trades(home, all_accounts=every)
    info = process.status(home)
    if as_json:
        emit_json({"trades": found, "market": _described(info) if info else None})
        return
    if info is not None:
        typer.echo(_market_line(info))
    columns = ("time", "trade_id", "side", "price", "size", "quote", "fee", "fee_asset", "maker")
    rows = [[row[column] for column in columns] for row in found]
    console().print(table(columns, rows, right=("trade_id", "price", "size", "quote", "fee")))
    typer.echo(f"{len(found)} trades")


def _described(info: Any) -> dict[str, Any]:
    """A venue's process for JSON; a generated market with what its scenario is worth."""
    from dataclasses import asdict

    shown = {name: value for name, value in asdict(info).items() if name != "start_ticks"}
    note = _scenario_note(info) if info.market == "generated" else None
    shown["scenario"] = info.scenario if info.market == "generated" else None
    shown["scenario_note"] = note
    return {**shown, "rest_url": info.rest_url}


def _market_line(info: Any) -> str:
    if info.market == "replay":
        return f"Market: {info.symbol} from a recording ({', '.join(info.replay)})"
    return f"Market: {info.symbol}, scenario {info.scenario} ({_scenario_note(info) or 'unknown'})"


def _scenario_note(info: Any) -> str | None:
    """What the scenario is worth, one's own as its file says; None when that file is gone or broken."""
    from mm.domain.errors import ConfigurationError
    from mm.exchange.venue.scenario_file import scenario_named
    from mm.exchange.venue_server.files import VenueFiles
    from mm.home import Home

    try:
        return scenario_named(info.scenario, VenueFiles.of(Home.of()).scenarios).description
    except ConfigurationError:
        return None


def _refuse_while_a_bot_runs(home: Any, what: str) -> None:
    """Raises InstanceRunning: the bot would trade on an account that is no longer there."""
    from mm.domain.errors import InstanceRunning
    from mm.runner.lock import is_held

    if is_held(home.environment("sim")):
        raise InstanceRunning(
            f"a bot runs on the local venue; now is not the time to {what}", "end it with mm stop --sim"
        )
