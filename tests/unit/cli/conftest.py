"""A home and a shell for the tests of commands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mm.home import Home
from tests.unit.cli.commands import Shell


@pytest.fixture
def mm(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("COLUMNS", "80")
    return Shell(capsys)


@pytest.fixture
def home(mm_home: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Its trading day closes half a day from now, so that no test runs across the close."""
    far = datetime.now(UTC) + timedelta(hours=12)
    monkeypatch.setenv("MM__TRADING_DAY__TIMEZONE", "UTC")
    monkeypatch.setenv("MM__TRADING_DAY__CLOSE", far.strftime("%H:%M"))
    return Home(mm_home)
