"""`mm service install`: bot and watchdog as systemd units."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mm.cli.lazy_group import group_of
from mm.cli.options import Json, Mainnet, Profile, Sim, Testnet, trading_environment
from mm.domain.errors import ConfigurationError, UsageError
from mm.home import Home

if TYPE_CHECKING:
    from collections.abc import Mapping

app = group_of("systemd units for bot and watchdog.")

BOT, WATCHDOG = "mm@.service", "mm-watchdog@.service"
SYSTEM = Path("/etc/systemd/system")


@app.callback()
def group() -> None:
    """systemd units for bot and watchdog."""


@app.command("install")
def install(
    user: Annotated[bool, typer.Option("--user", help="For this account's own systemd.")] = False,
    system: Annotated[bool, typer.Option("--system", help="For the machine's systemd (as root).")] = False,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="With --system: the account that runs it.")
    ] = None,
    profile: Profile = None,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
    as_json: Json = False,
) -> None:
    """Write the units mm@ and mm-watchdog@, and the profile with which an environment runs. Starts nothing.

    They run this `mm` with the MM_HOME of now; a profile is kept for each environment. Installing again replaces them.
    Keys come from MM_HOME/.env.

    Exit codes: 0 written, 2 wrong usage, 3 no such profile, or the folder cannot be written.

    \b
    Example:
      mm service install --user --profile 100usdc --testnet
      mm service install --system --account trader --profile 100usdc --mainnet
    """
    from mm.cli.output import emit_json
    from mm.config.layers import profile_file

    environment = trading_environment(sim=sim, testnet=testnet, mainnet=mainnet)
    if user == system:
        raise UsageError("for whom", "say --user or --system")
    if system != (account is not None):
        raise UsageError("--system wants the account that runs the bot", "name it with --account, and only there")
    if profile is None:
        raise UsageError("which capital tier", "say it with --profile, like --profile 100usdc")
    home = Home.of()
    profile_file(home, profile)
    folder = SYSTEM if system else _user_folder(os.environ)
    files = units(home, environment, profile, _own_command(), account)
    for name, text in files.items():
        _write(folder / name, text)
    manager = "systemctl" if system else "systemctl --user"
    then = [f"{manager} daemon-reload", f"{manager} enable --now mm@{environment} mm-watchdog@{environment}"]
    if not system:
        then.append("loginctl enable-linger   # else it ends when you log out")
    if as_json:
        emit_json({"written": [folder / name for name in files], "then": then})
        return
    for name in files:
        typer.echo(f"wrote {folder / name}")
    typer.echo("then: " + "\n      ".join(then))


def units(home: Home, environment: str, profile: str, command: Path, account: str | None) -> dict[str, str]:
    """Text by name, relative to systemd's folder. `account` None: a user's own systemd.

    Raises ConfigurationError for a path that a unit cannot name.
    """
    from mm.config.defaults import systemd_folder

    words = {"@HOME@": str(home.path), "@MM@": str(command), "@TARGET@": "multi-user.target"}
    for word in (words["@HOME@"], words["@MM@"]):
        if any(letter in word for letter in "\"'\\%$ \t\n"):
            raise ConfigurationError(f"systemd cannot name {word!r}", "take a path without blanks, quotes, % and $")
    if account is None:
        words["@TARGET@"] = "default.target"
    made = {}
    for name in (BOT, WATCHDOG):
        text = (systemd_folder() / name).read_text()
        for word, value in words.items():
            text = text.replace(word, value)
        if account is not None:
            text = text.replace("Type=notify\n", f"Type=notify\nUser={account}\n")
        made[name] = text
    made[f"mm@{environment}.service.d/profile.conf"] = f"[Service]\nEnvironment=MM_PROFILE={profile}\n"
    return made


def _own_command() -> Path:
    """The `mm` beside this interpreter: a service has no PATH to find it by."""
    import sys

    beside = Path(sys.executable).with_name("mm")
    if beside.exists():
        return beside
    raise ConfigurationError(f"no mm beside {sys.executable}", "install mm into a virtual environment, and use that mm")


def _user_folder(environ: "Mapping[str, str]") -> Path:
    configured = environ.get("XDG_CONFIG_HOME")
    return (Path(configured) if configured else Path.home() / ".config") / "systemd" / "user"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror})", "--system wants root") from None
