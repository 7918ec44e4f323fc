"""`mm soak`: days of trading in minutes, in virtual time."""

import sys
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mm.cli.options import Json, Queue, Replay, ReplayFrom, ServeAs, moment
from mm.domain.errors import InvariantBroken, UsageError
from mm.home import Home

if TYPE_CHECKING:
    from mm.exchange.venue.recorded_book import QueueModel
    from mm.ports import AccountReader
    from mm.soak.result import SoakResult
    from mm.soak.spec import SoakSpec
    from mm.soak.world import World

_LONGEST_HOURS = 24 * 400
_HOURS = 48.0


def soak(
    hours: Annotated[
        float | None, typer.Option(help="Virtual hours to run: 48 unless said, a capture whole.", show_default=False)
    ] = None,
    profile: Annotated[str, typer.Option(help="Profile the bot runs with.")] = "100usdc",
    seed: Annotated[
        str,
        typer.Option(
            "--seed",
            "--seeds",
            metavar="N|A..B",
            help="Decides market, faults, kills and their moments. Several, like 1..20: a line each and a sum.",
        ),
    ] = "1",
    faults: Annotated[
        str,
        typer.Option(
            help="none, all (a random plan from the seed), storm (fault upon fault, quick restarts), or a file."
        ),
    ] = "none",
    scenario: Annotated[str | None, typer.Option(help="Generated market; else the configured one.")] = None,
    replay: Replay = None,
    replay_from: ReplayFrom = None,
    queue: Queue = None,
    serve_as: ServeAs = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Processes at once, for several seeds.")] = 1,
    processes: Annotated[
        int, typer.Option(min=1, max=100, help="The same seed so often, each hash seed another: one trace.")
    ] = 1,
    restarts: Annotated[bool, typer.Option(help="Kill and restart the bot at random moments.")] = True,
    as_json: Json = False,
) -> None:
    """Run the real bot on a venue in process, in virtual time, and check after every event that nothing is lost.

    Ledger against venue, orders against intents, limits, sending while stopped or stale, secrets in outputs (I1 to
    I6). The first violation is told with the command that plays it again. Touches no file of MM_HOME. With --replay
    the market is a recorded one, whose book is followed and must have no gap and never be crossed; sizes in another
    coin than the profile's are scaled to the same worth.
    Exit codes: 0 all hold, 2 wrong usage, 3 configuration, 11 an invariant was broken.

    \b
    Example:
      mm soak --hours 48 --seed 1 --faults all
      mm soak --hours 48 --seed 1..20 --faults all --jobs 2
      mm soak --hours 48 --seed 1 --faults all --processes 10 --jobs 2
      mm soak --replay binance_spot_nexousdt_20240723.raw.gz --replay binance_spot_nexousdt_20240724.raw.gz
    """
    from mm.exchange.venue.bars import is_bars
    from mm.soak.processes import ends_in_order
    from mm.soak.spec import SoakSpec

    if hours is not None and not 0 < hours <= _LONGEST_HOURS:
        raise UsageError(f"--hours {hours:g}", f"give more than 0 and at most {_LONGEST_HOURS}")
    files = replay or []
    if files and scenario:
        raise UsageError("--replay and --scenario exclude each other", "a recorded market is what it was")
    for option, value in (("--from", replay_from), ("--queue", queue), ("--as", serve_as)):
        if value is not None and not files:
            raise UsageError(f"{option} is about a recorded market", "it goes with --replay")
    if replay_from is not None:
        moment(replay_from, "--from")
    asked = hours or (0.0 if files and not is_bars(files[0]) else _HOURS)
    chosen = _range(seed)
    if processes > 1 and len(chosen) > 1:
        raise UsageError("--processes plays one seed, --seed names several", "give one --seed")
    specs = [
        SoakSpec(
            asked,
            profile,
            each,
            faults=faults,
            scenario=scenario or "",
            restarts=restarts,
            replay=tuple(map(str, files)),
            replay_as=serve_as or "",
            replay_from=replay_from or "",
            queue=cast("QueueModel", queue) if queue else "",
        )
        for each in chosen
    ]
    with ends_in_order():
        if len(specs) == processes == 1:
            _one(specs[0], as_json=as_json)
        else:
            _several(specs * processes, jobs, mixed=processes > 1, as_json=as_json)


def _one(spec: "SoakSpec", *, as_json: bool) -> None:
    from mm.cli.output import emit_json
    from mm.soak.report import as_json as jsoned
    from mm.soak.report import lines

    result = played(spec)
    if as_json:
        emit_json(jsoned(result))
    else:
        typer.echo("\n".join(lines(result)))
    _leave([result])


def _several(specs: "list[SoakSpec]", jobs: int, *, mixed: bool, as_json: bool) -> None:
    """A line as each ends, and the sum of those that did, even when somebody ends it early."""
    from mm.cli.output import emit_json
    from mm.soak.processes import in_processes
    from mm.soak.report import as_json as jsoned
    from mm.soak.report import line
    from mm.soak.sum import sum_as_json, sum_lines

    results: list[SoakResult] = []
    try:
        for result in in_processes(specs, played, jobs, mixed=mixed):
            results.append(result)
            if as_json:
                emit_json(jsoned(result), indent=False)
            else:
                typer.echo(line(result))
            sys.stdout.flush()
    finally:
        if as_json:
            emit_json(sum_as_json(results, len(specs)), indent=False)
        else:
            typer.echo("\n".join(sum_lines(results, len(specs))))
    _leave(results)


def _range(text: str) -> list[int]:
    first, dots, last = text.partition("..")
    if not first.isdigit() or (dots and not last.isdigit()) or (dots and int(last) < int(first)):
        raise UsageError(f"--seed {text[:40]}", "write a whole number, or a range like 1..20")
    return list(range(int(first), int(last or first) + 1))


def played(spec: "SoakSpec") -> "SoakResult":
    """Raises ConfigurationError."""
    import os

    from mm.config.loader import load_settings
    from mm.exchange.venue_server.files import VenueFiles
    from mm.soak.play import play
    from mm.soak.wire.schedule import SETTINGS

    home = Home.of(os.environ)
    more = SETTINGS if spec.schedules else {}
    loaded = load_settings(home, spec.profile, {**os.environ, **more})
    return play(spec, loaded, _audit, VenueFiles.of(home).scenarios)


async def _audit(world: "World", reader: "AccountReader") -> tuple[str, tuple[str, ...]]:
    from mm.review.audit_world import audited
    from mm.review.clock_gap import ClockGap

    drift = round(world.risk.max_clock_drift.total_seconds() * 1000)
    found = await audited(world.files.ledger, reader, world.risk.max_position, ClockGap(0, drift + 1), world.now())
    if found is None:
        return "no run began", ()
    said = (
        f"{found.intents} intents, {found.exchange_orders} orders at the exchange ({found.never_placed} never placed), "
        f"{found.fills} fills against {found.exchange_fills}, {len(found.differences)} differences"
    )
    return said, tuple(f"{each.invariant} {each.subject}: {each.text}" for each in found.differences)


def _leave(results: "list[SoakResult]") -> None:
    from mm.soak.sum import unequal

    broken = [result for result in results if not result.holds]
    if broken:
        first = broken[0].violations[0]
        raise InvariantBroken(
            f"{len(broken)} of {len(results)} soaks broke an invariant, the first {first.invariant} at {first.moment}",
            f"play it again with '{broken[0].spec.command}'",
        )
    if unequal(results):
        raise InvariantBroken(
            f"one seed, {len({result.trace for result in results})} traces in {len(results)} processes",
            "something depends on the process: its hash seed, its addresses, its environment",
        )
