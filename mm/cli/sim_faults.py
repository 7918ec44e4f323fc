"""`mm sim faults`: what shall go wrong on the local venue, and when."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mm.cli.options import Json

faults = typer.Typer(
    help="Faults of the local venue: lost orders, silent streams, maintenance … Gone when the venue ends.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@faults.command("kinds")
def kinds(as_json: Json = False) -> None:
    """Every kind of fault there is, with the values it takes (the first is the default).

    \b
    Example:
      mm sim faults kinds
    """
    from mm.cli.output import console, emit_json, table
    from mm.exchange.venue.faults.kinds import KINDS

    found = [
        {"kind": kind.name, "strikes": kind.scope.value, "values": list(kind.values), "description": kind.description}
        for kind in KINDS.values()
    ]
    if as_json:
        emit_json({"kinds": found})
        return
    rows = [(each["kind"], each["description"], ", ".join(each["values"][:3])) for each in found]
    console().print(table(("kind", "what happens", "values"), rows))


@faults.command("list")
def list_faults(as_json: Json = False) -> None:
    """Faults that hold or are to come, and how often each kind struck since the venue started.

    \b
    Example:
      mm sim faults list --json
    """
    from mm.cli.output import console, emit_json, table
    from mm.exchange.venue_server import process
    from mm.home import Home

    said = process.ask_faults(Home.of(), "GET", "/mm/faults")
    if as_json:
        emit_json(said)
        return
    rows = [
        (each["number"], each["kind"], _when(each), f"{each['share']:g}", each["target"], each["value"])
        for each in said["faults"]
    ]
    console().print(table(("number", "kind", "when", "share", "target", "value"), rows, right=("number", "share")))
    met = ", ".join(f"{kind} {count}" for kind, count in said["met"].items())
    typer.echo(f"{_counted(len(rows))}; struck so far: {met or 'nothing'}")


@faults.command("add")
def add(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="One of mm sim faults kinds.")] = None,
    after: Annotated[str | None, typer.Option("--in", metavar="TIME", help="Begins so long from now.")] = None,
    lasts: Annotated[str | None, typer.Option("--for", metavar="TIME", help="Lasts so long (default 30s).")] = None,
    share: Annotated[str | None, typer.Option("--share", metavar="PART", help="Of what it can hit: 0.5.")] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="order.place, queries, depth, account, …")
    ] = None,
    value: Annotated[str | None, typer.Option("--value", metavar="TEXT", help="See mm sim faults kinds.")] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="A schedule (YAML).")] = None,
    at_random: Annotated[bool, typer.Option("--random", help="A schedule at random; needs --seed.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of --random.")] = None,
    hours: Annotated[float, typer.Option("--hours", min=0.01, max=1000.0, help="Length of --random.")] = 1.0,
    as_json: Json = False,
) -> None:
    """Add one fault, a schedule file, or a schedule at random. Times count from now.

    --random draws on every kind after which the bot goes on by itself.

    \b
    Example:
      mm sim faults add request-lost --in 10s --for 1m --share 0.5 --target order.place
    """
    from mm.cli.output import emit_json
    from mm.domain.errors import UsageError
    from mm.exchange.venue.faults.written import WrittenFault
    from mm.exchange.venue_server import process
    from mm.home import Home

    given = {"in": after, "for": lasts, "share": share, "target": target, "value": value}
    words = {name: text for name, text in given.items() if text is not None}
    if sum((kind is not None, file is not None, at_random)) != 1 or (words and kind is None):
        raise UsageError("give one KIND with its options, or --file FILE, or --random --seed N")
    if at_random != (seed is not None):
        raise UsageError("--random and --seed go together")
    home = Home.of()
    if at_random:
        asked = {"seed": str(seed), "hours": str(hours)}
        numbers = process.ask_faults(home, "POST", "/mm/faults/random", asked)["numbers"]
    else:
        try:
            written = [WrittenFault.read({"kind": kind or "", **words})] if file is None else schedule(file)
        except ValueError as error:
            raise UsageError(str(error), "mm sim faults kinds lists what there is") from None
        numbers = process.add_faults(home, [each.words() for each in written])
    if as_json:
        emit_json({"numbers": numbers})
    else:
        typer.echo(
            f"{_counted(len(numbers))} added: {', '.join(map(str, numbers[:20]))}{' …' if len(numbers) > 20 else ''}"
        )


@faults.command("clear")
def clear(
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="Only this one.")] = None,
    as_json: Json = False,
) -> None:
    """End all faults at once, those to come too; or only the one of this number.

    \b
    Example:
      mm sim faults clear
    """
    from mm.cli.output import emit_json
    from mm.exchange.venue_server import process
    from mm.home import Home

    asked = {} if number is None else {"number": str(number)}
    cleared = process.ask_faults(Home.of(), "POST", "/mm/faults/clear", asked)["cleared"]
    if as_json:
        emit_json({"cleared": cleared})
    else:
        typer.echo(f"{cleared} faults cleared")


def schedule(file: Path) -> list[Any]:
    """The faults of a schedule file. Raises ConfigurationError."""
    from mm.config.fault_schedule import read_schedule

    return list(read_schedule(file).values())


def _when(row: dict[str, Any]) -> str:
    begins = f"in {row['starts_in']:.0f} s" if row["starts_in"] > 0 else "now"
    return begins if row["ends_in"] is None else f"{begins}, {row['ends_in']:.0f} s left"


def _counted(number: int) -> str:
    return "1 fault" if number == 1 else f"{number} faults"
