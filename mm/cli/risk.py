"""`mm risk show|resume|close`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mm.cli.incidents import close
from mm.cli.lazy_group import group_of
from mm.cli.options import Json, Mainnet, Sim, Testnet, reading_environment
from mm.home import Home

if TYPE_CHECKING:
    from mm.home import EnvironmentHome

app = group_of("Limits, trading state, halts; resume after a review.")

app.command("close")(close)

TAKEN_WITHIN = 5.0
"""Seconds a running bot gets to take a command; it looks every second."""
ANSWERED_WITHIN = 2.0
"""Seconds until its answer is in the ledger; a bot that had no halt to lift gives none."""


@app.command("show")
def show(as_json: Json = False, sim: Sim = False, testnet: Testnet = False, mainnet: Mainnet = False) -> None:
    """Show the trading state and its causes, open halts and incidents, the emergency level and what is ahead, and
    how much of each limit is used.

    Exit codes: 0 shown, 3 wrong configuration, 9 nothing has run.

    \b
    Example:
      mm risk show
      mm risk show --mainnet --json
    """
    from mm.cli.output import console, emit_json, iso, table
    from mm.cli.status import read_status

    home = Home.of()
    files = home.environment(reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet))
    status = read_status(home, files)
    limits = _distances(home, files)
    found = {
        **{
            name: status[name]
            for name in (
                "environment",
                "profile",
                "stage",
                "running",
                "trading_state",
                "causes",
                "stop_latch",
                "halts",
                "equity_age",
                "stale",
            )
        },
        "limits": limits,
        "incidents": _incidents(home, files),
        **_levels(home, files),
    }
    if as_json:
        emit_json(found)
        return
    out = console()
    causes = f" ({', '.join(status['causes'])})" if status["causes"] else ""
    out.print(f"{status['environment']} · {status['profile']} · {status['trading_state']}{causes}", markup=False)
    if status["stop_latch"]:
        out.print("STOP: an emergency stop is in force", markup=False)
    for halt in status["halts"]:
        out.print(f"halt since {iso(halt['since'], 'seconds')}: {halt['cause']}: {halt['detail']}", markup=False)
    for incident in found["incidents"]:
        out.print(
            f"incident {incident['id']} since {iso(incident['since'], 'seconds')}: {incident['kind']}: "
            f"{incident['detail']}",
            markup=False,
        )
    if found["level"] is not None:
        out.print(f"emergency level {found['level']}; the loss that counts is {found['level_loss']:.2f}", markup=False)
    for ahead in found["levels_ahead"]:
        out.print(f"at a loss above {ahead['above']:.2f} {ahead['unit']}: level {ahead['level']}: {ahead['what']}")
    if limits:
        age = f"{status['equity_age']:.0f} s" if status["equity_age"] is not None else "unknown"
        rows = [
            (row["name"], f"{row['value']:f}", f"{row['limit']:f}", row["unit"], f"{row['used'] * 100:.1f} %")
            for row in limits
        ]
        out.print(table(("limit", "now", "limit is", "unit", "used"), rows, right=("now", "limit is", "used")))
        out.print(f"by the ledger's last snapshot, {age} old; a loss is positive")
    else:
        out.print("no snapshot of equity yet: distances to the limits are unknown")


@app.command("resume")
def resume(
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What was found and why trading may go on.")],
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who resumes (else the account's name).")
    ] = None,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Lift the halts and the emergency stop after a review, and tell the running bot to go on.

    Refused while a loss beyond 10 % stands: that is the end of the stage, no halt. A loss of level 2 is accepted
    with the note and halts again when it grows by another limit.
    Exit codes: 0 resumed (or nothing to resume), 2 no note, 5 a cause persists, 9 record cannot be read.

    \b
    Example:
      mm risk resume --note "exchange was in maintenance, balances agree" --by Li
    """
    from mm.cli.output import emit_json
    from mm.cli.records import live_run, open_control, person
    from mm.domain.errors import HaltedError, UsageError
    from mm.runner.latch import lift

    home = Home.of()
    files = home.environment(reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet))
    who, text = person(by), note.strip()
    if not text:
        raise UsageError("a resume needs a note", 'say what was found: mm risk resume --note "…"')
    persisting = _persisting(home, files)
    if persisting:
        raise HaltedError(
            f"{files.environment} stays halted: {'; '.join(persisting)}",
            "a loss beyond 10 % ends the stage: check everything, then qualify again on testnet",
        )
    running = live_run(files)
    with open_control(home) as control:
        if running is not None:
            # The bot knows more than the ledger: what it refuses is not lifted behind its back.
            _tell(control, files, {"note": text}, who)
        lifted = control.lift_halts(files.environment, who, text)
    unlatched = lift(files)
    result = {
        "environment": files.environment,
        "by": who,
        "note": text,
        "lifted": [{"cause": halt.cause, "detail": halt.detail, "opened": halt.opened_at} for halt in lifted],
        "stop_latch_lifted": unlatched,
        "run_id": running,
    }
    if as_json:
        emit_json(result)
        return
    for halt in lifted:
        typer.echo(f"lifted: {halt.cause}: {halt.detail}")
    if unlatched:
        typer.echo("lifted: the emergency stop; a run may be started")
    if not lifted and not unlatched:
        typer.echo(f"no halt and no stop was in force on {files.environment}")
    if running is not None:
        typer.echo(f"the bot (run {running}) took it; see `mm status`")


def _tell(control: Any, files: "EnvironmentHome", payload: dict[str, Any], who: str) -> None:
    """Give the resume to the running bot and wait for its answer. Raises HaltedError when it refuses or is silent."""
    import time

    from mm.cli.records import open_ledger, utc_now
    from mm.domain.errors import HaltedError

    since = utc_now()
    number = control.add_command(files.environment, "resume", payload, who)
    until = time.monotonic() + TAKEN_WITHIN
    while control.command(number).taken_at is None:
        if time.monotonic() > until:
            raise HaltedError(
                f"the bot did not take the resume within {TAKEN_WITHIN:.0f} s, so nothing is lifted",
                "see `mm status`; end it with `mm stop`, then resume again",
            )
        time.sleep(0.1)
    until = time.monotonic() + ANSWERED_WITHIN
    with open_ledger(files) as ledger:
        while time.monotonic() < until:
            for event in ledger.risk_events(start=since, kinds=("event",)):
                if event.code == "resume_refused":
                    raise HaltedError(f"the bot refuses to resume: {event.detail}", "mend the cause, then resume again")
                if event.code == "resumed":
                    return
            time.sleep(0.1)


def _standing(home: Home, files: "EnvironmentHome") -> Any:
    """(settings, limits, baseline, last snapshot, quote, base), or None before the first snapshot."""
    from mm.cli.records import last_run, live_run, open_control, open_ledger, settings_of, trading_day, utc_now
    from mm.review.standing import standing
    from mm.rollout.stages import CAPS, cap_risk, parse_stage

    now, since = utc_now(), None
    if home.control.exists() and live_run(files) is None:
        with open_control(home) as control:
            since = control.stage_since()
    with open_ledger(files) as ledger:
        run = last_run(ledger, files)
        settings = settings_of(home, run.profile).settings
        found = standing(ledger, trading_day(settings.trading_day, None, now), now, stage_since=since)
    if found is None:
        return None
    # The stage it traded in: the present one may allow nothing there any more, and what was lost must still be seen.
    stage = parse_stage(run.stage)
    limits = settings.risk if CAPS[stage].profile is None else cap_risk(settings.risk, stage, files.environment)
    return limits, *found, run


def _distances(home: Home, files: "EnvironmentHome") -> list[dict[str, Any]]:
    from mm.domain.instrument import to_units
    from mm.risk.limits import LossLimits, distance, loss_distances

    found = _standing(home, files)
    if found is None:
        return []
    limits, baseline, last, run = found
    rows = [
        *loss_distances(LossLimits.of(limits), baseline, to_units(last.equity), run.quote),
        distance("position", last.base, limits.max_position, run.base),
    ]
    return [
        {"name": row.name, "value": row.value, "limit": row.limit, "unit": row.unit, "used": row.share} for row in rows
    ]


def _incidents(home: Home, files: "EnvironmentHome") -> list[dict[str, Any]]:
    from mm.cli.records import open_control

    if not home.control.exists():
        return []
    with open_control(home) as control:
        standing = control.incidents.all(files.environment, only_open=True)
    return [{"id": each.id, "kind": each.kind, "detail": each.detail, "since": each.opened_at} for each in standing]


def _levels(home: Home, files: "EnvironmentHome") -> dict[str, Any]:
    """The stage's emergency level, the loss it counts and what is ahead; unknown before the first snapshot."""
    from mm.cli.records import open_control, open_ledger
    from mm.review.levels import level_loss, level_reached, levels_ahead

    found = _standing(home, files)
    if found is None:
        return {"level": None, "level_loss": None, "levels_ahead": []}
    limits, baseline, last, run = found
    since = None
    if home.control.exists():
        with open_control(home) as control:
            since = control.stage_since()
    with open_ledger(files) as ledger:
        level = level_reached(ledger, since)
    ahead = levels_ahead(limits.levels, baseline, level)
    return {
        "level": level,
        "level_loss": level_loss(baseline, last.equity),
        "levels_ahead": [
            {"level": each.level, "above": each.above, "unit": run.quote, "what": each.what} for each in ahead
        ],
    }


def _persisting(home: Home, files: "EnvironmentHome") -> list[str]:
    """Losses that nobody can accept, by the ledger's last equity; nothing when nothing ever ran."""
    from mm.domain.instrument import to_units
    from mm.risk.limits import RED, LossLimits, losses

    if not files.ledger.exists():
        return []
    found = _standing(home, files)
    if found is None:
        return []
    limits, baseline, last, run = found
    every = losses(LossLimits.of(limits), baseline, to_units(last.equity))
    return [f"{loss.code}: {loss.describe(run.quote)}" for loss in every if loss.code in RED and loss.is_crossed]
