"""JSON forms, tables, and which environment a command means."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from mm.cli.options import named_environment, reading_environment, trading_environment
from mm.cli.output import console, emit_json, iso, json_text, table
from mm.domain.errors import ConfigurationError, UsageError
from mm.home import Home


@dataclass(frozen=True)
class Row:
    price: Decimal
    at: datetime


def test_json_keeps_decimals_exact_and_times_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2026, 11, 22, 20, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    emit_json({"row": Row(Decimal("3000.10"), at), "tiny": Decimal("1E-8"), "every": timedelta(seconds=10), "n": None})
    assert json.loads(capsys.readouterr().out) == {
        "row": {"price": "3000.10", "at": "2026-11-22T19:30:00.123Z"},
        "tiny": "0.00000001",
        "every": "10s",
        "n": None,
    }


def test_one_line_an_item_and_what_has_no_form() -> None:
    assert json_text({"a": 1}, indent=False) == '{"a":1}'
    with pytest.raises(TypeError):
        json_text({"a": object()})
    with pytest.raises(ValueError, match="without a zone"):
        iso(datetime(2026, 1, 1))  # noqa: DTZ001  the missing zone is what is tried


def test_tables_are_plain_in_a_pipe_and_take_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [("[red]x[/red]", Decimal("1E-8"), None, True, at)]
    console().print(table(("name", "size", "none", "flag", "at"), rows, title="T", right=("size",)))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    for shown in ("[red]x[/red]", "0.00000001", "–", "yes", "2026-01-01T00:00:00Z"):
        assert shown in out


def test_at_most_one_environment() -> None:
    assert named_environment(sim=False, testnet=True, mainnet=False) == "testnet"
    assert named_environment(sim=False, testnet=False, mainnet=False) is None
    with pytest.raises(UsageError, match="--sim and --mainnet exclude each other"):
        named_environment(sim=True, testnet=False, mainnet=True)
    assert trading_environment(sim=False, testnet=False, mainnet=True) == "mainnet"
    with pytest.raises(UsageError, match="say where"):
        trading_environment(sim=False, testnet=False, mainnet=False)


def test_reading_takes_the_last_run_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    home = Home.of()
    with pytest.raises(ConfigurationError, match="nothing has run yet"):
        reading_environment(home, sim=False, testnet=False, mainnet=False)
    home.path.mkdir()
    home.last_environment.write_text("testnet\n")
    assert reading_environment(home, sim=False, testnet=False, mainnet=False) == "testnet"
    assert "environment testnet (the last run)" in capsys.readouterr().err
    assert reading_environment(home, sim=True, testnet=False, mainnet=False) == "sim"
    assert capsys.readouterr().err == ""
    home.last_environment.write_text("moon")
    with pytest.raises(ConfigurationError, match="names no environment"):
        reading_environment(home, sim=False, testnet=False, mainnet=False)
