"""`mm risk close`."""

from typing import Annotated

import typer

from mm.cli.options import Json, Mainnet, Sim, Testnet, reading_environment
from mm.home import Home


def close(
    incident: Annotated[int | None, typer.Argument(metavar="[ID]", help="Which one (else every open one).")] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What happened, and what was done.")] = "",
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who closes it (else the account's name).")
    ] = None,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Close incidents after a review. It lifts no halt: that is `mm risk resume`.

    Exit codes: 0 closed (or none was open), 2 no note, or no such open incident.

    \b
    Example:
      mm risk close --note "disk was full, moved the logs" --by Li
      mm risk close 3 --note "explained in the review of Monday" --by Li
    """
    from mm.cli.output import emit_json
    from mm.cli.records import open_control, person
    from mm.domain.errors import UsageError

    home = Home.of()
    files = home.environment(reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet))
    who, text = person(by), note.strip()
    if not text:
        raise UsageError("closing an incident needs a note", 'say what was found: mm risk close --note "…"')
    with open_control(home) as control:
        standing = control.incidents.all(files.environment, only_open=True)
        chosen = [each for each in standing if incident in (None, each.id)]
        if incident is not None and not chosen:
            raise UsageError(f"no incident {incident} is open on {files.environment}", "see `mm risk show`")
        closed = [each for each in chosen if control.incidents.close(each.id, who, text)]
    if as_json:
        found = [{"id": each.id, "kind": each.kind, "detail": each.detail} for each in closed]
        emit_json({"environment": files.environment, "by": who, "note": text, "closed": found})
        return
    for each in closed:
        typer.echo(f"closed: {each.id} {each.kind}: {each.detail}")
    if not closed:
        typer.echo(f"no incident is open on {files.environment}")
