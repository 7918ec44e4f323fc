"""A key with too many rights: accepted in the chain, for that key and those flaws."""

from pathlib import Path

import pytest

from mm.control.key_acceptance import KeyAcceptance, accept_key, accepted_key, fingerprint
from mm.control.store import ControlStore

KEY = fingerprint("a key of someone")


def test_an_acceptance_is_of_one_key_and_its_flaws(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db") as store:
        assert accepted_key(store.audit, "mainnet", KEY) is None
        said = KeyAcceptance(frozenset({"any_address"}), "the address changes daily", "Li Wei")
        accept_key(store.audit, "mainnet", KEY, said)
        found = accepted_key(store.audit, "mainnet", KEY)
        assert found is not None
        assert (found.reason, found.by, found.at is None) == (said.reason, said.by, False)
        assert found.covers(["any_address"])
        assert not found.covers(["any_address", "withdrawals"])
        assert accepted_key(store.audit, "mainnet", fingerprint("another key")) is None
        assert accepted_key(store.audit, "testnet", KEY) is None
        assert store.audit.verify() is None
        (row,) = store.audit.rows()
        assert "a key of someone" not in str(row), "a fingerprint tells nothing of the key"


def test_the_last_word_counts_and_needs_a_name(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db") as store:
        both = frozenset({"any_address", "withdrawals"})
        accept_key(store.audit, "mainnet", KEY, KeyAcceptance(both, "for the first week", "Li Wei"))
        accept_key(store.audit, "mainnet", KEY, KeyAcceptance(frozenset(), "no more", "Li Wei"))
        found = accepted_key(store.audit, "mainnet", KEY)
        assert found is not None
        assert not found.covers(["withdrawals"])
        with pytest.raises(ValueError, match="needs a name"):
            accept_key(store.audit, "mainnet", KEY, KeyAcceptance(both, "for the first week", " "))
