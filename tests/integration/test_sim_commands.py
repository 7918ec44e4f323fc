"""`mm sim` from the command line."""

import json
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mm.cli.app import app
from mm.domain.errors import ExchangeError, InstanceRunning, UsageError
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


def test_sim_commands_work_while_nothing_answers(home: Home, tmp_path: Path) -> None:
    """Faults are added, told and cleared over a port of their own."""
    schedule = tmp_path / "faults.yaml"
    schedule.write_text("later:\n  kind: request-lost\n  in: 1h\n  target: order.place\n")
    assert mm("start", "--faults", str(schedule), "--json")["faults_added"] == 1
    info = process.status(home)
    assert info is not None
    mm("faults", "add", "hang", "--for", "1h", "--json")
    with pytest.raises(TimeoutError):
        urllib.request.urlopen(f"{info.rest_url}/ping", timeout=0.3)  # noqa: S310 - loopback
    status = mm("status", "--json")
    assert (status["running"], status["faults"]) == (True, ["hang"])
    assert mm("trades", "--json")["trades"] == []
    number = mm("faults", "add", "unreachable", "--for", "1h", "--json")["numbers"][0]
    deadline = time.monotonic() + 5
    while _listens(info.port):
        assert time.monotonic() < deadline
    listed = mm("faults", "list", "--json")
    assert [(each["kind"], each["active"]) for each in listed["faults"]] == [
        ("request-lost", False),
        ("hang", True),
        ("unreachable", True),
    ]
    assert mm("faults", "clear", str(number), "--json") == {"cleared": 1}
    assert mm("faults", "clear", "--json") == {"cleared": 2}
    while not _listens(info.port):
        assert time.monotonic() < deadline
    with urllib.request.urlopen(f"{info.rest_url}/ping", timeout=5) as answer:  # noqa: S310 - loopback
        assert answer.read() == b"{}"
    assert len(mm("faults", "add", "--random", "--seed", "3", "--hours", "2", "--json")["numbers"]) > 5
    assert mm("faults", "list", "--json")["met"].keys() >= {"hang", "unreachable"}


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:
        return True  # accepted, and cut off as the port was being closed
    return True


def test_a_wrong_fault_is_refused_and_says_what_would_be_right(home: Home) -> None:
    del home
    with pytest.raises(UsageError, match="did you mean request-lost"):
        mm("faults", "add", "request-lsot")
    with pytest.raises(UsageError, match="--seed"):
        mm("faults", "add", "--random")
    with pytest.raises(ExchangeError, match="no local venue is running"):
        mm("faults", "add", "hang")
    kinds = mm("faults", "kinds", "--json")["kinds"]
    assert {"hang", "wipe", "cancel-lies"} <= {each["kind"] for each in kinds}
