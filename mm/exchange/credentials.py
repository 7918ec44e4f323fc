"""An API key pair, kept out of every repr and log line."""

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Credentials:
    """`repr` shows asterisks; `.get_secret_value()` is called only where a request is signed."""

    api_key: SecretStr
    api_secret: SecretStr
