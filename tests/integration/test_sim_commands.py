"""`mm sim` from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mm.cli.app import app
from mm.domain.errors import InstanceRunning
from mm.exchange.venue_server import process
from mm.home import Home
from mm.runner.lock import BotLock


@pytest.fixture
def home(mm_home: Path) -> Iterator[Home]:
    made = Home(mm_home)
    try:
        yield made
    finally:
        process.stop(made)


def mm(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["sim", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in arguments else result.stdout


def test_start_status_trades_reset_stop(home: Home) -> None:
    started = mm("start", "--scenario", "lively", "--deposit", "321", "--json")
    assert (started["was_running"], started["scenario"], started["market"]) == (False, "lively", "generated")
    assert mm("start", "--scenario", "lively", "--json")["was_running"] is True
    status = mm("status", "--json")
    assert (status["running"], status["balances"][0]["free"]) == (True, "321.00000000")
    assert mm("trades", "--json")["trades"] == []
    uid = mm("reset", "--deposit", "55", "--json")["account_uid"]
    assert mm("status", "--json")["account_uid"] == uid
    assert mm("stop", "--json") == {"stopped": True}
    assert mm("status", "--json") == {"running": False}
    assert process.status(home) is None


def test_every_place_that_shows_lively_says_what_it_is_worth(home: Home) -> None:
    del home
    note = "kinder and livelier than the real market"
    assert note in mm("start", "--scenario", "lively")
    for command in ("status", "trades"):
        assert note in mm(command)
        shown = mm(command, "--json")
        assert note in (shown.get("market") if command == "trades" else shown)["scenario_note"]
    assert note in mm("start", "--scenario", "lively", "--json")["scenario_note"]
    mm("start", "--scenario", "ordinary")
    assert note not in mm("status")


def test_no_reset_and_no_other_market_while_a_bot_runs(home: Home) -> None:
    mm("start")
    bot = home.environment("sim")
    bot.make()
    with BotLock(bot, "run-1"):
        for arguments in (["reset"], ["start", "--scenario", "lively"]):
            with pytest.raises(InstanceRunning, match="a bot runs"):
                CliRunner().invoke(app, ["sim", *arguments], catch_exceptions=False)
        mm("start")
    mm("reset")
