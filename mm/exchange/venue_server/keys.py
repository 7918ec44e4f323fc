"""The venue's API keys and its admin token, kept in keys.json (0600) so that they outlive the process."""

import json
import os
import secrets
import string
from dataclasses import dataclass, field
from pathlib import Path

TOKEN_HEADER = "X-MM-Token"  # noqa: S105 - the header's name, not a token
"""Carries the admin token."""
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Keys:
    """One HMAC key pair, and the token of the venue's own loopback admin endpoint."""

    api_key: str
    api_secret: str = field(repr=False)
    admin_token: str = field(repr=False)

    @classmethod
    def make(cls) -> "Keys":
        return cls(_random(64), _random(64), _random(43))

    @classmethod
    def read(cls, path: Path) -> "Keys":
        """Raises OSError, ValueError or KeyError when the file is absent or broken."""
        values = json.loads(path.read_text())
        return cls(str(values["api_key"]), str(values["api_secret"]), str(values["admin_token"]))

    @classmethod
    def read_or_make(cls, path: Path) -> "Keys":
        if path.exists():
            return cls.read(path)
        keys = cls.make()
        keys.write(path)
        return keys

    def write(self, path: Path) -> None:
        values = {"api_key": self.api_key, "api_secret": self.api_secret, "admin_token": self.admin_token}
        beside = path.with_name(path.name + ".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(values, file)
        beside.replace(path)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
