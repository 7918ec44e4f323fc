"""The bot's side: a watchdog is had, or the run is halted."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mm.domain.events import HaltRequested
from mm.home import Home
from mm.process_id import ProcessId
from mm.runner.latch import BotFacts, arm, disarm
from mm.runner.process_lock import holder
from mm.watchdog import keeper as module
from mm.watchdog.keeper import CAUSE, Keeper
from mm.watchdog.settings import WatchdogSettings

FACTS = BotFacts(ProcessId.own(), "run-1", "ETHUSDC", "mm-k3x9qa-", 2.0, 1.0)


class Bot:
    """As much of a runner as the keeper sees."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.engine = SimpleNamespace(is_stopping=False)
        self.dispatcher = SimpleNamespace(process=self.events.append, now=lambda: {"at": 1, "mono": 1})

    @property
    def causes(self) -> list[str]:
        assert all(isinstance(event, HaltRequested) for event in self.events)
        return [event.cause for event in self.events]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path)
    made.environment("sim").make()
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)
    return made


@pytest.fixture
def armed(home: Home) -> Iterator[Home]:
    """This process plays the bot."""
    arm(home.environment("sim"), FACTS)
    yield home
    disarm(home.environment("sim"))


def keeper_of(home: Home) -> Keeper:
    return Keeper(home, "sim", WatchdogSettings())


async def for_a_while(keeper: Keeper, bot: Any, seconds: float = 0.5) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(keeper.keep(bot), seconds)


def test_one_is_started_and_started_again_and_ends_with_the_bot(armed: Home) -> None:
    async def play() -> None:
        bot: Any = Bot()
        lock = armed.environment("sim").watchdog_lock
        keeper = keeper_of(armed)
        await keeper.begin(bot)
        first = holder(lock)
        assert first is not None
        os.kill(first.process.pid, signal.SIGKILL)
        keeping = asyncio.create_task(keeper.keep(bot))
        for _ in range(1000):
            await asyncio.sleep(0.02)
            second = holder(lock)
            if second is not None and second.process != first.process:
                break
        assert second is not None
        assert bot.events == []
        await keeper_of(armed).begin(bot)
        assert holder(lock) == second, "one is enough"
        disarm(armed.environment("sim"))
        bot.engine.is_stopping = True
        for _ in range(1000):
            if not second.process.is_running():
                break
            await asyncio.sleep(0.02)
            keeper.is_minded()
        assert not second.process.is_running()
        keeping.cancel()

    asyncio.run(play())


def test_a_run_without_a_watchdog_begins_halted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    bot: Any = Bot()
    asyncio.run(keeper_of(home).begin(bot))
    assert bot.causes == [CAUSE]


def test_one_that_does_not_come_up_counts_as_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    monkeypatch.setattr(module, "START_SECONDS", 0.1)
    bot: Any = Bot()
    asyncio.run(keeper_of(home).begin(bot))
    assert bot.causes == [CAUSE]


def test_one_that_dies_again_and_again_is_given_up_and_the_halt_comes_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever resumes while nobody minds the bot is halted anew."""
    started: list[int] = []

    async def start(_: Keeper) -> bool:
        started.append(1)
        return True

    monkeypatch.setattr(Keeper, "_start", start)
    bot: Any = Bot()
    asyncio.run(for_a_while(keeper_of(home), bot))
    assert len(started) == module.MOST_STARTS
    assert set(bot.causes) == {CAUSE}
    assert len(bot.causes) > 1


def test_a_look_that_breaks_halts_and_does_not_end_the_keeping(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no file descriptor left, for one: nobody knows whether the bot is minded."""

    def none_left(_: Path) -> bool:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(module, "is_held", none_left)
    bot: Any = Bot()
    asyncio.run(keeper_of(home).begin(bot))
    assert bot.causes == [CAUSE]
    asyncio.run(for_a_while(keeper_of(home), bot))
    assert set(bot.causes) == {CAUSE}
    assert len(bot.causes) > 2
    assert "Too many open files" in bot.events[-1].detail


def test_a_run_that_stops_needs_none(home: Home) -> None:
    bot: Any = Bot()
    bot.engine.is_stopping = True
    asyncio.run(for_a_while(keeper_of(home), bot, 0.1))
    assert bot.events == []
