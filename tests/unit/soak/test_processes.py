"""Soaks in processes of their own, and what they say together."""

import os
from pathlib import Path
from typing import Any

import pytest

from mm.cli.soak import played
from mm.domain.errors import ConfigurationError, MmError
from mm.soak.processes import in_processes
from mm.soak.sum import sum_as_json, sum_lines, unequal
from mm.soak.violation import Violation
from tests.unit.soak.playing import spec


def its_hash_seed(_spec: Any) -> Any:
    return os.environ["PYTHONHASHSEED"], hash("one text")


def refuses(_spec: Any) -> Any:
    raise ConfigurationError("no such thing", "take another")


def dies(_spec: Any) -> Any:
    os._exit(3)


def test_each_process_has_its_own_hash_seed_when_asked() -> None:
    before = os.environ.get("PYTHONHASHSEED")
    told: Any = list(in_processes([spec(1, 1)] * 2, its_hash_seed, 2, mixed=True))
    assert {seed for seed, _ in told} == {"1", "2"}
    assert len({found for _, found in told}) == 2
    assert os.environ.get("PYTHONHASHSEED") == before


def test_what_goes_wrong_in_a_process_is_said() -> None:
    with pytest.raises(ConfigurationError, match=r"no such thing.*take another"):
        list(in_processes([spec(1, 1)], refuses, 1))
    with pytest.raises(MmError, match="ended with code 3"):
        list(in_processes([spec(1, 1)], dies, 1))


def test_a_sum_names_what_broke_and_a_seed_that_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setenv("MM_HOME", str(tmp_path))
    one = played(spec(1, 0.1, "none"))
    broken = replace(one, violations=(Violation("I3", 5_000_000_000, "lost"),))
    other = replace(one, trace="another")
    assert sum_as_json([one, one], 2)["holds"] is True
    assert sum_as_json([one], 2)["holds"] is False
    assert sum_as_json([one, broken], 2)["holds"] is False
    assert f"I3 at 0:00:05.000: {one.spec.command}" in "\n".join(sum_lines([one, broken], 2))
    assert not unequal([one, one])
    assert unequal([one, other])
    assert "2 TRACES" in "\n".join(sum_lines([one, other], 2))
    assert f"one trace {one.trace}" in "\n".join(sum_lines([one, one], 2))
