"""However a run ends in order: exit 0, and no own order at the venue."""

import signal
from collections.abc import Iterator

import pytest

from tests.e2e.commands import LIVELY, Commands, person


@pytest.fixture(scope="module")
def home_of_many_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """One venue for all: what one run leaves, the next one finds."""
    with person(tmp_path_factory.mktemp("endings")) as commands:
        yield commands


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(home_of_many_runs: Commands, number: signal.Signals) -> None:
    commands = home_of_many_runs
    bot = commands.quoting()
    bot.send(number)
    ended = bot.ended()
    assert (ended.code, ended.err) == (0, "")
    assert f"stopped: signal {number.name}; no own order is left at the exchange" in ended.out
    assert commands.venue.open_orders() == []


def test_stop_ends_it_and_looks_with_own_eyes(home_of_many_runs: Commands) -> None:
    commands = home_of_many_runs
    bot = commands.quoting()
    second = commands.mm(*LIVELY, code=7)
    assert second.out == ""
    assert f"a bot already runs on sim (process {bot.pid}" in second.err
    assert second.err.count("\n") == 1
    report = commands.json("stop")
    assert (report["environment"], report["proven"], report["remaining"]) == ("sim", True, [])
    assert report["fence_seconds"] == 0, "a bot that ends in order has nothing under way"
    ended = bot.ended()
    assert (ended.code, ended.err) == (0, "")
    commands.agree()
    assert commands.mm("stop").out.count("\n") >= 1, "again does no harm"
