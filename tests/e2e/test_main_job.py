"""From an empty home to the daily review, and a second run that goes on from there."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import LIVELY, MM, PATIENCE, Answer, Commands, Fill, person

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


@pytest.fixture
def first(tmp_path: Path) -> Iterator[First]:
    """init, config check, preflight, run: each as the README says."""
    with person(tmp_path) as commands:
        commands.mm("init")
        commands.mm("config", "check")
        preflight = commands.json("preflight", "--sim", "--profile", "100usdc")
        bot = commands.quoting(*LIVELY, "--for", "15s")
        during = commands.json("status")
        run = bot.ended()
        commands.said.append(run)
        assert run.code == 0, str(run)
        yield First(commands, preflight, during, run)


def test_from_an_empty_home_to_the_review_and_a_second_run(first: First) -> None:
    """One test, since all of it is about one run that takes its time."""
    _the_preflight_says_what_holds_and_what_to_expect(first)
    _it_trades_and_ledger_and_venue_agree(first)
    _plain_lines_where_stdout_is_no_terminal(first)
    _status_while_it_runs(first)
    _afterwards_every_reading_command_answers_in_json(first)
    _the_review_for_people_has_the_five_sections(first)
    _a_second_run_goes_on_where_the_first_ended(first)


def _the_preflight_says_what_holds_and_what_to_expect(first: First) -> None:
    assert first.preflight["passed"] is True
    items = {item["id"]: item for item in first.preflight["items"]}
    assert {"configuration", "ledger", "lock", "spread", "size", "expectation"} <= set(items)
    assert "halts at a loss above 5 USDC" in items["expectation"]["evidence"]


def _it_trades_and_ledger_and_venue_agree(first: First) -> None:
    commands = first.commands
    fills = commands.agree()
    assert fills, "with quotes this close to a lively market a run trades"
    assert all(row["maker"] for row in fills), "a market maker takes nothing"
    ledger, venue, orders, status, sim, pnl = commands.together(
        ("ledger", "fills"), ("sim", "trades"), ("ledger", "orders"), ("status",), ("sim", "status"), ("ledger", "pnl")
    )
    assert ledger["fills"] == venue["trades"] == fills
    assert {"FILLED", "CANCELED"} <= {order["status"] for order in orders["orders"]}, "placed, filled and replaced"
    assert Decimal(status["position"]) == _position(fills)
    held = {row["asset"]: Decimal(row["free"]) for row in sim["balances"]}
    assert held.get("ETH", Decimal(0)) == Decimal(status["position"])
    assert held["USDC"] == Decimal(status["cash"])
    assert [day["fills"] for day in pnl["days"]] == [len(fills)]


def _position(fills: Sequence[Fill]) -> Decimal:
    """In ETH, fees taken in ETH included."""
    sizes = (Decimal(str(row["size"])) * (1 if row["side"] == "BUY" else -1) for row in fills)
    return sum(sizes, Decimal(0)) - sum(Decimal(str(row["fee"])) for row in fills if row["fee_asset"] == "ETH")


def _plain_lines_where_stdout_is_no_terminal(first: First) -> None:
    out = first.run.out
    assert "\x1b" not in out
    assert re.search(r"^run \d{8}T\d{6}Z-[0-9a-f]{4} on sim, stage testnet$", out, re.MULTILINE)
    assert "market: lively: kinder and livelier than the real market" in out
    assert re.search(r"^\d\d:\d\d:\d\d place BUY 0\.\d{4} at \d+\.\d\d$", out, re.MULTILINE)
    assert re.search(r"^\d\d:\d\d:\d\d bought 0\.\d{4} ETH at ", out, re.MULTILINE)
    assert "no own order is left at the exchange" in out
    assert first.run.err == ""


def _status_while_it_runs(first: First) -> None:
    during = first.during
    assert set(during) >= STATUS_KEYS
    assert (during["running"], during["profile"], during["stage"]) == (True, "100usdc", "testnet")
    assert during["trading_state"] in {"ACTIVE", "REDUCING"}


def _afterwards_every_reading_command_answers_in_json(first: First) -> None:
    status, played, review, health, risk, stage = first.commands.together(
        ("status",), ("replay",), ("review", "daily"), ("health",), ("risk", "show"), ("stage", "show")
    )
    assert set(status) == set(first.during)
    assert (status["running"], status["open_orders"], status["unknown_orders"]) == (False, 0, 0)
    assert status["stale"] is True
    assert (played["identical"], played["complete"]) == (True, True), played["difference"]
    assert played["actions"] > 20
    assert {"orders", "pnl", "risk", "latency", "operation", "findings"} <= set(review)
    assert review["orders"]["fills"]["value"] == status["fills"] == len(first.commands.venue.trades())
    assert review["pnl"]["end_equity"]["value"] == status["equity"]
    assert review["markets"][0]["name"] == "lively"
    assert health["environment"] == "sim"
    limits = {row["name"]: row for row in risk["limits"]}
    assert Decimal(limits["position"]["limit"]) == Decimal("0.01")
    assert stage["stage"] == "testnet"
    assert len(first.commands.mm("logs", "--json", "-n", "5").out.splitlines()) == 5


def _the_review_for_people_has_the_five_sections(first: First) -> None:
    shown = first.commands.mm("review", "daily").out
    for section in ("1. Orders", "2. Profit and loss", "3. Risk", "4. System", "5. Problems"):
        assert section in shown
    assert "kinder and livelier than the real market" in shown


def _a_second_run_goes_on_where_the_first_ended(first: First) -> None:
    """Under a terminal this time."""
    commands = first.commands
    venue, before = commands.venue.pid, len(commands.venue.trades())
    position = Decimal(commands.json("status")["position"])
    screen = Screen(commands, *LIVELY, "--for", "8s")
    assert screen.ended() == 0, screen.shown
    assert commands.venue.pid == venue, "the venue outlives its bots and is found again"
    fills = commands.agree()
    assert position == _position(fills[:before])
    assert f"{position:f} ETH" in screen.shown, "it starts with what was held"
    for part in ("ETHUSDC", "position", "state", "ACTIVE", "latency", "equity", "daily loss", "last events"):
        assert part in screen.shown, part
    assert re.search(r"place +\d+\.\d / \d+\.\d / \d+\.\d", screen.shown), "latencies"
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
