"""The `mm` command: a table of commands, each imported only when it is used."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import typer

from mm import __version__
from mm.cli.lazy_group import LazyCommand, LazyGroup
from mm.domain.errors import MmError

# One line a command: name, where it lives (a function or a Typer app of subcommands), its line in `mm --help`.
COMMANDS = (
    LazyCommand("init", "mm.cli.init:init", "Write MM_HOME: configuration, profiles, a place for keys."),
    LazyCommand("config", "mm.cli.config_commands:app", "Show or check the configuration."),
    LazyCommand("preflight", "mm.cli.checklist:preflight", "Check everything that must hold before a run."),
    LazyCommand("run", "mm.cli.run:run", "Trade: on the local venue, testnet or mainnet."),
    LazyCommand("status", "mm.cli.status:status", "What the bot does now: quotes, position, PnL, risk state."),
    LazyCommand("health", "mm.cli.health:health", "Is everything that the bot needs in order?"),
    LazyCommand("logs", "mm.cli.logs:logs", "Show the log of the bot."),
    LazyCommand("stop", "mm.cli.stop:stop", "Stop the bot, gently or as an emergency; prove that no order is left."),
    LazyCommand("watchdog", "mm.cli.watchdog:watchdog", "Mind the bot: stop it when it gives no sign of life."),
    LazyCommand("service", "mm.cli.service:app", "systemd units for bot and watchdog."),
    LazyCommand("risk", "mm.cli.risk:app", "Limits, trading state, halts; resume after a review."),
    LazyCommand("alerts", "mm.cli.alerts:app", "Alerts: try the channels, see what was told, say that it was seen."),
    LazyCommand("stage", "mm.cli.stage:app", "Where the rollout stands and what the next step needs."),
    LazyCommand("review", "mm.cli.review:app", "Reviews of what the bot did."),
    LazyCommand("ledger", "mm.cli.ledger:app", "Orders, fills, PnL and the audit against the exchange."),
    LazyCommand("checklist", "mm.cli.checklist:app", "The plan's checklists."),
    LazyCommand("replay", "mm.cli.replay:replay", "Play a run's journal again: the same events, the same actions?"),
    LazyCommand("soak", "mm.cli.soak:soak", "Days of trading in virtual time: is anything lost, doubled or leaked?"),
    LazyCommand("sim", "mm.cli.sim:app", "The local venue: start, stop, status, reset, trades."),
)


class MmGroup(LazyGroup):
    table: ClassVar = {command.name: command for command in COMMANDS}


app = typer.Typer(
    cls=MmGroup,
    rich_markup_mode=None,  # rich's help costs 150 ms
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mm {__version__}")
        raise typer.Exit


def _no_color(value: bool) -> None:
    if value:
        import os

        os.environ["NO_COLOR"] = "1"


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", callback=_no_color, is_eager=True, help="No colours (as NO_COLOR=1).")
    ] = False,
) -> None:
    """Takes a market-making bot on Binance Spot from testnet to real money in proven steps.

    \b
    Example:
      mm init
      mm run --profile 100usdc --sim --scenario lively --for 2m
      mm review daily
    """


def command() -> Any:
    """The click command behind `app`; typer keeps click to itself, so its type has no public name."""
    root_command: Any = typer.main.get_command(app)
    for parameter in root_command.params:
        if parameter.name in {"install_completion", "show_completion"}:
            parameter.default = False  # None would make typer build a pydantic validator: 80 ms before any command
    return root_command


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its code; every expected error is one line on stderr."""
    from mm.cli.redacted_stream import redacted_output

    with redacted_output():
        _main(arguments)


def _main(arguments: Sequence[str] | None) -> None:
    try:
        command().main(args=arguments, prog_name="mm")
    except MmError as error:
        print(f"mm: {error_line(str(error))}", file=sys.stderr)  # noqa: T201  the one place that speaks for all errors
        sys.exit(int(error.exit_code))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001  the last line of defence: recorded with its traceback, exit code 1
        from mm.cli.crash import report_crash

        sys.exit(report_crash(error))


def error_line(text: str) -> str:
    """Several problems stay several lines, each indented under the first; secrets stay out."""
    from mm.redaction import redact

    return "\n    ".join(line.strip() for line in redact(text).strip().splitlines())
