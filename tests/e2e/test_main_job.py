"""From an empty home to the daily review, and a second run that goes on from there."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.commands import LIVELY, MM, PATIENCE, Answer, Commands, person, until

STATUS_KEYS = {
    "environment",
    "profile",
    "stage",
    "trading_state",
    "position",
    "equity",
    "pnl_day",
    "open_orders",
    "unknown_orders",
    "heartbeat_age",
}
"""What services and people read; its names are a promise."""


@dataclass(frozen=True)
class First:
    """A home in which one run has ended."""

    commands: Commands
    preflight: Any
    during: Any
    run: Answer


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[First]:
    """init, config check, preflight, run: each as the README says."""
    with person(tmp_path_factory.mktemp("first")) as commands:
        commands.mm("init")
        commands.mm("config", "check")
        preflight = commands.json("preflight", "--sim", "--profile", "100usdc")
        bot = commands.quoting(*LIVELY, "--for", "15s")
        during = commands.json("status")
        run = bot.ended()
        commands.said.append(run)
        assert run.code == 0, str(run)
        yield First(commands, preflight, during, run)


def test_the_preflight_says_what_holds_and_what_to_expect(first: First) -> None:
    assert first.preflight["passed"] is True
    items = {item["id"]: item for item in first.preflight["items"]}
    assert {"configuration", "ledger", "lock", "spread", "size", "expectation"} <= set(items)
    assert "halts at a loss above 5 USDC" in items["expectation"]["evidence"]


def test_it_trades_and_ledger_and_venue_agree(first: First) -> None:
    fills = first.commands.agree()
    assert fills, "with quotes this close to a lively market a run trades"
    orders = first.commands.json("ledger", "orders")["orders"]
    assert {"FILLED", "CANCELED"} <= {order["status"] for order in orders}, "placed, filled and replaced"
    assert all(row["maker"] for row in fills), "a market maker takes nothing"
    bought = sum(Decimal(row["size"]) for row in fills if row["side"] == "BUY")
    sold = sum(Decimal(row["size"]) for row in fills if row["side"] == "SELL")
    fees = sum(Decimal(row["fee"]) for row in fills if row["fee_asset"] == "ETH")
    status = first.commands.json("status")
    assert Decimal(status["position"]) == bought - sold - fees
    held = {row["asset"]: Decimal(row["free"]) for row in first.commands.json("sim", "status")["balances"]}
    assert held.get("ETH", Decimal(0)) == Decimal(status["position"])
    assert held["USDC"] == Decimal(status["cash"])


def test_plain_lines_where_stdout_is_no_terminal(first: First) -> None:
    out = first.run.out
    assert "\x1b" not in out
    assert re.search(r"^run \d{8}T\d{6}Z-[0-9a-f]{4} on sim, stage testnet$", out, re.MULTILINE)
    assert "market: lively: kinder and livelier than the real market" in out
    assert re.search(r"^\d\d:\d\d:\d\d place BUY 0\.\d{4} at \d+\.\d\d$", out, re.MULTILINE)
    assert re.search(r"^\d\d:\d\d:\d\d bought 0\.\d{4} ETH at ", out, re.MULTILINE)
    assert "no own order is left at the exchange" in out
    assert first.run.err == ""


def test_status_while_it_runs_and_after(first: First) -> None:
    during, after = first.during, first.commands.json("status")
    assert set(during) >= STATUS_KEYS
    assert (during["running"], during["profile"], during["stage"]) == (True, "100usdc", "testnet")
    assert during["trading_state"] in {"ACTIVE", "REDUCING"}
    assert set(after) == set(during)
    assert (after["running"], after["open_orders"], after["unknown_orders"]) == (False, 0, 0)
    assert after["stale"] is True


def test_replay_gives_the_same_actions(first: First) -> None:
    played = first.commands.json("replay")
    assert (played["identical"], played["complete"]) == (True, True), played["difference"]
    assert played["actions"] > 20


def test_the_review_counts_what_the_ledger_holds(first: First) -> None:
    fills = first.commands.fills()
    review = first.commands.json("review", "daily")
    assert {"orders", "pnl", "risk", "latency", "operation", "findings"} <= set(review)
    assert review["orders"]["fills"]["value"] == len(fills)
    equity = first.commands.json("status")["equity"]
    assert review["pnl"]["end_equity"]["value"] == equity
    shown = first.commands.mm("review", "daily").out
    for section in ("1. Orders", "2. Profit and loss", "3. Risk", "4. System", "5. Problems"):
        assert section in shown
    assert "kinder and livelier than the real market" in shown
    assert shown.count("\n") < len(first.commands.mm("review", "daily", "--markdown").out)


def test_every_reading_command_answers_in_json(first: First) -> None:
    commands = first.commands
    days = commands.json("ledger", "pnl")["days"]
    assert [day["fills"] for day in days] == [len(commands.fills())]
    assert commands.json("health")["environment"] == "sim"
    limits = {row["name"]: row for row in commands.json("risk", "show")["limits"]}
    assert Decimal(limits["position"]["limit"]) == Decimal("0.01")
    assert commands.json("stage", "show")["stage"] == "testnet"
    said = commands.mm("logs", "--json", "-n", "5").out.splitlines()
    assert len(said) == 5


def test_a_second_run_goes_on_where_the_first_ended(first: First) -> None:
    """Under a terminal this time."""
    commands = first.commands
    venue = commands.venue.pid
    before = commands.agree()
    position = Decimal(commands.json("status")["position"])
    screen = Screen(commands, *LIVELY)
    until(
        lambda: commands.venue.quotes() and re.search(r"place +\d+\.\d / ", screen.shown),
        "the live view with a latency",
    )
    during = commands.json("status")
    screen.process.send_signal(signal.SIGINT)
    assert screen.ended() == 0, screen.shown
    assert commands.venue.pid == venue, "the venue outlives its bots and is found again"
    fills = commands.agree()
    assert fills[: len(before)] == before
    first_line = next(line for line in screen.shown.splitlines() if "position" in line)
    assert f"{position:f} ETH" in screen.shown, f"it starts with what was held: {first_line}"
    assert during["run_id"] != commands.json("ledger", "orders")["orders"][0]["run_id"]
    for part in ("ETHUSDC", "position", "state", "ACTIVE", "latency", "equity", "daily loss", "last events"):
        assert part in screen.shown, part
    assert "kinder and livelier than the real market" in screen.shown
    assert screen.is_sane
    assert commands.json("replay")["identical"] is True


class Screen:
    """A command under a pseudo-terminal of 120 × 40."""

    def __init__(self, commands: Commands, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self._before = termios.tcgetattr(slave)
        self._slave = slave
        self._said = bytearray()
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [MM, *arguments],
            env=commands.variables,
            cwd=commands.folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._master, 65536)
            except OSError:
                return
            if not piece:
                return
            self._said += piece

    @property
    def shown(self) -> str:
        """Everything written so far, without the control sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._said.decode(errors="replace"))

    def ended(self) -> int:
        """Its exit code."""
        try:
            code = self.process.wait(PATIENCE)
            self._after = termios.tcgetattr(self._slave)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(10)
            os.close(self._slave)
            self._reader.join(10)
            os.close(self._master)
        return code

    @property
    def is_sane(self) -> bool:
        """The terminal is as it was: modes, a visible cursor, the ordinary screen."""
        said = bytes(self._said)
        return (
            self._after == self._before
            and said.rfind(b"\x1b[?25h") >= said.rfind(b"\x1b[?25l")
            and said.count(b"\x1b[?1049h") == said.count(b"\x1b[?1049l")
        )
