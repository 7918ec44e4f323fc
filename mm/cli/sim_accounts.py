"""`mm sim accounts`, `mm sim deposit`, `mm sim withdraw`: who holds what on the local venue."""

from decimal import Decimal
from typing import Annotated, Any

import typer

from mm.cli.options import Json, amount

accounts = typer.Typer(
    help="Accounts of the local venue: the bot's own, and others to trade against.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
Account = Annotated[
    str | None, typer.Option("--account", metavar="UID", help="Of this account; without it, of the bot's own.")
]
Asset = Annotated[str, typer.Argument(metavar="ASSET", help="USDC, ETH, …")]
Amount = Annotated[Decimal, typer.Argument(parser=amount, metavar="AMOUNT", help="How much of it.")]
Label = Annotated[str, typer.Option("--label", metavar="TEXT", help="A name to find the key by.")]


@accounts.command("list")
def list_accounts(as_json: Json = False) -> None:
    """All open accounts with their balances.

    \b
    Example:
      mm sim accounts list
    """
    from mm.cli.output import console, emit_json, table
    from mm.exchange.venue_server import process
    from mm.home import Home

    found = process.ask_office(Home.of(), "GET", "/mm/accounts")
    if as_json:
        emit_json({"accounts": found})
        return
    rows = [
        (each["uid"], "the bot's" if each["own"] else "", _holds(each), each["open_orders"], each["keys"])
        for each in found
    ]
    console().print(table(("uid", "", "balances", "open orders", "keys"), rows, right=("open orders", "keys")))


@accounts.command("add")
def add(
    deposits: Annotated[
        list[str] | None,
        typer.Option("--deposit", metavar="ASSET=AMOUNT", help="What it holds at first; repeat it for more assets."),
    ] = None,
    label: Label = "",
    as_json: Json = False,
) -> None:
    """Open a further account with an API key of its own. Its secret is shown once, here.

    \b
    Example:
      mm sim accounts add --deposit USDC=5000 --deposit ETH=2
    """
    from mm.cli.output import emit_json
    from mm.exchange.venue_server import process
    from mm.home import Home

    asked = {"deposits": ",".join(deposits or ()), "label": label}
    opened = process.ask_office(Home.of(), "POST", "/mm/accounts", asked)
    if as_json:
        emit_json(opened)
        return
    typer.echo(f"Account {opened['uid']}: {_holds(opened) or 'empty'}")
    typer.echo(f"API key  {opened['key']['api_key']}")
    typer.echo(f"Secret   {opened['secret']}   (shown only now)")


def deposit(asset: Asset, amount: Amount, account: Account = None, as_json: Json = False) -> None:
    """Put money into an account of the local venue; a bot that runs on it hears of it.

    \b
    Example:
      mm sim deposit USDC 250
    """
    _move("/mm/deposit", asset, amount, account, as_json=as_json)


def withdraw(asset: Asset, amount: Amount, account: Account = None, as_json: Json = False) -> None:
    """Take money out of an account of the local venue; only what no order holds.

    \b
    Example:
      mm sim withdraw ETH 0.01
    """
    _move("/mm/withdraw", asset, amount, account, as_json=as_json)


def _move(path: str, asset: str, amount: Decimal, account: str | None, *, as_json: bool) -> None:
    from mm.cli.output import emit_json
    from mm.exchange.venue_server import process
    from mm.home import Home

    asked = {"asset": asset.upper(), "amount": f"{amount:f}"} | ({"account": account} if account else {})
    after = process.ask_office(Home.of(), "POST", path, asked)
    if as_json:
        emit_json(after)
    else:
        typer.echo(f"Account {after['uid']}: {_holds(after) or 'empty'}")


def _holds(account: dict[str, Any]) -> str:
    return ", ".join(
        f"{Decimal(each['free']) + Decimal(each['locked']):f} {each['asset']}" for each in account["balances"]
    )
