"""`mm sim calibrate`: fits the generated market to recordings and shows both side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mm.cli.options import Json

if TYPE_CHECKING:
    from mm.exchange.venue.calibration.calibrate import Calibration, Line, Table
    from mm.exchange.venue.calibration.statistic import Estimate


def calibrate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Captures (*.raw.gz), and one-minute bars beside them.")
    ],
    write: Annotated[
        str | None, typer.Option("--write", metavar="NAME", help="Keep the result as a scenario of this name.")
    ] = None,
    rounds: Annotated[
        int, typer.Option("--rounds", min=0, max=50, help="Rounds of the fit; 0 compares the shipped ordinary.")
    ] = 6,
    as_json: Json = False,
) -> None:
    """Fit the generated market to recordings, and print recorded against generated, statistic by statistic.

    The first capture's symbol is fitted on, captures of others are for checking; bars are fitted on in even years and
    checked in odd ones. Figures come with one standard error (jackknife over stretches of time). Takes a minute or
    two; Parquet bars need the extra 'archive'. --write NAME keeps the parameters for --scenario NAME.

    \b
    Example:
      mm sim calibrate eth_0808.raw.gz eth_0809.raw.gz --write mine
    """
    import re
    from dataclasses import asdict

    from mm.cli.output import emit_json
    from mm.domain.errors import UsageError
    from mm.exchange.venue.calibration.calibrate import calibrate as run
    from mm.exchange.venue.scenario_file import write_scenario
    from mm.exchange.venue.scenarios import SCENARIOS
    from mm.exchange.venue_server.files import VenueFiles
    from mm.home import Home

    if write is not None and (not re.fullmatch(r"[a-z][a-z0-9_-]{0,30}", write) or write in SCENARIOS):
        raise UsageError(
            f"--write {write[:40]!r} is no name for a scenario", "small letters, digits, - and _; not a shipped one's"
        )
    for file in files:
        if not file.is_file():
            raise UsageError(f"there is no recording {file}")
    found = run(files, write or "calibrated", rounds, lambda text: typer.echo(text, err=True))
    kept = None
    if write is not None:
        kept = VenueFiles.of(Home.of()).scenarios / f"{write}.json"
        write_scenario(found.scenario, kept)
    if as_json:
        tables = [_table_json(table) for table in found.tables]
        parameters = asdict(found.scenario)
        emit_json({"scenario": parameters, "tables": tables, "notes": list(found.notes), "written": kept})
        return
    _print(found)
    if kept is not None:
        typer.echo(f"Written: {kept}. Serve it with: mm sim start --scenario {write}")


def _print(found: "Calibration") -> None:
    from dataclasses import asdict

    from mm.cli.output import console, table

    for each in found.tables:
        typer.echo(f"\n{each.title}\n")
        columns = ("statistic", "unit", *each.recordings, "generated", "off")
        lines = [
            (line.name, line.unit, *map(_figure, line.recorded), _figure(line.generated), _off(line))
            for line in each.lines
        ]
        console().print(table(columns, lines, right=columns[2:]))
    typer.echo("\noff: generated less recorded, in standard errors of the difference, for each recording")
    typer.echo(f"{'; '.join(found.notes)}\n\nParameters")
    for name, value in asdict(found.scenario).items():
        typer.echo(f"  {name}: {value}")


def _figure(estimate: "Estimate") -> str:
    if estimate.value is None:
        return "–"
    return f"{estimate.value:.3g}" + ("" if estimate.error is None else f" ± {estimate.error:.2g}")


def _off(line: "Line") -> str:
    found = [_distance(each, line.generated) for each in line.recorded]
    return " ".join("–" if each is None else f"{each:+.1f}" for each in found)


def _distance(recorded: "Estimate", generated: "Estimate") -> float | None:
    if recorded.value is None or generated.value is None or recorded.error is None or generated.error is None:
        return None
    error = float((recorded.error**2 + generated.error**2) ** 0.5)
    return (generated.value - recorded.value) / error if error else None


def _table_json(table: "Table") -> dict[str, Any]:
    return {
        "title": table.title,
        "recordings": list(table.recordings),
        "statistics": [
            {
                "name": line.name,
                "unit": line.unit,
                "recorded": [each._asdict() for each in line.recorded],
                "generated": line.generated._asdict(),
            }
            for line in table.lines
        ],
    }
