"""The log: JSON lines, private files, rotation, no secret in any of them."""

import errno
import io
import json
import logging
import os
import stat
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.errors import ConfigurationError
from mm.logs import _PrivateFile, close_logging, configure_logging
from mm.redaction import HIDDEN, redact, register_secret

CANARY = "c4n4ry/Se+cret=0123456789"
pytestmark = pytest.mark.usefixtures("no_secrets_registered")


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "logs" / "mm.log"
    configure_logging(path, level="INFO", max_file_mb=1, keep_files=2)
    yield path
    close_logging()


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_has_time_level_event_and_its_own_words(log_file: Path) -> None:
    structlog.get_logger().bind(run="r1").warning("order placed", price=Decimal("3000.10"), levels=[1, 2], gone=None)
    (line,) = _lines(log_file)
    assert list(line)[:3] == ["time", "level", "event"]
    assert line["time"].endswith("Z")
    assert (line["level"], line["event"], line["run"]) == ("warning", "order placed", "r1")
    assert (line["price"], line["levels"], line["gone"]) == ("3000.10", [1, 2], None)


def test_lines_below_the_level_are_not_written(log_file: Path) -> None:
    structlog.get_logger().debug("quiet")
    structlog.get_logger().info("loud")
    assert [line["event"] for line in _lines(log_file)] == ["loud"]


def test_files_are_private_and_rotate(log_file: Path) -> None:
    log = structlog.get_logger()
    for _ in range(450):
        log.info("x" * 10_000)
    files = sorted(path.name for path in log_file.parent.iterdir())
    assert files == ["mm.log", "mm.log.1", "mm.log.2"]
    for path in log_file.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.stat().st_size <= 1_000_000


def test_warnings_of_libraries_join_and_their_debug_lines_do_not(log_file: Path) -> None:
    logging.getLogger("ccxt.base").warning("slow answer %s", "signature=0123456789abcdef0123456789abcdef")
    logging.getLogger("ccxt.base").debug("headers X-MBX-APIKEY")
    (line,) = _lines(log_file)
    assert (line["level"], line["logger"]) == ("warning", "ccxt.base")
    assert line["event"] == f"slow answer signature={HIDDEN}"


def _raise(error: Exception) -> None:
    raise error


def test_no_secret_in_any_part_of_a_line(log_file: Path) -> None:
    register_secret(CANARY)
    log = structlog.get_logger()
    log.info(
        f"event {CANARY}", text=CANARY, nested={"a": [CANARY, {CANARY: 1}]}, api_key="short", other=Exception(CANARY)
    )
    for raised in (RuntimeError(f"https://x/?signature={CANARY}"), KeyError(CANARY)):
        try:
            _raise(raised)
        except Exception:
            log.exception("failed", secret="anything")
            logging.getLogger("aiohttp").exception("broke")
    text = log_file.read_text()
    assert CANARY not in text
    assert "short" not in text
    assert "anything" not in text
    assert "Traceback" in text
    assert len(_lines(log_file)) == 5


def test_after_closing_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mm.log"
    configure_logging(path, level="INFO", max_file_mb=1, keep_files=1)
    close_logging()
    structlog.get_logger().info("late")
    assert path.read_text() == ""
    assert capsys.readouterr() == ("", "")


class _FullDisk(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_does_not_stop_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_PrivateFile, "_open", lambda _self: _FullDisk())
    configure_logging(tmp_path / "mm.log", level="INFO", max_file_mb=1, keep_files=1)
    structlog.get_logger().info("lost")
    close_logging()
    assert capsys.readouterr() == ("", "")


def test_only_regular_files_are_written_to(tmp_path: Path) -> None:
    """A log that is a link to a device or a pipe is refused before its mode is touched."""
    pipe = tmp_path / "mm.log"
    os.mkfifo(pipe, 0o666)
    mode = pipe.stat().st_mode
    with pytest.raises(ConfigurationError, match="no regular file"):
        configure_logging(pipe, level="INFO", max_file_mb=1, keep_files=1)
    assert pipe.stat().st_mode == mode


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v3/order?symbol=ETHUSDC&timestamp=1&signature={}",
        "{{'X-MBX-APIKEY': '{}'}}",
        "X-MBX-APIKEY: {}",
        "MM_MAINNET_API_SECRET={}",
        '"apiKey":"{}"',
        "{}",
        "url%3Fsignature%3D{}",
    ],
)
def test_what_nobody_registered_is_known_by_its_form(text: str) -> None:
    secret = "aB3" * 21 + "x"
    assert len(secret) == 64
    assert secret not in redact(text.format(secret))
    assert HIDDEN in redact(text.format(secret))


def test_ordinary_lines_stay_whole() -> None:
    for text in (
        "placed mm-abc123-1z BUY 0.0020 @ 3000.01",
        "config hash b64ab1638488",
        "trade 123456789012345678901234567890",
        "/work/main/profiles/100usdc.yaml:12: risk.max_position: -1 is not allowed",
    ):
        assert redact(text) == text


@given(secret=st.text(min_size=8, max_size=40), before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_registered_secret_is_hidden_wherever_it_stands(secret: str, before: str, after: str) -> None:
    register_secret(secret)
    assert secret not in redact(before + secret + after) or secret in HIDDEN
