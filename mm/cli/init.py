"""`mm init`: writes MM_HOME and says what comes next."""

import os
from pathlib import Path

import typer

from mm.config import defaults
from mm.domain.errors import ConfigurationError
from mm.home import Home

DOTENV = """\
# API keys, and settings that only this machine has (MM__SECTION__KEY=value). Only you may read this file (0600).
#
# Testnet (play money): log in at https://testnet.binance.vision with a GitHub account, "Generate HMAC-SHA-256 Key".
#   Permissions: TRADE, USER_DATA, USER_STREAM. The key survives the testnet's monthly reset; balances do not.
# Mainnet (real money): https://www.binance.com, API Management, "System generated" key.
#   Enable Reading and Enable Spot & Margin Trading. No withdrawals, no margin loan, no futures, no transfers.
#   Restrict access to trusted IPs: the address of this machine.
#
# Instead of a value, NAME_FILE=path names a file that holds it (0600 too).

MM_TESTNET_API_KEY=
MM_TESTNET_API_SECRET=

MM_MAINNET_API_KEY=
MM_MAINNET_API_SECRET=

# Alerts (config.yaml, section alerts; docs/alerts.md): log-in at the mail server, a DingTalk robot's address and
# signing secret, Apprise URLs with blanks between them. Try them with: mm alerts test

MM_ALERTS_SMTP_USER=
MM_ALERTS_SMTP_PASSWORD=
MM_ALERTS_DINGTALK_WEBHOOK=
MM_ALERTS_DINGTALK_SECRET=
MM_ALERTS_APPRISE_URLS=
"""

NEXT = """\
Next:
  mm config check                          is the configuration in order?
  mm run --profile 100usdc --sim           trade on the local venue, no keys needed
  {dotenv}
                                           put testnet keys here (the file says where to get them), then
  mm run --profile testnet --testnet       stage 1 of the rollout"""


def init() -> None:
    """Write MM_HOME: configuration, profiles, a place for keys.

    What is there already is kept as it is; running it again is harmless.

    \b
    Example:
      mm init
      MM_HOME=/srv/mm mm init
    """
    home = Home.of()
    made: list[Path] = []
    kept: list[Path] = []
    files = [(home.config_file, defaults.config_file().read_text(encoding="utf-8"), 0o644)]
    files += [
        (home.profiles / source.name, source.read_text(encoding="utf-8"), 0o644)
        for source in sorted(defaults.profiles_folder().glob("*.yaml"))
    ]
    files.append((home.dotenv, DOTENV, 0o600))
    try:
        home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.profiles.mkdir(mode=0o700, exist_ok=True)
        for path, text, mode in files:
            (made if _written(path, text, mode) else kept).append(path)
    except OSError as error:
        raise ConfigurationError(
            f"{error.filename or home.path} cannot be written ({error.strerror})",
            "set MM_HOME to a folder of yours and run mm init again",
        ) from None
    for path in made:
        typer.echo(f"wrote {path}")
    if kept:
        typer.echo(f"kept {len(kept)} files that were there already in {home.path}")
    typer.echo(NEXT.format(dotenv=home.dotenv))


def _written(path: Path, text: str, mode: int) -> bool:
    """False when the file exists; it is never overwritten, not even by a second `mm init` at the same time."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return True
