"""Where API keys are kept and how they are found. Standard library only: the emergency stop starts in 0.05 s.

sim      MM_HOME/sim/venue/keys.json, written by the venue
testnet  MM_TESTNET_API_KEY, MM_TESTNET_API_SECRET, each also as …_FILE; environment, else MM_HOME/.env
mainnet  MM_MAINNET_API_KEY, MM_MAINNET_API_SECRET, likewise
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from mm.domain.errors import CredentialsMissing
from mm.dotenv import read_dotenv, read_private, secret_value
from mm.home import Home
from mm.redaction import register_secret


@dataclass(frozen=True, slots=True)
class KeyPair:
    """In the clear, for whoever signs; never printed."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)


def read_keys(home: Home, environment: str, environ: Mapping[str, str]) -> KeyPair:
    """The keys of one environment, registered for redaction.

    Raises CredentialsMissing: no key, a file that others can read, or something that cannot be a key;
    ConfigurationError when .env cannot be parsed.
    """
    pair = _venue_keys(home) if environment == "sim" else _exchange_keys(home, environment, environ)
    for part, value in (("key", pair.api_key), ("secret", pair.api_secret)):
        if not (8 <= len(value) <= 4096 and value.isascii() and value.isprintable() and " " not in value):
            raise CredentialsMissing(
                f"the API {part} for {environment} cannot be one (8 or more letters and digits, no spaces)",
                "copy it again, without quotes inside or line breaks",
            )
        register_secret(value)
    return pair


def _venue_keys(home: Home) -> KeyPair:
    path = home.venue / "keys.json"
    try:
        found = json.loads(read_private(path))
        return KeyPair(str(found["api_key"]), str(found["api_secret"]))
    except FileNotFoundError:
        raise CredentialsMissing(f"the local venue has no keys yet ({path})", "start it: mm sim start") from None
    except (ValueError, KeyError, TypeError):
        raise CredentialsMissing(f"{path} is no key file", "open a new account: mm sim reset") from None


def _exchange_keys(home: Home, environment: str, environ: Mapping[str, str]) -> KeyPair:
    dotenv = {name: entry.value for name, entry in read_dotenv(home.dotenv).items()}
    prefix = f"MM_{environment.upper()}_API_"
    key, secret = (secret_value(home.path, f"{prefix}{part}", (environ, dotenv)) for part in ("KEY", "SECRET"))
    missing = [f"{prefix}{part}" for part, value in (("KEY", key), ("SECRET", secret)) if not value]
    if key is None or secret is None:
        raise CredentialsMissing(
            f"no API keys for {environment}: {' and '.join(missing)} not set",
            f"put them into {home.dotenv} (mm init writes it and says where to get them)",
        )
    return KeyPair(key, secret)
