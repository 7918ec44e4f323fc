"""Where keys come from, and what is refused; no message, repr or log shows one."""

import json
import os
from pathlib import Path

import pytest

from mm.config.secrets import load_credentials
from mm.domain.errors import ConfigurationError, CredentialsMissing, ExitCode
from mm.home import Home
from mm.redaction import HIDDEN, redact

KEY, SECRET = "canarykey" + "K" * 20, "canarysecret" + "S" * 20
pytestmark = pytest.mark.usefixtures("no_secrets_registered")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def _private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def _keys(home: Home, environment: str = "testnet", **environ: str) -> tuple[str, str]:
    found = load_credentials(home, environment, environ)
    assert KEY not in repr(found)
    assert SECRET not in repr(found)
    return found.api_key.get_secret_value(), found.api_secret.get_secret_value()


def test_from_the_environment(home: Home) -> None:
    assert _keys(home, MM_TESTNET_API_KEY=KEY, MM_TESTNET_API_SECRET=SECRET) == (KEY, SECRET)
    assert redact(f"a {KEY} b {SECRET}") == f"a {HIDDEN} b {HIDDEN}"


def test_from_dotenv_and_the_environment_wins(home: Home) -> None:
    _private(home.dotenv, f"# keys\nexport MM_MAINNET_API_KEY='{KEY}'\nMM_MAINNET_API_SECRET={SECRET}  # mine\n")
    assert _keys(home, "mainnet") == (KEY, SECRET)
    assert _keys(home, "mainnet", MM_MAINNET_API_KEY="anotherkey") == ("anotherkey", SECRET)


def test_from_files(home: Home) -> None:
    _private(home.path / "keys" / "k", KEY + "\n")
    secret = _private(home.path / "s", SECRET)
    environ = {"MM_TESTNET_API_KEY_FILE": "keys/k", "MM_TESTNET_API_SECRET_FILE": str(secret)}
    assert _keys(home, **environ) == (KEY, SECRET)


def test_of_the_venue(home: Home) -> None:
    _private(home.venue / "keys.json", json.dumps({"api_key": KEY, "api_secret": SECRET}))
    assert _keys(home, "sim") == (KEY, SECRET)


def test_keys_of_another_environment_are_not_taken(home: Home) -> None:
    environ = {"MM_TESTNET_API_KEY": KEY, "MM_TESTNET_API_SECRET": SECRET}
    with pytest.raises(CredentialsMissing, match="no API keys for mainnet"):
        load_credentials(home, "mainnet", environ)


def _refused(home: Home, environment: str = "testnet", **environ: str) -> str:
    with pytest.raises((CredentialsMissing, ConfigurationError)) as refused:
        load_credentials(home, environment, environ)
    assert KEY not in str(refused.value)
    assert SECRET not in str(refused.value)
    return str(refused.value)


def test_what_is_missing_is_named_with_where_to_put_it(home: Home) -> None:
    said = _refused(home, MM_TESTNET_API_KEY=KEY)
    assert "MM_TESTNET_API_SECRET not set" in said
    assert "MM_TESTNET_API_KEY and" not in said
    assert str(home.dotenv) in said
    assert "mm sim start" in _refused(home, "sim")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o610])
def test_files_that_others_can_read_are_refused_with_the_chmod(home: Home, mode: int) -> None:
    both = {"MM_TESTNET_API_KEY_FILE": "k", "MM_TESTNET_API_SECRET_FILE": "k"}
    key_file = _private(home.path / "k", KEY, mode)
    assert f"chmod 600 {key_file}" in _refused(home, **both)
    venue = _private(home.venue / "keys.json", json.dumps({"api_key": KEY, "api_secret": SECRET}), mode)
    assert f"chmod 600 {venue}" in _refused(home, "sim")
    _private(home.dotenv, f"MM_TESTNET_API_KEY={KEY}\n", mode)
    assert f"chmod 600 {home.dotenv}" in _refused(home)


@pytest.mark.parametrize(("mode", "refused"), [(0o777, True), (0o720, True), (0o1777, False), (0o755, False)])
def test_a_folder_that_others_can_write_is_refused(home: Home, mode: int, refused: bool) -> None:
    both = {"MM_TESTNET_API_KEY_FILE": "keys/k", "MM_TESTNET_API_SECRET_FILE": "keys/k"}
    _private(home.path / "keys" / "k", KEY).parent.chmod(mode)
    if refused:
        assert f"chmod go-w {home.path / 'keys'}" in _refused(home, **both)
    else:
        assert _keys(home, **both) == (KEY, KEY)


def test_a_file_of_another_user_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    key_file = _private(home.path / "k", KEY)
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    if os.stat(key_file).st_uid == 0:  # noqa: PTH116  # root's files are trusted by everyone
        os.chown(key_file, 12346, -1)
    assert "belongs to another user" in _refused(home, MM_TESTNET_API_KEY_FILE="k", MM_TESTNET_API_SECRET_FILE="k")


@pytest.mark.parametrize("broken", ["short", "with a space in it", "schlüssel-nicht-ascii", f"{KEY}\x07"])
def test_what_cannot_be_a_key_is_refused(home: Home, broken: str) -> None:
    said = _refused(home, MM_TESTNET_API_KEY=broken, MM_TESTNET_API_SECRET=SECRET)
    assert "the API key for testnet" in said
    assert broken not in said


def test_a_value_and_a_file_at_once_are_refused(home: Home) -> None:
    environ = {"MM_TESTNET_API_KEY": KEY, "MM_TESTNET_API_KEY_FILE": "k"}
    assert "both set" in _refused(home, **environ)


@pytest.mark.parametrize(
    ("text", "line"), [(f"x\n{KEY}\n", 1), (f"A='{KEY}\n", 1), (f"\nA={KEY}\nA={SECRET}\n", 3), (f"A B={KEY}", 1)]
)
def test_a_broken_dotenv_names_its_line_and_not_its_text(home: Home, text: str, line: int) -> None:
    _private(home.dotenv, text)
    assert f"{home.dotenv}:{line}: " in _refused(home)


def test_other_broken_files(home: Home) -> None:
    _private(home.venue / "keys.json", "{")
    assert "mm sim reset" in _refused(home, "sim")
    (home.path / "folder").mkdir()
    assert "no regular file" in _refused(home, MM_TESTNET_API_KEY_FILE="folder")
    assert "does not exist" in _refused(home, MM_TESTNET_API_KEY_FILE="nowhere")
    assert ExitCode.CREDENTIALS == CredentialsMissing.exit_code == 10
