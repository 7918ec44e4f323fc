"""Layers, sources, and refusals that name place, key, value and range."""

from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from mm.config.loader import LoadedSettings, config_hash, load_settings
from mm.domain.errors import ConfigurationError, CredentialsMissing, ExitCode
from mm.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder = tmp_path / "home"
    (folder / "profiles").mkdir(parents=True)
    return Home(folder)


def _load(home: Home, profile: str | None = "100usdc", **environ: str) -> LoadedSettings:
    return load_settings(home, profile, environ)


def _refused(home: Home, profile: str | None = "100usdc", **environ: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(home, profile, environ)
    assert refused.value.exit_code == ExitCode.CONFIGURATION
    return str(refused.value)


def _dotenv(home: Home, text: str, mode: int = 0o600) -> None:
    home.dotenv.write_text(text)
    home.dotenv.chmod(mode)


def test_each_layer_overrides_the_one_below_and_is_named_as_the_source(home: Home) -> None:
    def key(**environ: str) -> tuple[Decimal, str]:
        loaded = _load(home, **environ)
        return loaded.settings.strategy.inventory_skew, loaded.sources["strategy.inventory_skew"]

    value, source = key()
    assert value == Decimal("0.5")
    assert source.endswith("configs/config.yaml:31")
    home.config_file.write_text("strategy:\n  inventory_skew: 0.4\n")
    assert key() == (Decimal("0.4"), f"{home.config_file}:2")
    profile = home.profiles / "100usdc.yaml"
    profile.write_text("capital: 100\nstrategy: {inventory_skew: 0.3}\n")
    assert key() == (Decimal("0.3"), f"{profile}:2")
    _dotenv(home, "# mine\nMM__STRATEGY__INVENTORY_SKEW=0.2\n")
    assert key() == (Decimal("0.2"), f"{home.dotenv}:2 MM__STRATEGY__INVENTORY_SKEW")
    assert key(MM__STRATEGY__INVENTORY_SKEW="0.1") == (
        Decimal("0.1"),
        "environment variable MM__STRATEGY__INVENTORY_SKEW",
    )


def test_a_profile_changes_only_what_it_names(home: Home) -> None:
    (home.profiles / "mine.yaml").write_text("risk:\n  circuit_breaker:\n    threshold: 7\n")
    breaker = _load(home, "mine").settings.risk.circuit_breaker
    assert (breaker.threshold, breaker.timeout) == (7, timedelta(minutes=10))


def test_without_a_profile_the_shipped_defaults_hold(home: Home) -> None:
    settings = _load(home, None).settings
    assert settings.capital == 100
    assert settings.trading_day.close == time(22, 0)
    assert settings.trading_day.zone.key == "Asia/Shanghai"
    assert settings.risk.max_order_notional is None


def test_text_keeps_its_spelling_numbers_their_digits(home: Home) -> None:
    home.config_file.write_text(
        "contacts:\n  primary: {name: no, phone: +8613800000000}\nstrategy:\n  min_edge: 0.00010\n"
        "risk: {max_order_notional: 33}\n"
    )
    settings = _load(home).settings
    assert (settings.contacts.primary.name, settings.contacts.primary.phone) == ("no", "+8613800000000")
    assert settings.strategy.min_edge == Decimal("0.0001")
    assert settings.risk.max_order_notional == 33


@pytest.mark.parametrize(
    ("key", "written", "allowed"),
    [
        ("risk.max_position", "-1", "a number > 0 and ≤ 1000000000"),
        ("risk.max_position", "1e308", "a number > 0"),
        ("risk.max_position", ".nan", "a number > 0"),
        ("risk.max_position", ".inf", "a number > 0"),
        ("risk.max_position", "1e-9", "8 decimals at most"),
        ("risk.max_position", "true", "a number > 0"),
        ("risk.max_position", "[0.01]", "a number > 0"),
        ("risk.max_position", "", "a number > 0"),
        ("risk.max_position", "much", "a number > 0"),
        ("strategy.levels", "true", "a whole number ≥ 1 and ≤ 10"),
        ("strategy.levels", "1.5", "a whole number"),
        ("strategy.levels", "1e999", "a whole number"),
        ("strategy.levels", "11", "a whole number ≥ 1 and ≤ 10"),
        ("strategy.base_spread", "0.3", "> 0 and ≤ 0.2"),
        ("strategy.fair_value", "median", "one of mid, microprice"),
        ("strategy.tick_interval", "10", "a duration like"),
        ("strategy.tick_interval", "0s", "a duration like"),
        ("strategy.tick_interval", "99999999999999999d", "a duration like"),
        ("strategy.tick_interval", "-5s", "a duration like"),
        ("exchange.recv_window", "6s", "≤ 5s"),
        ("trading_day.close", "1320", "a time of day"),
        ("trading_day.close", "24:00", "a time of day"),
        ("trading_day.timezone", "Mars/Olympus", "IANA"),
        ("trading_day.timezone", "../../etc/passwd", "IANA"),
        ("journal.enabled", "no", "true or false"),
        ("symbol", "eth/usdc", "text like"),
    ],
)
def test_a_wrong_value_names_file_line_key_value_and_range(home: Home, key: str, written: str, allowed: str) -> None:
    *sections, name = key.split(".")
    lines = [f"{'  ' * depth}{section}:" for depth, section in enumerate(sections)]
    # A profile of its own, so that the shipped one does not override what is tried.
    profile = home.profiles / "tried.yaml"
    profile.write_text("\n".join([*lines, f"{'  ' * len(sections)}{name}: {written}"]) + "\n")
    said = _refused(home, "tried")
    assert f"{profile}:{len(sections) + 1}: {key}: " in said
    assert (written if written[:1] != "[" else "[…]") in said
    assert allowed in said
    assert "mm config check" in said


def test_a_wrong_value_is_refused_even_where_another_layer_overrides_it(home: Home) -> None:
    home.config_file.write_text("strategy:\n  base_spread: 0.9\n")
    said = _refused(home, "100usdc", MM__STRATEGY__BASE_SPREAD="0.003")
    assert f"{home.config_file}:2: strategy.base_spread: 0.9 is not allowed" in said
    assert "≤ 0.2" in said


def test_every_problem_is_told_at_once(home: Home) -> None:
    home.config_file.write_text("risk:\n  stale_after: 2\n  max_postion: 1\nstrategy: 5\nlevels: 3\n")
    said = _refused(home, MM__CAPITAL="-5", MM__NOTHING__HERE="1")
    assert "6 problems" in said
    assert "has no unit" in said
    assert "unknown key risk.max_postion (did you mean risk.max_position?)" in said
    assert "strategy is a section" in said
    assert "unknown key levels (did you mean strategy.levels?)" in said
    assert "environment variable MM__CAPITAL: capital: -5 is not allowed" in said
    assert "unknown key nothing.here" in said


def test_keys_that_do_not_go_together_are_named_with_values_and_places(home: Home) -> None:
    said = _refused(home, MM__RISK__MAX_POSITION="0.001", MM__RISK__DAILY_LOSS_LIMIT="101")
    assert "strategy.max_inventory must not exceed risk.max_position" in said
    assert "risk.max_position is 0.001 in environment variable MM__RISK__MAX_POSITION" in said
    assert "100usdc.yaml:11" in said
    assert "risk.daily_loss_limit must not exceed capital" in said


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MM__STRATEGY__BASE_SIZE", "0.02", "strategy.base_size must not exceed"),
        ("MM__RISK__MAX_ORDER_NOTIONAL", "101", "risk.max_order_notional must not exceed capital"),
        ("MM__RISK__MAX_OPEN_ORDERS", "1", "risk.max_open_orders must be at least"),
        ("MM__RISK__PRICE_COLLAR", "0.0005", "risk.price_collar must be at least"),
        ("MM__RISK__LEVELS__ORANGE", "0.02", "risk.levels.yellow must be below risk.levels.orange"),
        ("MM__RISK__LEVELS__RED", "0.05", "risk.levels.orange must be below risk.levels.red"),
        ("MM__PREFLIGHT__WARN_ROUND_TRIP", "2s", "preflight.warn_round_trip must not exceed"),
        ("MM__EXECUTION__QUERY_AFTER", "5s", "execution.query_after must not exceed"),
    ],
)
def test_each_cross_check_can_fail(home: Home, variable: str, value: str, said: str) -> None:
    assert said in _refused(home, **{variable: value})


def test_a_price_band_must_not_be_upside_down(home: Home) -> None:
    assert _load(home, MM__STRATEGY__PRICE_FLOOR="3000").settings.strategy.price_floor == 3000
    said = _refused(home, MM__STRATEGY__PRICE_FLOOR="3000", MM__STRATEGY__PRICE_CEILING="2000")
    assert "strategy.price_floor must not exceed" in said


@pytest.mark.parametrize("name", ["100usd", "../100usdc", "/etc/passwd", "", "A", "x" * 500])
def test_an_unknown_profile_lists_those_there_are(home: Home, name: str) -> None:
    said = _refused(home, name)
    assert "no profile" in said
    assert "testnet, 100usdc, 200usdc, 500usdc, 1000usdc, 2000usdc" in said


def test_no_value_of_an_unknown_key_is_printed(home: Home) -> None:
    canary = "canary-7f3a9b"
    home.config_file.write_text(f"exchange:\n  api_key: {canary}\nfoo: {canary}\n")
    said = _refused(home, MM__EXCHANGE__SECRET=canary)
    assert canary not in said
    assert "API keys belong in MM_HOME/.env" in said


@pytest.mark.usefixtures("no_secrets_registered")
def test_a_known_secret_in_the_wrong_place_is_not_printed(home: Home) -> None:
    canary = "canary-7f3a9b"
    said = _refused(home, MM_TESTNET_API_SECRET=canary, MM__RISK__MAX_POSITION=canary)
    assert "risk.max_position" in said
    assert canary not in said


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_dotenv_that_others_can_read_is_refused_with_the_chmod(home: Home, mode: int) -> None:
    _dotenv(home, "MM__CAPITAL=100\n", mode)
    with pytest.raises(CredentialsMissing) as refused:
        _load(home)
    assert f"chmod 600 {home.dotenv}" in str(refused.value)
    assert refused.value.exit_code == ExitCode.CREDENTIALS


def test_the_hash_is_of_values_not_of_spelling(home: Home) -> None:
    hashes = {
        _load(home).config_hash,
        _load(home, MM__RISK__MAX_POSITION="0.0100").config_hash,
        _load(home, MM__STRATEGY__TICK_INTERVAL="10000ms").config_hash,
        _load(home, MM__OPERATOR__NAME="somebody", MM__LOGGING__LEVEL="DEBUG").config_hash,
    }
    assert len(hashes) == 1
    loaded = _load(home, MM__RISK__MAX_POSITION="0.011")
    assert loaded.config_hash not in hashes
    assert loaded.config_hash == config_hash(loaded.settings)
    assert len(loaded.config_hash) == 64


def test_an_endless_variable_is_refused_unread(home: Home) -> None:
    said = _refused(home, MM__OPERATOR__NAME="x" * 1001)
    assert "MM__OPERATOR__NAME: is longer than 1000 characters" in said
    assert "xxx" not in said
