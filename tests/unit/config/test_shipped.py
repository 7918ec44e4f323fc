"""configs/config.yaml documents every key; the profiles carry the plan's numbers."""

import re
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from mm.config import defaults
from mm.config.loader import load_settings
from mm.config.schema import keys
from mm.config.values import typed_value
from mm.config.yaml_loader import read_yaml
from mm.home import Home


def test_every_key_is_in_config_yaml_and_nothing_else() -> None:
    document = read_yaml(defaults.config_file())
    assert document.problems == []
    assert set(document.leaves) == set(keys())


def test_config_yaml_says_the_defaults_of_the_settings_classes() -> None:
    document = read_yaml(defaults.config_file())
    for path, key in keys().items():
        if not key.required:
            default = f"{key.default:%H:%M}" if isinstance(key.default, time) else key.default
            assert typed_value(key, document.leaves[path]) == default, key.name


def test_every_key_has_a_comment_right_above_it() -> None:
    lines = defaults.config_file().read_text().splitlines()
    for key in keys().values():
        place = read_yaml(defaults.config_file()).leaves[key.path].place
        above = lines[int(place.rpartition(":")[2]) - 2].strip()
        assert above.startswith("# "), key.name


def test_keys_without_default_are_set_by_every_profile() -> None:
    required = {path for path, key in keys().items() if key.required}
    for file in defaults.profiles_folder().glob("*.yaml"):
        assert required <= set(read_yaml(file).leaves), file.name


PLAN = {  # capital, base_size, max_inventory, daily_loss_limit, max_position
    "testnet": ("500", "0.01", "0.05", "25", "0.05"),  # P-1.1, risk as the 500 tier's
    "100usdc": ("100", "0.001", "0.01", "5", "0.01"),  # P-2.1
    "200usdc": ("200", "0.002", "0.02", "10", "0.02"),  # P-3.3
    "500usdc": ("500", "0.005", "0.05", "25", "0.05"),
    "1000usdc": ("1000", "0.01", "0.1", "50", "0.1"),
    "2000usdc": ("2000", "0.02", "0.2", "100", "0.2"),
}


@pytest.mark.parametrize("profile", PLAN)
def test_profiles_carry_the_plans_numbers(tmp_path: Path, profile: str) -> None:
    settings = load_settings(Home(tmp_path), profile, {}).settings
    strategy, risk = settings.strategy, settings.risk
    found = (settings.capital, strategy.base_size, strategy.max_inventory, risk.daily_loss_limit, risk.max_position)
    assert found == tuple(map(Decimal, PLAN[profile]))
    assert settings.symbol == "ETHUSDC"
    assert strategy.base_spread == Decimal("0.002")
    assert strategy.tick_interval == timedelta(seconds=10)
    assert risk.max_drawdown_limit == Decimal("0.05")
    assert (risk.circuit_breaker.threshold, risk.circuit_breaker.timeout) == (3, timedelta(minutes=10))


def test_every_shipped_profile_is_of_the_plan() -> None:
    assert {file.stem for file in defaults.profiles_folder().glob("*.yaml")} == set(PLAN)


def test_profiles_name_the_plans_statements() -> None:
    for file in defaults.profiles_folder().glob("*.yaml"):
        named = set(re.findall(r"P-\d\.\d", file.read_text()))
        assert {"testnet": "P-1.1", "100usdc": "P-2.1"}.get(file.stem, "P-3.3") in named
