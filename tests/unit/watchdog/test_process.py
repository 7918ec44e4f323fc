"""The watchdog put together: its lock, and what it gives the stop."""

import os
import time
from pathlib import Path

import pytest

from mm.domain.errors import ExitCode, InstanceRunning
from mm.home import Home
from mm.process_id import ProcessId
from mm.runner.emergency.fence import seconds_since_life
from mm.runner.emergency.report import StopReport
from mm.runner.emergency.stop import StopOptions
from mm.runner.latch import BotFacts, arm, trip
from mm.runner.process_lock import ProcessLock
from mm.watchdog import process
from mm.watchdog.process import Manner, mind

ONCE = Manner(stale_after=20.0, check_every=0.01, once=True)
DEAD = BotFacts(ProcessId(2**22 + 7, 1), "run-1", "ETHUSDC", "mm-k3x9qa-", 2.0, 1.0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path)
    made.environment("sim").make()
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the runner of tests keeps its own
    return made


def test_a_clock_that_was_set_forward_does_not_hide_the_fence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the file times a bot that died just now has been quiet for an hour; its last request may be on its way."""
    env_home = home.environment("sim")
    arm(env_home, DEAD)
    hour_ago = time.time() - 3600
    os.utime(env_home.armed, (hour_ago, hour_ago))
    assert seconds_since_life(env_home) > 3000
    quiet: list[float] = []

    def stop(_: Home, environment: str, __: StopOptions) -> StopReport:
        quiet.append(seconds_since_life(env_home))
        trip(env_home)
        return StopReport(environment, latch="tripped", proven=True, exit_code=ExitCode.OK)

    monkeypatch.setattr(process, "emergency_stop", stop)
    assert mind(home, "sim", ONCE) == ExitCode.FAILED
    assert len(quiet) == 1
    assert quiet[0] < 60


def test_one_is_enough(home: Home) -> None:
    with (
        ProcessLock(home.environment("sim").watchdog_lock, {}),
        pytest.raises(InstanceRunning, match="already minds sim"),
    ):
        mind(home, "sim", ONCE)


def test_where_no_bot_ran_there_is_nothing_to_do(home: Home) -> None:
    assert mind(home, "sim", ONCE) == ExitCode.OK
    assert not home.control.exists()
