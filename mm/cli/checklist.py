"""`mm preflight`, the same as `mm checklist preflight`."""

from typing import TYPE_CHECKING, Any

import typer

from mm.cli.lazy_group import group_of
from mm.cli.options import Json, Mainnet, Profile, Sim, Testnet, named_environment, reading_environment
from mm.home import Home

if TYPE_CHECKING:
    from mm.checklist.context import KnownAccount, PreflightContext
    from mm.checklist.model import Checklist
    from mm.config.loader import LoadedSettings

app = group_of("The plan's checklists.")

DEFAULT_PROFILE = "100usdc"


@app.command("preflight")
def preflight(
    profile: Profile = None,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Check everything that must hold before a run; nothing is traded. On sim the venue is started when needed.

    Without a profile it takes the last run's (else 100usdc); without an environment the last run's.
    Exit codes: 0 nothing blocks (warnings may stand), 3 wrong configuration, 5 a blocking item failed.

    \b
    Example:
      mm preflight --profile 100usdc --sim
      mm checklist preflight --testnet --json
    """
    import asyncio

    from mm.checklist.preflight import run_preflight
    from mm.cli.output import emit_json
    from mm.domain.errors import ExitCode

    home = Home.of()
    environment = named_environment(sim=sim, testnet=testnet, mainnet=mainnet) or reading_environment(
        home, sim=False, testnet=False, mainnet=False
    )
    context = preflight_context(home, environment, profile)
    checklist = asyncio.run(run_preflight(context))
    if as_json:
        emit_json(checklist.as_dict())
    else:
        show(checklist)
    if checklist.refusals:
        raise typer.Exit(int(ExitCode.CHECK_REFUSED))


def preflight_context(
    home: Home, environment: str, profile: str | None, loaded: "LoadedSettings | None" = None
) -> "PreflightContext":
    """What `run_preflight` needs, read from the home. Raises ConfigurationError for a wrong configuration."""
    import time

    from mm.bootstrap import open_reader
    from mm.checklist.context import PreflightContext
    from mm.cli.key_acceptance import accepted_of
    from mm.cli.records import current_stage, open_halts, settings_of
    from mm.couriers import channels_of
    from mm.domain.errors import LedgerError, MmError
    from mm.rollout.stages import parse_stage

    known: _Known = _Known()
    problem, stage = "", "testnet"
    halts: tuple[str, ...] = ()
    accepted = None
    try:
        known = _read_known(home, environment)
        stage = current_stage(home)
        halts = tuple(f"{halt.cause}: {halt.detail}" for halt in open_halts(home, environment))
        accepted = accepted_of(home, environment)
    except LedgerError as error:
        problem = str(error)
    name = profile or known.profile or DEFAULT_PROFILE
    settings = loaded or settings_of(home, name)
    channels: tuple[str, ...] = ()
    alert_problem = ""
    try:
        channels = tuple(channel.name for channel in channels_of(home, settings))
    except MmError as error:
        alert_problem = str(error)
    return PreflightContext(
        home=home,
        loaded=settings,
        environment=environment,
        profile=name,
        stage=parse_stage(stage),
        open_reader=lambda: open_reader(home, settings, environment),
        now_ns=time.time_ns,
        mono_ns=time.monotonic_ns,
        account=known.account,
        own_prefix=known.prefix,
        halts=halts,
        record_problem=problem,
        alert_channels=channels,
        alert_problem=alert_problem,
        key_accepted=accepted,
    )


class _Known:
    """What an earlier run left in the ledger."""

    def __init__(
        self, profile: str | None = None, account: "KnownAccount | None" = None, prefix: str | None = None
    ) -> None:
        self.profile = profile
        self.account = account
        self.prefix = prefix


def _read_known(home: Home, environment: str) -> _Known:
    """Raises LedgerError."""
    from decimal import Decimal

    from mm.checklist.context import KnownAccount
    from mm.cli.records import open_ledger
    from mm.domain.instrument import to_units
    from mm.domain.records import BalanceBaseline
    from mm.execution.client_order_id import prefix

    files = home.environment(environment)
    if not files.ledger.exists():
        return _Known()
    with open_ledger(files) as ledger:
        run = ledger.last_run()
        if run is None:
            return _Known()
        position = ledger.equity(last=1)
        cash = position[0].cash if position else run.capital
        base = position[0].base if position else Decimal(0)
        baselines = tuple(BalanceBaseline(b.asset, to_units(b.amount)) for b in ledger.balance_baselines())
        return _Known(run.profile, KnownAccount(run.account_uid, cash, base, baselines), prefix(ledger.tag()))


def show(checklist: "Checklist") -> None:
    """The list as people read it: what blocks and how to mend it stands below the table."""
    from mm.cli.output import console, table

    out = console()
    rows: list[tuple[Any, ...]] = [(item.result.value, item.id, item.plan, item.evidence) for item in checklist.items]
    out.print(f"preflight of {checklist.profile} on {checklist.environment}", markup=False)
    out.print(table(("", "item", "plan", "evidence"), rows))
    for item in (*checklist.refusals, *checklist.warnings):
        word = "BLOCKS" if item.refuses else "warns"
        out.print(f"{word} {item.id}: {item.mend}", markup=False)
    if checklist.refusals:
        out.print(f"{len(checklist.refusals)} of {len(checklist.items)} items block a run")
    else:
        out.print("nothing blocks a run")
