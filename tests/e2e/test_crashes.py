"""Processes that die without a word: the bot, then the venue under it."""

import os
import signal
from pathlib import Path

from tests.e2e.commands import EAGER, LIVELY, Commands, person, until


def test_the_bot_is_killed_and_the_next_run_accounts_for_everything(commands: Commands) -> None:
    """What it left at the venue even trades while nobody minds it, not even a watchdog."""
    bot = commands.quoting(*LIVELY, "--no-watchdog")
    until(commands.venue.trades, "a first fill")
    until(commands.venue.open_orders, "a quote after it")
    bot.send(signal.SIGKILL)
    assert bot.ended().code == -signal.SIGKILL
    left = {order["clientOrderId"] for order in commands.venue.open_orders()}
    dead = commands.json("status")
    assert (dead["running"], dead["trading_state"], dead["causes"]) == (False, "HALTED", ["not_running"])
    if left:
        until(lambda: left - {order["clientOrderId"] for order in commands.venue.open_orders()}, "a fill of an orphan")
    traded = commands.venue.trades()
    again = commands.begin(*LIVELY, "--for", "6s").ended()
    assert (again.code, again.err) == (0, "")
    assert "trading state HALTED to ACTIVE" in again.out, "it reconciled, then traded"
    fills = commands.agree()
    assert {trade["id"] for trade in traded} <= {row["trade_id"] for row in fills}
    assert commands.json("replay")["identical"] is True
    killed, _ = sorted((commands.home / "sim" / "journal").iterdir())
    of_the_killed = commands.json("replay", killed.name.partition(".")[0])
    assert (of_the_killed["identical"], of_the_killed["complete"]) == (True, False)


def test_the_venue_is_killed_and_comes_back_under_the_running_bot(tmp_path: Path) -> None:
    """Some failed dials open the circuit breaker; it closes by itself, by one order that comes through."""
    with person(tmp_path, {**EAGER, "MM__RISK__CIRCUIT_BREAKER__TIMEOUT": "3s"}) as commands:
        _venue_killed(commands)


def _venue_killed(commands: Commands) -> None:
    bot = commands.quoting()
    before = commands.venue.pid
    os.kill(before, signal.SIGKILL)
    until(lambda: "market_stream" in bot.stdout.read_text(), "the bot notices")
    assert commands.json("sim", "start", "--scenario", "lively")["was_running"] is False
    assert commands.venue.pid != before
    # Whether an order's fate was unknown or not: it trades again only when everything is accounted for.
    until(lambda: not bot.is_running or commands.json("status")["trading_state"] == "ACTIVE", "it goes on")
    assert bot.is_running
    until(commands.venue.quotes, "a quote again")
    assert commands.json("stop")["proven"] is True
    ended = bot.ended()
    assert (ended.code, ended.err) == (0, "")
    commands.agree()
    assert commands.json("replay")["identical"] is True
