import json
from pathlib import Path

import pytest

from mm.domain.errors import CredentialsMissing, ExchangeError
from mm.home import Home
from mm.runner.emergency.access import find_access


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_environment_is_asked_first(home: Home) -> None:
    home.dotenv.write_text("MM_TESTNET_API_KEY=file-key\nMM_TESTNET_API_SECRET=file-secret\n")
    home.dotenv.chmod(0o600)
    access = find_access(home, "testnet", {"MM_TESTNET_API_KEY": "env-key", "MM_TESTNET_API_SECRET": "env-secret"})
    assert (access.api_key, access.api_secret) == ("env-key", "env-secret")
    assert access.base_url == "https://testnet.binance.vision"
    assert access.warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "MM_MAINNET_API_KEY=k\nMM_MAINNET_API_SECRET=s\n",
        "# keys\n\nexport MM_MAINNET_API_KEY='k'\nMM_MAINNET_API_SECRET = \"s\"  # mine\n",
        "#MM_MAINNET_API_KEY=old\nMM_MAINNET_API_KEY=k # a remark\nMM_MAINNET_API_SECRET=s\nOTHER\n",
    ],
)
def test_the_env_file_is_read(home: Home, text: str) -> None:
    home.dotenv.write_text(text)
    home.dotenv.chmod(0o600)
    access = find_access(home, "mainnet", {})
    assert (access.api_key, access.api_secret) == ("k", "s")
    assert access.base_url == "https://api.binance.com"
    assert access.warnings == ()


def test_secrets_may_lie_in_files_of_their_own(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s\n")
    secret.chmod(0o600)
    access = find_access(home, "mainnet", {"MM_MAINNET_API_KEY": "k", "MM_MAINNET_API_SECRET_FILE": str(secret)})
    assert access.api_secret == "s"


def test_a_file_that_others_can_read_is_used_with_a_warning(home: Home) -> None:
    home.dotenv.write_text("MM_MAINNET_API_KEY=k\nMM_MAINNET_API_SECRET=s\n")
    home.dotenv.chmod(0o644)
    access = find_access(home, "mainnet", {})
    assert access.api_key == "k"
    assert "chmod 600" in access.warnings[0]


def test_keys_of_the_other_environment_are_not_used(home: Home) -> None:
    environ = {"MM_TESTNET_API_KEY": "k", "MM_TESTNET_API_SECRET": "s"}
    with pytest.raises(CredentialsMissing, match="MM_MAINNET_API_KEY and no MM_MAINNET_API_SECRET"):
        find_access(home, "mainnet", environ)


def test_a_secret_file_that_cannot_be_read_leaves_the_env_file(home: Home) -> None:
    home.dotenv.write_text("MM_MAINNET_API_SECRET=s\n")
    home.dotenv.chmod(0o600)
    access = find_access(home, "mainnet", {"MM_MAINNET_API_KEY": "k", "MM_MAINNET_API_SECRET_FILE": "/nowhere/at/all"})
    assert access.api_secret == "s"
    assert "/nowhere/at/all" in access.warnings[0]


def test_the_venue_is_found_by_its_files(home: Home) -> None:
    home.venue.mkdir(parents=True)
    with pytest.raises(ExchangeError, match="mm sim start"):
        find_access(home, "sim", {})
    (home.venue / "venue.json").write_text(json.dumps({"host": "127.0.0.1", "port": 18080}))
    with pytest.raises(CredentialsMissing, match=r"keys\.json"):
        find_access(home, "sim", {})
    (home.venue / "keys.json").write_text(json.dumps({"api_key": "k", "api_secret": "s"}))
    assert find_access(home, "sim", {}).base_url == "http://127.0.0.1:18080"


def test_no_secret_shows_in_its_repr(home: Home) -> None:
    access = find_access(home, "testnet", {"MM_TESTNET_API_KEY": "canary-k", "MM_TESTNET_API_SECRET": "canary-s"})
    assert "canary" not in repr(access)
