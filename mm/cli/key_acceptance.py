"""`mm run --accept-key REASON`: a mainnet key with too many rights, taken on record."""

import os
from typing import TYPE_CHECKING

from mm.domain.errors import ConfigurationError, CredentialsMissing, UsageError
from mm.home import Home

if TYPE_CHECKING:
    from mm.control.key_acceptance import KeyAcceptance
    from mm.ports import KeyPermissions


def accepted_of(home: Home, environment: str) -> "KeyAcceptance | None":
    """What is on record of the key in use; None without a key. Raises LedgerError."""
    from mm.cli.records import open_control
    from mm.control.key_acceptance import accepted_key

    key = _fingerprint(home, environment)
    if key is None or not home.control.exists():
        return None
    with open_control(home) as control:
        return accepted_key(control.audit, environment, key)


def acceptance(reason: str) -> "KeyAcceptance":
    """Of whatever is wrong with the key; `record` keeps what is. Raises UsageError for a reason that is none."""
    from mm.cli.records import person
    from mm.control.key_acceptance import LEAST, KeyAcceptance

    if len(reason.split()) < 2 or len(reason.strip()) < LEAST:
        raise UsageError("--accept-key: that is no reason", "say in a sentence why this key is used as it is")
    return KeyAcceptance(frozenset({"withdrawals", "any_address"}), reason.strip(), person(None))


def record(home: Home, environment: str, accepted: "KeyAcceptance", found: "KeyPermissions | None") -> str:
    """Before anything is traded. Answers what was recorded. Raises LedgerError when it cannot be."""
    from dataclasses import replace

    from mm.checklist.key_rights import key_flaws
    from mm.cli.records import open_control
    from mm.control.key_acceptance import accept_key

    flaws = key_flaws(found) if found is not None else ()
    key = _fingerprint(home, environment)
    if not flaws or key is None:
        return "nothing is wrong with the key: --accept-key is not recorded"
    with open_control(home) as control:
        accept_key(control.audit, environment, key, replace(accepted, flaws=frozenset(flaws)))
    return f"on record: {accepted.by} accepts a key with {' and '.join(flaws)}: {accepted.reason}"


def _fingerprint(home: Home, environment: str) -> str | None:
    from mm.config.secrets import load_credentials
    from mm.control.key_acceptance import fingerprint

    try:
        return fingerprint(load_credentials(home, environment, os.environ).api_key.get_secret_value())
    except (CredentialsMissing, ConfigurationError):
        return None  # the preflight's item `key` says so
