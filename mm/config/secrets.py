"""API keys as Credentials, for whatever talks to the exchange."""

from collections.abc import Mapping

from pydantic import SecretStr

from mm.exchange.credentials import Credentials
from mm.exchange.key_files import read_keys
from mm.home import Home


def load_credentials(home: Home, environment: str, environ: Mapping[str, str]) -> Credentials:
    """Raises CredentialsMissing (exit 10) with where to put the keys; see mm.exchange.key_files."""
    pair = read_keys(home, environment, environ)
    return Credentials(api_key=SecretStr(pair.api_key), api_secret=SecretStr(pair.api_secret))
