"""`mm init`, `mm config show`, `mm config check`."""

import json
import stat
from pathlib import Path
from typing import Protocol

import pytest

from mm.cli.app import main
from mm.config.schema import keys

KEY = "canaryCANARY0123456789"
pytestmark = pytest.mark.usefixtures("no_secrets_registered")


class Result:
    def __init__(self, code: object, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class Mm(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


@pytest.fixture
def mm(capsys: pytest.CaptureFixture[str]) -> Mm:
    def run(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        said = capsys.readouterr()
        return Result(end.value.code or 0, said.out, said.err)

    return run


def _snapshot(folder: Path) -> dict[str, tuple[str, int]]:
    return {str(path): (path.read_text(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_init_writes_a_home_that_checks_out_and_says_what_comes_next(mm: Mm, mm_home: Path) -> None:
    done = mm("init")
    assert done.code == 0
    assert "mm run --profile 100usdc --sim" in done.out
    assert {path.name for path in (mm_home / "profiles").iterdir()} == {
        f"{name}.yaml" for name in ("testnet", "100usdc", "200usdc", "500usdc", "1000usdc", "2000usdc")
    }
    assert stat.S_IMODE((mm_home / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE(mm_home.stat().st_mode) == 0o700
    dotenv = (mm_home / ".env").read_text()
    for said in ("testnet.binance.vision", "API Management", "Enable Reading", "No withdrawals", "trusted IPs"):
        assert said in dotenv
    assert mm("config", "check").code == 0


def test_init_never_overwrites(mm: Mm, mm_home: Path) -> None:
    mm("init")
    (mm_home / "config.yaml").write_text("capital: 77\n")
    (mm_home / "profiles" / "testnet.yaml").unlink()
    before = _snapshot(mm_home)
    done = mm("init")
    after = _snapshot(mm_home)
    assert done.code == 0
    assert {path: after[path] for path in before} == before
    assert str(mm_home / "profiles" / "testnet.yaml") in after.keys() - before.keys()


def test_init_where_nothing_can_be_written(mm: Mm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_HOME", "/dev/null/mm")
    done = mm("init")
    assert done.code == 3
    assert "set MM_HOME" in done.err


def test_show_names_every_key_its_value_and_its_source(mm: Mm, mm_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mm("init")
    monkeypatch.setenv("MM__RISK__MAX_POSITION", "0.012")
    shown = json.loads(mm("config", "show", "--profile", "100usdc", "--json").out)
    assert set(shown["settings"]) == {key.name for key in keys().values()}
    assert shown["settings"]["risk.max_position"] == {
        "value": "0.012",
        "source": "environment variable MM__RISK__MAX_POSITION",
    }
    assert shown["settings"]["capital"]["source"] == f"{mm_home}/profiles/100usdc.yaml:6"
    assert shown["settings"]["trading_day.close"]["value"] == "22:00"
    assert shown["settings"]["strategy.tick_interval"]["value"] == "10s"
    monkeypatch.setenv("COLUMNS", "80")
    narrow = mm("config", "show", "--profile", "100usdc").out
    assert all(key.name in narrow for key in keys().values())
    monkeypatch.setenv("COLUMNS", "160")
    table = mm("config", "show", "--profile", "100usdc").out
    for key in keys().values():
        assert key.name in table
    assert "MM_HOME/profiles/100usdc.yaml:6" in table


def test_show_never_prints_a_key(mm: Mm, mm_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mm("init")
    (mm_home / ".env").write_text(f"MM_TESTNET_API_KEY={KEY}k\nMM_TESTNET_API_SECRET={KEY}s\n")
    monkeypatch.setenv("MM_MAINNET_API_KEY", KEY + "m")
    monkeypatch.setenv("MM_MAINNET_API_SECRET", KEY + "n")
    for arguments in (["config", "show"], ["config", "show", "--json"], ["config", "check"]):
        done = mm(*arguments)
        assert done.code == 0
        assert KEY not in done.out + done.err
    states = json.loads(mm("config", "show", "--json").out)["api_keys"]
    assert states["testnet"] == states["mainnet"] == "set (hidden)"
    assert states["sim"].startswith("none: ")


def test_check_reads_every_profile_and_refuses_with_3(mm: Mm, mm_home: Path) -> None:
    mm("init")
    assert json.loads(mm("config", "check", "--json").out)["ok"] is True
    (mm_home / "profiles" / "500usdc.yaml").write_text("risk:\n  max_position: -1\n")
    done = mm("config", "check")
    assert done.code == 3
    assert f"{mm_home}/profiles/500usdc.yaml:2: risk.max_position: -1" in done.err
    assert mm("config", "check", "--profile", "100usdc").code == 0


def test_a_dotenv_that_others_can_read_is_10(mm: Mm, mm_home: Path) -> None:
    mm("init")
    (mm_home / ".env").chmod(0o644)
    done = mm("config", "check")
    assert done.code == 10
    assert f"chmod 600 {mm_home}/.env" in done.err
