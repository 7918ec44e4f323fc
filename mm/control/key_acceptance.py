"""A mainnet key with more rights than it should have, accepted by a person for a reason. It stands in the audit chain.

It holds for this key alone and for what was wrong with it then: another key, or another flaw, needs a new word.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from mm.control.audit_chain import AuditChain

KIND = "key_accepted"
LEAST = 10
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class KeyAcceptance:
    """`flaws` what was accepted; `at` None: not yet on record."""

    flaws: frozenset[str]
    reason: str
    by: str
    at: datetime | None = None

    def covers(self, flaws: Collection[str]) -> bool:
        return self.flaws.issuperset(flaws)


def fingerprint(api_key: str) -> str:
    """Tells keys apart and tells nothing of them."""
    return hashlib.sha256(api_key.encode()).hexdigest()[:16]


def accept_key(audit: AuditChain, environment: str, key: str, acceptance: KeyAcceptance) -> None:
    """`key` its fingerprint. Raises LedgerError when it cannot be kept."""
    told = {"key": key, "flaws": sorted(acceptance.flaws), "reason": acceptance.reason}
    audit.add(KIND, told, environment=environment, by=acceptance.by)


def accepted_key(audit: AuditChain, environment: str, key: str) -> KeyAcceptance | None:
    """The last acceptance of this key."""
    for row in reversed(audit.rows(environment)):
        if row.kind == KIND and row.payload.get("key") == key:
            return KeyAcceptance(frozenset(row.payload["flaws"]), str(row.payload["reason"]), row.by, row.at)
    return None
