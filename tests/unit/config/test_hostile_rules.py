"""The fuzz's own list of what is allowed names every key, and nothing that it makes hostile is allowed."""

import random

import pytest

from mm.config.schema import keys
from scripts.fuzz_config import make
from scripts.hostile_values import RULES, hostile_value


def test_every_key_has_its_rule() -> None:
    assert set(RULES) == {key.name for key in keys().values()}, "add new keys to scripts/hostile_values.py by hand"


@pytest.mark.parametrize(
    "name", ["strategy.levels", "capital", "risk.stale_after", "trading_day.close", "logging.level"]
)
def test_ordinary_values_are_not_called_hostile(name: str) -> None:
    allowed = {"strategy.levels": "3", "capital": "100", "risk.stale_after": "2s", "trading_day.close": "22:00"}
    rng = random.Random(1)
    made = {hostile_value(RULES[name], rng) for _ in range(2000)}
    assert allowed.get(name, "INFO") not in made
    assert len(made) > 12


def test_a_run_is_the_same_whenever_it_is_made() -> None:
    assert [make(3, run) for run in range(50)] == [make(3, run) for run in range(50)]
