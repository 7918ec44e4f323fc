"""`mm stage show|promote`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mm.cli.lazy_group import group_of
from mm.cli.options import Json, Yes
from mm.home import Home

if TYPE_CHECKING:
    from mm.rollout.criteria import Verdict
    from mm.rollout.evidence import Evidence
    from mm.rollout.stages import Stage

app = group_of("Where the rollout stands and what the next step needs.")

ORDINARY_FEE = "0.001"
"""Binance Spot's maker fee without discounts; the account's own is shown by `mm preflight`."""


@app.command("show")
def show(as_json: Json = False) -> None:
    """Show the current stage, what it allows on mainnet, and every criterion of the next step with its evidence.

    Exit codes: 0 shown, 9 ledger or control database cannot be read.

    \b
    Example:
      mm stage show
      mm stage show --json
    """
    from mm.cli.output import console, emit_json
    from mm.cli.records import current_stage
    from mm.rollout.criteria import judge
    from mm.rollout.stages import CAPS, allowed_profiles, parse_stage

    home = Home.of()
    stage = parse_stage(current_stage(home))
    evidence = _evidence(home, stage)
    verdicts = judge(evidence)
    caps, allowed = CAPS[stage], allowed_profiles(stage)
    if as_json:
        emit_json(
            {
                "stage": stage.value,
                "next": stage.next.value if stage.next else None,
                "allowed_on_mainnet": list(allowed),
                "caps": {
                    "capital": caps.capital,
                    "max_position": caps.max_position,
                    "daily_loss": caps.daily_loss,
                    "max_drawdown": caps.max_drawdown,
                    "dwell": caps.dwell,
                },
                **_judged(evidence, verdicts),
            }
        )
        return
    out = console()
    out.print(f"stage {stage} · on mainnet: {', '.join(allowed) or 'nothing yet'}", markup=False)
    if allowed:
        out.print(
            f"at most {caps.capital} USDC, {caps.max_position} ETH of position, {caps.daily_loss} USDC of daily loss"
        )
    if stage.next is None:
        out.print("this is the last stage")
        return
    out.print(f"next: {stage.next}, judged on the {evidence.source}")
    _print(verdicts)


@app.command("promote")
def promote(
    tier: Annotated[str, typer.Argument(metavar="TIER", help="The next stage: 100, 200, 500, 1000, 2000 or stable.")],
    approver: Annotated[str, typer.Option("--approver", metavar="NAME", help="Who answers for it.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Step up to the next stage, when every criterion passes. No stage is skipped; insufficient is no pass.

    Exit codes: 0 promoted, 1 not confirmed, 2 no such tier, 4 refused (each criterion is listed), 9 no record.

    \b
    Example:
      mm stage promote 100 --approver "Li Wei"
    """
    from mm.cli.output import emit_json, note
    from mm.cli.records import current_stage, open_control
    from mm.domain.errors import StageRefused, UsageError
    from mm.rollout.criteria import Judgement, all_pass, judge
    from mm.rollout.stages import check_step, parse_stage

    home = Home.of()
    target = parse_stage(tier)
    if not approver.strip():
        raise UsageError("an approver has a name", "say it with --approver NAME")
    stage = parse_stage(current_stage(home))
    check_step(stage, target)
    evidence = _evidence(home, stage)
    verdicts = judge(evidence)
    passed = all_pass(verdicts)
    record: dict[str, Any] = {"from": stage.value, "to": target.value, "promoted": False, **_judged(evidence, verdicts)}
    expected = _expectation(home, target)
    record["expectation"] = expected
    if not passed:
        if as_json:
            emit_json(record)
        else:
            _print(verdicts)
            note(f"expectation for {target}: {expected}")
        open_ones = sum(verdict.judgement is not Judgement.PASS for verdict in verdicts)
        raise StageRefused(
            f"stage {stage} does not step to {target}: {open_ones} of {len(verdicts)} criteria do not pass",
            "each is listed above with its evidence",
        )
    if not as_json:
        _print(verdicts)
        note(f"expectation for {target}: {expected}")
    if not yes:
        typer.confirm(f"Step from {stage} to {target}, approved by {approver.strip()}?", abort=True, err=True)
    with open_control(home) as control:
        import orjson

        from mm.cli.output import json_text

        kept = orjson.loads(json_text({**record, "promoted": True}))
        control.add_stage_event(target.value, "promote", approver.strip(), "", kept)
    if as_json:
        emit_json({**record, "promoted": True, "approver": approver.strip()})
    else:
        typer.echo(f"stage {target} from now on, approved by {approver.strip()}")


def _judged(evidence: "Evidence", verdicts: "tuple[Verdict, ...]") -> dict[str, Any]:
    return {
        "evidence_source": evidence.source,
        "criteria": [
            {"plan": v.plan, "demand": v.demand, "judgement": v.judgement.value, "evidence": v.evidence}
            for v in verdicts
        ],
    }


def _print(verdicts: "tuple[Verdict, ...]") -> None:
    from mm.cli.output import console, table

    rows = [(v.plan, v.demand, v.judgement.value, v.evidence) for v in verdicts]
    console().print(table(("plan", "criterion", "judged", "evidence"), rows))


def _evidence(home: Home, stage: "Stage") -> "Evidence":
    import os

    from mm.cli.records import live_run, open_control, open_ledger, settings_of, utc_now
    from mm.cli.records import open_halts as halts_of
    from mm.review.stage_evidence import (
        Surroundings,
        evidence_environment,
        no_evidence,
        read_evidence,
        with_daily_returns,
    )

    environment = evidence_environment(stage)
    files = home.environment(environment)
    around = Surroundings(
        cores=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        open_halts=len(halts_of(home, environment)),
        next_risk=_next_risk(home, stage),
    )
    if not files.ledger.exists():
        return no_evidence(stage, f"{environment} ledger (nothing has run there)", around)
    since, now = None, utc_now()
    if home.control.exists():
        with open_control(home) as control:
            since = control.stage_since()
    with open_ledger(files) as ledger:
        found = read_evidence(ledger, stage, since, now, live_run=live_run(files), around=around)
        run = ledger.last_run()
        if run is None:
            return found
        settings = settings_of(home, run.profile).settings.trading_day
        days = ledger.pnl_by_day(settings.close, settings.zone, start=since)
    return with_daily_returns(found, [day.total for day in days if not day.partial])


def _next_risk(home: Home, stage: "Stage") -> tuple[bool | None, str]:
    """Whether the next tier's profile is there, valid and within its stage's caps (P-3.2, P-3.3)."""
    from mm.cli.records import settings_of
    from mm.domain.errors import ConfigurationError
    from mm.rollout.stages import CAPS, MAINNET, cap_risk

    if stage.next is None:
        return None, "no stage follows"
    caps = CAPS[stage.next]
    name = caps.profile or ""
    try:
        settings = settings_of(home, name).settings
    except ConfigurationError as error:
        return False, f"profile {name}: {error.message}"
    if settings.capital != caps.capital:
        return False, f"profile {name} has a capital of {settings.capital}, the tier is {caps.capital}"
    if cap_risk(settings.risk, stage.next, MAINNET) != settings.risk:
        return False, f"profile {name} has limits above those of stage {stage.next}"
    return True, f"profile {name}: daily loss {settings.risk.daily_loss_limit}, position {settings.risk.max_position}"


def _expectation(home: Home, target: "Stage") -> str:
    from decimal import Decimal

    from mm.checklist.expectation import expectation
    from mm.cli.records import settings_of
    from mm.domain.errors import ConfigurationError
    from mm.rollout.stages import CAPS

    try:
        settings = settings_of(home, CAPS[target].profile or "").settings
    except ConfigurationError as error:
        return f"unknown: {error.message}"
    fee = Decimal(ORDINARY_FEE)
    spread = max(settings.strategy.base_spread, 2 * fee + settings.strategy.min_edge)
    return expectation(settings.capital, settings.risk.daily_loss_limit, spread, fee).line()
