"""The units that `mm service install` writes."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from mm.cli.service import BOT, WATCHDOG, units
from mm.domain.errors import ConfigurationError
from mm.home import Home
from tests.unit.cli.commands import Shell

COMMAND = Path(shutil.which("true") or "/bin/true")


def made(home: Path, account: str | None = None) -> dict[str, str]:
    return units(Home(home), "testnet", "100usdc", COMMAND, account)


def parsed(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_nothing_is_left_to_fill_in(tmp_path: Path) -> None:
    for account in (None, "trader"):
        for text in made(tmp_path, account).values():
            assert "@HOME@" not in text
            assert "@MM@" not in text
            assert "@TARGET@" not in text
            assert parsed(text).sections()


def test_the_bot_is_not_started_again_and_its_watchdog_always(tmp_path: Path) -> None:
    files = made(tmp_path, "trader")
    bot, watchdog = parsed(files[BOT]), parsed(files[WATCHDOG])
    assert bot["Service"]["Restart"] == "no"
    assert watchdog["Service"]["Restart"] == "always"
    assert bot["Service"]["ExecStart"] == f"{COMMAND} run --profile ${{MM_PROFILE}} --%i --yes"
    assert bot["Service"]["ExecStop"] == f"{COMMAND} stop --%i"
    assert bot["Service"]["KillMode"] == "process", "a watchdog that the bot started outlives it"
    assert f"MM_HOME={tmp_path}" in bot["Service"]["Environment"]
    assert bot["Service"]["User"] == watchdog["Service"]["User"] == "trader"
    assert bot["Service"]["Type"] == watchdog["Service"]["Type"] == "notify"


def test_a_users_units_name_no_account(tmp_path: Path) -> None:
    files = made(tmp_path)
    assert "User" not in parsed(files[BOT])["Service"]
    assert parsed(files[BOT])["Install"]["WantedBy"] == "default.target"


def test_a_path_that_a_unit_cannot_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="systemd cannot name"):
        units(Home(Path("/home/a b")), "sim", "100usdc", COMMAND, None)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
@pytest.mark.parametrize("account", [None, "root"])
def test_systemd_finds_nothing_wrong(tmp_path: Path, account: str | None) -> None:
    for name, text in made(tmp_path, account).items():
        path = tmp_path / name.replace("@.service", "@testnet.service")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    names = [str(tmp_path / name.replace("@.", "@testnet.")) for name in (BOT, WATCHDOG)]
    scope = ["--user"] if account is None else []
    done = subprocess.run(  # noqa: S603  systemd's own checker
        ["systemd-analyze", "verify", "--man=no", *scope, *names],  # noqa: S607  wherever it is
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_installing_writes_them_and_says_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    ran = Shell(capsys)("service", "install", "--user", "--profile", "100usdc", "--testnet")
    assert ran.code == 0, ran.err
    folder = tmp_path / "config" / "systemd" / "user"
    assert {path.name for path in folder.iterdir()} == {BOT, WATCHDOG, "mm@testnet.service.d"}
    assert (
        folder / "mm@testnet.service.d" / "profile.conf"
    ).read_text() == "[Service]\nEnvironment=MM_PROFILE=100usdc\n"
    assert "systemctl --user enable --now mm@testnet mm-watchdog@testnet" in ran.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--user", "--profile", "100usdc"), 2),
        (("--profile", "100usdc", "--sim"), 2),
        (("--system", "--profile", "100usdc", "--sim"), 2),
        (("--user", "--profile", "none-such", "--sim"), 3),
    ],
)
def test_what_is_missing_is_named(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int) -> None:
    ran = Shell(capsys)("service", "install", *arguments)
    assert ran.code == code
    assert ran.err.count("\n") == 1
