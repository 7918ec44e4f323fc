"""Options that many commands share.

def status(as_json: Json = False, sim: Sim = False, testnet: Testnet = False, mainnet: Mainnet = False) -> None:
    environment = reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet)
"""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from mm.cli.output import note
from mm.domain.errors import ConfigurationError, UsageError
from mm.home import ENVIRONMENTS, Home


def _queue(text: str) -> str:
    models = ("conservative", "proportional", "optimistic")
    if text not in models:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(models)}")
    return text


Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Profile = Annotated[str | None, typer.Option("--profile", "-p", metavar="NAME", help="Capital tier, like 100usdc.")]
Replay = Annotated[
    list[Path] | None,
    typer.Option("--replay", metavar="FILE", help="Sim only: play a recorded market; repeat it for more files."),
]
ReplayFrom = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="Recorded bars: begin there, like 2024-08-05T00:00Z.")
]
Queue = Annotated[
    str | None,
    typer.Option(
        "--queue",
        parser=_queue,
        metavar="MODEL",
        help="Recorded market: conservative (default), proportional or optimistic queues.",
    ),
]
ServeAs = Annotated[
    str | None,
    typer.Option("--as", metavar="SYMBOL", help="Symbol a recording is served as; unless said ETHUSDT is ETHUSDC."),
]
Sim = Annotated[bool, typer.Option("--sim", help="The local venue.")]
Testnet = Annotated[bool, typer.Option("--testnet", help="Binance Spot testnet.")]
Mainnet = Annotated[bool, typer.Option("--mainnet", help="Binance Spot: real money.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask (services have no terminal).")]


def amount(text: str) -> Decimal:
    """An amount of money for `parser=`; zero or more."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is no amount") from None
    if not found.is_finite() or not 0 <= found <= Decimal("1e9"):
        raise typer.BadParameter(f"{text} is out of range; write 0 to 1000000000")
    return found


def moment(text: str, option: str) -> datetime:
    """A moment in ISO 8601; UTC unless it says otherwise. Raises UsageError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: {text!r} is no moment", "write it like 2024-08-05T00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def named_environment(*, sim: bool, testnet: bool, mainnet: bool) -> str | None:
    """The one that was named, or none; two are a usage error (exit 2)."""
    named = [name for name, given in zip(ENVIRONMENTS, (sim, testnet, mainnet), strict=True) if given]
    if len(named) > 1:
        raise UsageError(f"--{named[0]} and --{named[1]} exclude each other", "name one")
    return named[0] if named else None


def trading_environment(*, sim: bool, testnet: bool, mainnet: bool) -> str:
    """For commands that trade: exactly one must be named (usage error otherwise)."""
    named = named_environment(sim=sim, testnet=testnet, mainnet=mainnet)
    if named is None:
        raise UsageError("say where", "--sim, --testnet or --mainnet")
    return named


def reading_environment(home: Home, *, sim: bool, testnet: bool, mainnet: bool) -> str:
    """For commands that read: the named one, else the one last run, which is then said on stderr.

    Raises ConfigurationError when nothing has run yet.
    """
    named = named_environment(sim=sim, testnet=testnet, mainnet=mainnet)
    if named:
        return named
    try:
        last = home.last_environment.read_text().strip()
    except OSError:
        raise ConfigurationError(
            f"nothing has run yet under {home.path}", "name --sim, --testnet or --mainnet, or start with mm run"
        ) from None
    if last not in ENVIRONMENTS:
        raise ConfigurationError(
            f"{home.last_environment} names no environment ({last[:40]!r})", "name --sim, --testnet or --mainnet"
        )
    note(f"environment {last} (the last run)")
    return last
