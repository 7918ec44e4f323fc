"""A venue that takes orders and never answers, that says nothing at all, that lies about cancels: three homes at a
time, each with a bot of its own. What is sent, what is kept and what the stop proves is looked at from outside."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mm.domain.errors import ExitCode
from mm.exchange.venue_server import process
from mm.home import Home
from mm.ledger.queries import LedgerQueries
from mm.ledger.views import OrderView
from mm.runner.emergency.stop import StopOptions, emergency_stop
from tests.e2e.commands import EAGER, LIVELY, Commands, person, until

QUICK = {
    **EAGER,
    "MM__EXCHANGE__RECV_WINDOW": "500ms",
    "MM__EXCHANGE__FENCE_MARGIN": "100ms",
    "MM__EXCHANGE__REQUEST_TIMEOUT": "1s",
    "MM__RISK__CIRCUIT_BREAKER__TIMEOUT": "2s",
}
FENCE = 10.6


def test_each_ends_with_every_order_accounted_for(tmp_path: Path) -> None:
    stories = (orders_that_are_never_answered, a_venue_that_says_nothing, cancels_that_are_lied_about)
    with ThreadPoolExecutor(len(stories)) as pool:
        for done in [pool.submit(story, tmp_path / story.__name__) for story in stories]:
            done.result()


def orders_that_are_never_answered(folder: Path) -> None:
    """Lost on their way, which nobody can tell from an answer that was lost: unknown until the fence has passed."""
    with person(folder, QUICK) as commands:
        bot = commands.quoting()
        commands.mm("sim", "faults", "add", "request-lost", "--target", "order.place", "--for", "10m")
        unknown = until(lambda: orders(commands, "UNKNOWN"), "an order of unknown fate")
        ended = commands.mm("stop", "--json")
        assert ended.content["proven"] is True
        assert bot.ended().code == 0
        after = orders(commands)
        for client_id, order in unknown.items():
            end = after[client_id]
            assert end.status == "NOT_PLACED", str(end)
            assert (end.updated - order.decided).total_seconds() >= FENCE, "called absent before the fence had passed"
            others = [each for each in after.values() if each.side == order.side and each.client_id != client_id]
            assert not [each for each in others if order.decided < each.decided < end.updated], (
                "its exposure is reserved"
            )
        placed = {order["clientOrderId"] for order in commands.venue.all_orders()}
        assert not placed & unknown.keys(), "it was lost, and was not sent again"
        commands.mm("sim", "faults", "clear")
        commands.agree()


def a_venue_that_says_nothing(folder: Path) -> None:
    """An emergency stop that cannot prove says so and why; the next one waits for the venue, and proves."""
    with person(folder, QUICK) as commands:
        bot = commands.quoting()
        commands.mm("sim", "faults", "add", "hang", "--for", "10m")
        said: list[str] = []
        options = StopOptions(
            {**os.environ, **commands.variables}, said.append, proof_seconds=0.5, exchange_timeout=0.5
        )
        report = emergency_stop(Home(commands.home), "sim", options)
        assert report.exit_code is ExitCode.NOT_PROVEN
        assert not report.proven
        assert report.killed == [bot.pid]
        assert report.problem, "why it is not proved"
        bot.ended()
        stop = commands.begin("stop", "--emergency", "--json")
        until(stop.stderr.read_text, "the stop is at work")
        commands.mm("sim", "faults", "clear")
        ended = stop.ended()
        assert ended.code == 0, str(ended)
        assert (ended.content["proven"], ended.content["remaining"]) == (True, [])
        assert commands.venue.open_orders() == []
        commands.mm("risk", "resume", "--note", "the venue answers again", "--by", "Li Wei")
        again = commands.begin(*LIVELY, "--for", "3s").ended()
        assert (again.code, again.err) == (0, "")
        commands.agree()


def cancels_that_are_lied_about(folder: Path) -> None:
    """-2011 of an order that is open, CANCELED of one that lives on: it is asked for, and cancelled in the end."""
    with person(folder, QUICK) as commands:
        bot = commands.quoting()
        for number, lie in enumerate(("canceled", "unknown-order"), start=1):
            commands.mm("sim", "faults", "add", "cancel-lies", "--value", lie, "--for", "10m")
            until(lambda told=number: met(commands, "cancel-lies") >= told, f"cancels answered {lie}")  # type: ignore[misc]
            alive = {order["clientOrderId"] for order in commands.venue.open_orders()}
            for client_id in alive:
                believed = orders(commands)[client_id].status
                assert believed in {"OPEN", "UNKNOWN", "FILLED"}, f"{client_id} lives, and is {believed} in the ledger"
            commands.mm("sim", "faults", "clear")

            def gone(among: set[str] = alive) -> bool:
                return not among & {order["clientOrderId"] for order in commands.venue.open_orders()}

            until(gone, "they are cancelled in truth, or filled")
        ended = commands.mm("stop", "--json")
        assert ended.content["proven"] is True
        assert bot.ended().code == 0
        commands.agree()


def orders(commands: Commands, status: str = "") -> Mapping[str, OrderView]:
    """Of the ledger, by client id."""
    with LedgerQueries(commands.home / "sim" / "ledger.db") as ledger:
        return {view.client_id: view for view in ledger.orders() if status in ("", view.status)}


def met(commands: Commands, kind: str) -> int:
    """How often a fault struck."""
    return int(process.ask_faults(Home(commands.home), "GET", "/mm/faults", {})["met"].get(kind, 0))
