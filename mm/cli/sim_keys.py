"""`mm sim keys`: the API keys of the local venue."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mm.cli.options import Json
from mm.cli.sim_accounts import Account, Label

keys = typer.Typer(
    help="API keys of the local venue: HMAC, RSA or Ed25519, with permissions.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
Named = Annotated[str, typer.Argument(metavar="KEY", help="The API key, the first letters of it, or its label.")]
_TYPES = ("hmac", "ed25519", "rsa")


def _type(text: str) -> str:
    if text.lower() not in _TYPES:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(_TYPES)}")
    return text.lower()


@keys.command("list")
def list_keys(as_json: Json = False) -> None:
    """All API keys, revoked ones too; never their secrets.

    \b
    Example:
      mm sim keys list
    """
    from mm.cli.output import console, emit_json, table
    from mm.exchange.venue_server import process
    from mm.home import Home

    found = process.ask_office(Home.of(), "GET", "/mm/keys")
    if as_json:
        emit_json({"keys": found})
        return
    rows = [(each["api_key"], each["type"], each["account_uid"] or "none", _may(each), each["label"]) for each in found]
    columns = ("API key", "type", "account", "may", "label")
    console().print(table(columns, rows, whole=("API key",)))


@keys.command("add")
def add(
    kind: Annotated[
        str, typer.Option("--type", parser=_type, metavar="TYPE", help="hmac, ed25519 or rsa: the pair is made here.")
    ] = "hmac",
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", metavar="FILE", help="Register this public key (PEM, Ed25519 or RSA) instead."),
    ] = None,
    account: Account = None,
    trade: Annotated[bool, typer.Option("--trade/--no-trade", help="May it trade?")] = True,
    withdrawals: Annotated[bool, typer.Option("--withdraw/--no-withdraw", help="May it withdraw?")] = False,
    ip: Annotated[
        list[str] | None,
        typer.Option("--ip", metavar="ADDRESS", help="Only from this address or network; repeat it for more."),
    ] = None,
    label: Label = "",
    as_json: Json = False,
) -> None:
    """Add an API key to an account. Its secret or private key is shown once, here.

    \b
    Example:
      mm sim keys add --type ed25519 --label desk
    """
    from mm.cli.output import emit_json
    from mm.domain.errors import UsageError
    from mm.exchange.venue_server import process
    from mm.exchange.venue_server.key_pair import make_key_pair
    from mm.home import Home

    asked = {
        "trading": str(trade).lower(),
        "withdrawals": str(withdrawals).lower(),
        "addresses": ",".join(ip or ()),
        "label": label,
    }
    private_key: str | None = None
    if public_key is not None:
        try:
            asked["public_key"] = public_key.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the public key {public_key} cannot be read", "give a PEM file") from error
    elif kind != "hmac":
        private_key, asked["public_key"] = make_key_pair("RSA" if kind == "rsa" else "ED25519")
    if account:
        asked["account"] = account
    added = process.ask_office(Home.of(), "POST", "/mm/keys", asked)
    if as_json:
        emit_json({**added, "private_key": private_key})
        return
    typer.echo(f"Account {added['account_uid']}, {added['type']}, may {_may(added)}")
    typer.echo(f"API key  {added['api_key']}")
    if added["secret"]:
        typer.echo(f"Secret   {added['secret']}   (shown only now)")
    if private_key:
        typer.echo(f"Private key (shown only now):\n{private_key}", nl=False)


@keys.command("revoke")
def revoke(key: Named, as_json: Json = False) -> None:
    """Revoke an API key: from the next request on it is refused (-2015). The bot's own can be revoked too.

    \b
    Example:
      mm sim keys revoke desk
    """
    _change("/mm/keys/revoke", key, "revoked", as_json=as_json)


@keys.command("restore")
def restore(key: Named, as_json: Json = False) -> None:
    """Make a revoked API key hold again.

    \b
    Example:
      mm sim keys restore desk
    """
    _change("/mm/keys/restore", key, "holds again", as_json=as_json)


def _change(path: str, key: str, done: str, *, as_json: bool) -> None:
    from mm.cli.output import emit_json
    from mm.exchange.venue_server import process
    from mm.home import Home

    changed = process.ask_office(Home.of(), "POST", path, {"key": key})
    if as_json:
        emit_json(changed)
    else:
        typer.echo(f"API key {changed['api_key']}: {done}.")


def _may(key: dict[str, Any]) -> str:
    if not key["enabled"]:
        return "nothing (revoked)"
    may = [name for name, part in (("read", "reading"), ("trade", "trading"), ("withdraw", "withdrawals")) if key[part]]
    return ", ".join(may) + (f" from {', '.join(key['addresses'])}" if key["addresses"] else "")
