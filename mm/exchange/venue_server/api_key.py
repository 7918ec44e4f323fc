"""An API key as the exchange keeps it: its type, what it may do, from where, and whose account it opens."""

import secrets
import string
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Any, Literal, get_args

KeyType = Literal["HMAC", "RSA", "ED25519"]
KEY_TYPES: tuple[KeyType, ...] = get_args(KeyType)
_ALPHABET = string.ascii_letters + string.digits


class Security(Enum):
    """What a request needs; Binance's security types. Everything but NONE is signed."""

    NONE = "none"
    USER_DATA = "user data"
    USER_STREAM = "user stream"
    TRADE = "trade"


@dataclass(frozen=True, slots=True)
class Permissions:
    """`addresses`: the IP addresses or networks the key may be used from; empty: from anywhere."""

    reading: bool = True
    trading: bool = True
    withdrawals: bool = False
    addresses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for what is no address."""
        for each in self.addresses:
            ip_network(each, strict=False)

    def allow(self, security: Security, address: str) -> bool:
        permitted = self.trading if security is Security.TRADE else self.reading
        return permitted and self._from(address)

    def _from(self, address: str) -> bool:
        if not self.addresses:
            return True
        try:
            sender = ip_address(address)
        except ValueError:
            return False
        return any(sender in ip_network(each, strict=False) for each in self.addresses)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`material` is the HMAC secret, or the public key (PEM) of the other types.

    `holder` names the account through all its resets: the venue's own name of it (`Account.api_key`).
    A key that is not `enabled` has been revoked.
    """

    api_key: str = field(repr=False)
    type: KeyType
    material: str = field(repr=False)
    holder: str = field(repr=False)
    permissions: Permissions = Permissions()
    label: str = ""
    created_ms: int = 0
    enabled: bool = True

    def allows(self, security: Security, address: str) -> bool:
        return self.enabled and self.permissions.allow(security, address)

    def to_json(self) -> dict[str, Any]:
        """As the key store keeps it, secret included."""
        return {
            "api_key": self.api_key,
            "type": self.type,
            "secret" if self.type == "HMAC" else "public_key": self.material,
            "holder": self.holder,
            "reading": self.permissions.reading,
            "trading": self.permissions.trading,
            "withdrawals": self.permissions.withdrawals,
            "addresses": list(self.permissions.addresses),
            "label": self.label,
            "created_ms": self.created_ms,
            "enabled": self.enabled,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "ApiKey":
        """Raises KeyError or ValueError for what is no key."""
        if values["type"] not in KEY_TYPES:
            raise ValueError("a key of an unknown type")
        return cls(
            api_key=str(values["api_key"]),
            type=values["type"],
            material=str(values["secret" if values["type"] == "HMAC" else "public_key"]),
            holder=str(values["holder"]),
            permissions=Permissions(
                reading=bool(values["reading"]),
                trading=bool(values["trading"]),
                withdrawals=bool(values["withdrawals"]),
                addresses=tuple(map(str, values["addresses"])),
            ),
            label=str(values["label"]),
            created_ms=int(values["created_ms"]),
            enabled=bool(values["enabled"]),
        )


def random_name(length: int = 64) -> str:
    """Letters and digits, as API keys and HMAC secrets are made of."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
