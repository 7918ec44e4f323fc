"""`mm replay`: the journal of a run, played again through the same code."""

from pathlib import Path
from typing import Annotated

import typer

from mm.cli.options import Json, Mainnet, Sim, Testnet, reading_environment
from mm.domain.errors import ExitCode, UsageError
from mm.home import EnvironmentHome, Home


def replay(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Id of a run; the last one unless named.")] = None,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Play a run's journal again: do the same events give the same actions?

    Exit codes: 0 identical, 1 an action differs, 2 no such run, 9 the journal cannot be read.

    \b
    Example:
      mm replay
      mm replay 20261122T202047Z-28fb --sim --json
    """
    from mm.bootstrap import code_hash
    from mm.cli.output import emit_json
    from mm.runner.replay import replay_journal

    home = Home.of()
    files = home.environment(reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet))
    result = replay_journal(_journal(files, run))
    is_same_code = result.code_hash == code_hash()
    difference = result.difference
    if as_json:
        emit_json(
            {
                "run_id": result.run_id,
                "events": result.events,
                "actions": result.actions,
                "identical": difference is None,
                "complete": result.complete,
                "same_code": is_same_code,
                "difference": None
                if difference is None
                else {
                    "event_number": difference.number,
                    "event": str(difference.event),
                    "recorded": [str(action) for action in difference.recorded],
                    "replayed": [str(action) for action in difference.replayed],
                },
            }
        )
    else:
        typer.echo(f"run {result.run_id}: {result.events} events, {result.actions} actions")
        if not result.complete:
            typer.echo("the journal has no end (the run was killed or still runs): played as far as it was written")
        if not is_same_code:
            typer.echo("the code has changed since that run")
        if difference is None:
            typer.echo("identical: the same events gave the same actions")
        else:
            typer.echo(f"event {difference.number} differs: {difference.event}")
            typer.echo(f"  recorded: {list(difference.recorded)}")
            typer.echo(f"  replayed: {list(difference.replayed)}")
    if difference is not None:
        raise typer.Exit(int(ExitCode.FAILED))


def _journal(files: EnvironmentHome, run: str | None) -> Path:
    from mm.journal.writer import SUFFIX

    found = sorted(files.journal.glob(f"*{SUFFIX}")) if files.journal.is_dir() else []
    if run is not None:
        found = [path for path in found if path.name == f"{run}{SUFFIX}"]
    if not found:
        what = f"no journal of run {run[:60]!r}" if run else "no journal yet"
        raise UsageError(f"{what} on {files.environment}", f"journals are kept in {files.journal}")
    return found[-1]
