"""Errors are one line that says what to do, exit codes are distinct, nothing waits for a prompt."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mm.cli import app
from mm.cli.lazy_group import LazyCommand
from mm.domain import errors
from mm.redaction import register_secret

CANARY = "canary-1a2b3c4d5e"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    """`mm fail` raises what the test puts into `thrown`."""
    monkeypatch.setitem(app.MmGroup.table, "fail", LazyCommand("fail", f"{__name__}:fail", "Fails."))
    monkeypatch.setattr(LazyCommand, "is_built", lambda _self: True)
    return Exception


thrown: list[BaseException] = []


def fail() -> None:
    """Fails."""
    raise thrown.pop()


def _run(capsys: pytest.CaptureFixture[str], error: BaseException) -> tuple[int, str]:
    thrown.append(error)
    with pytest.raises(SystemExit) as end:
        app.main(["fail"])
    assert isinstance(end.value.code, int)
    return end.value.code, capsys.readouterr().err


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.MmError)]


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("kind", KINDS)
def test_an_expected_error_is_one_line_and_its_exit_code(
    capsys: pytest.CaptureFixture[str], kind: type[errors.MmError]
) -> None:
    error = kind("what is wrong", 1.0, "mend it") if kind is errors.RateLimited else kind("what is wrong", "mend it")
    assert _run(capsys, error) == (int(kind.exit_code), "mm: what is wrong: mend it\n")


@pytest.mark.usefixtures("failing")
def test_control_c_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, KeyboardInterrupt())[0] == 130


@pytest.mark.usefixtures("failing", "no_secrets_registered")
def test_an_unexpected_error_is_one_line_and_a_private_file(capsys: pytest.CaptureFixture[str], mm_home: Path) -> None:
    register_secret(CANARY)
    code, said = _run(capsys, RuntimeError(f"broke with {CANARY}"))
    crash = mm_home / "logs" / "crash.log"
    assert code == 1
    assert said.count("\n") == 1
    assert "unexpected RuntimeError" in said
    assert str(crash) in said
    assert CANARY not in said
    text = crash.read_text()
    assert "raise thrown.pop()" in text
    assert CANARY not in text
    assert stat.S_IMODE(crash.stat().st_mode) == 0o600


@pytest.mark.usefixtures("failing")
def test_mm_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_DEBUG", "1")
    assert "Traceback" in _run(capsys, RuntimeError("x"))[1]
    monkeypatch.delenv("MM_DEBUG")
    assert "Traceback" not in _run(capsys, RuntimeError("x"))[1]


@pytest.mark.usefixtures("failing")
def test_a_crash_without_a_place_for_its_log_is_still_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MM_HOME", "/dev/null/nowhere")
    code, said = _run(capsys, RuntimeError("x"))
    assert code == 1
    assert "cannot be written" in said


@pytest.mark.parametrize("arguments", [[], ["config"], ["nothing"], ["config", "show", "--nothing"]])
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        app.main(arguments)
    assert end.value.code == 2
    assert "Usage: mm" in "".join(capsys.readouterr())


def test_python_m_mm_with_closed_stdin(mm_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mm", "config", "check", "--profile", "none"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "MM_HOME": str(mm_home)},
    )
    assert done.returncode == errors.ExitCode.CONFIGURATION
    assert done.stdout == ""
    assert done.stderr.startswith("mm: no profile 'none'")
    assert done.stderr.count("\n") == 1
