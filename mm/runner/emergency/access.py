"""Where the exchange of an environment is and with which key, read without the configuration's machinery."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mm.domain.errors import CredentialsMissing, ExchangeError
from mm.home import Home
from mm.redaction import register_secret

BASE_URLS = {"testnet": "https://testnet.binance.vision", "mainnet": "https://api.binance.com"}


@dataclass(frozen=True, slots=True)
class Access:
    """`warnings` are for the person; nothing here refuses to act."""

    base_url: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    warnings: tuple[str, ...] = ()


def find_access(home: Home, environment: str, environ: Mapping[str, str]) -> Access:
    """With its secrets registered for redaction.

    Raises CredentialsMissing without a key, ExchangeError when the local venue was never started.
    """
    found = _venue(home) if environment == "sim" else _binance(home, environment, environ)
    for secret in (found.api_key, found.api_secret):
        register_secret(secret)
    return found


def _venue(home: Home) -> Access:
    try:
        place = json.loads((home.venue / "venue.json").read_bytes())
        base_url = f"http://{place['host']}:{place['port']}"
    except (OSError, ValueError, KeyError, TypeError):
        raise ExchangeError(
            f"the local venue cannot be found ({home.venue / 'venue.json'})",
            "start it with 'mm sim start', then repeat",
        ) from None
    try:
        keys = json.loads((home.venue / "keys.json").read_bytes())
        return Access(base_url, str(keys["api_key"]), str(keys["api_secret"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise CredentialsMissing(
            f"the local venue's keys cannot be read ({home.venue / 'keys.json'})", "start it anew with 'mm sim start'"
        ) from None


def _binance(home: Home, environment: str, environ: Mapping[str, str]) -> Access:
    warnings: list[str] = []
    dotenv = _dotenv(home.dotenv, warnings)
    names = [f"MM_{environment.upper()}_API_{part}" for part in ("KEY", "SECRET")]
    values = [_value(name, environ, dotenv, warnings) for name in names]
    missing = [name for name, value in zip(names, values, strict=True) if not value]
    if missing:
        raise CredentialsMissing(
            f"no {' and no '.join(missing)} in the environment or in {home.dotenv}",
            "set them (or *_FILE), then repeat; or cancel the orders on Binance's own page",
        )
    return Access(BASE_URLS[environment], values[0], values[1], tuple(warnings))


def _value(name: str, environ: Mapping[str, str], dotenv: Mapping[str, str], warnings: list[str]) -> str:
    for source in (environ, dotenv):
        if source.get(name, "").strip():
            return source[name].strip()
        named = source.get(f"{name}_FILE", "").strip()
        if named:
            path = Path(named).expanduser()
            try:
                text = path.read_text().strip()
            except (OSError, ValueError) as error:
                warnings.append(f"{name}_FILE cannot be read ({path}: {type(error).__name__})")
                continue
            _warn_if_open(path, warnings)
            return text
    return ""


def _dotenv(path: Path, warnings: list[str]) -> dict[str, str]:
    """`NAME=value` lines; `export`, quotes and comments as in a shell's simplest use."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        warnings.append(f"{path} cannot be read ({type(error).__name__})")
        return {}
    _warn_if_open(path, warnings)
    found = {}
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.lstrip().startswith("#"):
            found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if value[:1] in {"'", '"'}:
        inside, closing, _ = value[1:].partition(value[0])
        return inside if closing else value
    return value.partition(" #")[0].rstrip()


def _warn_if_open(path: Path, warnings: list[str]) -> None:
    if path.stat().st_mode & 0o077:
        warnings.append(f"others can read {path}; mend it with: chmod 600 {path}")
