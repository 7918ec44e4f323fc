"""keys.json (0600): the bot's own key pair, the admin token, and every API key of the venue; durable."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mm.exchange.venue_server.api_key import ApiKey, random_name
from mm.exchange.venue_server.keyring import Keyring

TOKEN_HEADER = "X-MM-Token"  # noqa: S105 - the header's name, not a token
"""Carries the admin token."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The bot's own HMAC key pair, the token of the venue's own loopback admin endpoint, and all keys there are.

    The own key is the first of `ring`; it is the holder of the bot's account.
    """

    api_key: str
    api_secret: str = field(repr=False)
    admin_token: str = field(repr=False)
    ring: tuple[ApiKey, ...] = ()

    def __post_init__(self) -> None:
        if not self.ring:
            object.__setattr__(self, "ring", (_own(self.api_key, self.api_secret),))

    @classmethod
    def make(cls) -> "Keys":
        return cls(random_name(), random_name(), random_name(43))

    @classmethod
    def read(cls, path: Path) -> "Keys":
        """Raises OSError, ValueError or KeyError when the file is absent or broken."""
        values = json.loads(path.read_text())
        ring = tuple(map(ApiKey.from_json, values.get("keys", ())))
        return cls(str(values["api_key"]), str(values["api_secret"]), str(values["admin_token"]), ring)

    @classmethod
    def read_or_make(cls, path: Path) -> "Keys":
        if path.exists():
            return cls.read(path)
        keys = cls.make()
        keys.write(path)
        return keys

    def keyring(self, path: Path) -> Keyring:
        """All keys, live; every change is written to `path` first."""
        return Keyring(self.ring, lambda ring: replace(self, ring=ring).write(path))

    def write(self, path: Path) -> None:
        """On disk, whole, when this returns."""
        values: Mapping[str, Any] = {
            "api_key": self.api_key,
            "api_secret": self.api_secret,
            "admin_token": self.admin_token,
            "keys": [key.to_json() for key in self.ring],
        }
        beside = path.with_name(path.name + ".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(values, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)


def _own(api_key: str, api_secret: str) -> ApiKey:
    return ApiKey(api_key, "HMAC", api_secret, holder=api_key, label="the bot's own")
