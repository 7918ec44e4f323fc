"""Faults as words: there and back, and shown in lists."""

import pytest

from mm.exchange.venue.faults.kind import Scope
from mm.exchange.venue.faults.kinds import KINDS
from mm.exchange.venue.faults.written import WrittenFault, fault_words


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_read_back(kind: str) -> None:
    words = {"kind": kind, "in": "90s", "value": KINDS[kind].values[-1]}
    if KINDS[kind].scope is not Scope.ONCE:
        words["for"] = "250ms"
    found = WrittenFault.read(words)
    assert WrittenFault.read(found.words()) == found
    fault = found.at(5_000)
    assert fault.starts_ms == 95_000
    shown = fault_words(fault, 95_000)
    assert shown["active"] is True
    assert shown["starts_in"] == 0
    assert "VALUE" not in str(shown["description"])


def test_every_kind_says_what_happens() -> None:
    assert all(len(kind.description) > 10 for kind in KINDS.values())
