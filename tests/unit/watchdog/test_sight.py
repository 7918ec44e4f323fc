"""What a look finds, with real files, locks and processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mm.home import EnvironmentHome, Home
from mm.process_id import ProcessId
from mm.runner.latch import BotFacts, arm, disarm, trip
from mm.runner.lock import BotLock
from mm.watchdog.judge import Sight
from mm.watchdog.sight import look

ENDED = ProcessId(2**22 + 7, 1)
FACTS = BotFacts(ENDED, "run-1", "ETHUSDC", "mm-k3x9qa-", 2.0, 1.0)


@pytest.fixture
def env_home(tmp_path: Path) -> EnvironmentHome:
    home = Home(tmp_path).environment("sim")
    home.make()
    return home


@contextmanager
def another_process() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate()


def test_nothing_there_and_a_clean_end_look_the_same(env_home: EnvironmentHome) -> None:
    assert look(env_home) == Sight("none")
    arm(env_home, FACTS)
    disarm(env_home)
    assert look(env_home) == Sight("none")


def test_a_living_bot_and_its_beats(env_home: EnvironmentHome) -> None:
    latch = arm(env_home, replace(FACTS, process=ProcessId.own()))
    first = look(env_home)
    assert (first.latch, first.run_id, first.alive) == ("armed", "run-1", True)
    assert look(env_home) == first
    latch.beat()
    assert look(env_home).sign != first.sign
    os.utime(env_home.armed, ns=(0, 0))
    assert look(env_home).alive, "a file time of long ago says nothing"


def test_a_dead_bot_and_its_successor(env_home: EnvironmentHome) -> None:
    arm(env_home, FACTS)
    assert (look(env_home).alive, look(env_home).successor) == (False, None)
    with BotLock(env_home, "run-2"):
        assert look(env_home).successor == ProcessId.own()


def test_a_process_that_got_the_bots_number_is_not_the_bot(env_home: EnvironmentHome) -> None:
    with another_process() as pid:
        arm(env_home, replace(FACTS, process=ProcessId(pid, 12345)))
        assert look(env_home).alive is False


def test_a_tripped_latch(env_home: EnvironmentHome) -> None:
    arm(env_home, replace(FACTS, process=ProcessId.own()))
    trip(env_home)
    assert look(env_home) == Sight("stop", "run-1", alive=True)


def test_a_stop_made_by_hand_names_nobody(env_home: EnvironmentHome) -> None:
    trip(env_home)
    assert look(env_home) == Sight("none")


def test_an_armed_file_that_cannot_be_read_is_minded_by_its_lock(env_home: EnvironmentHome) -> None:
    env_home.armed.write_text("{")
    assert (look(env_home).latch, look(env_home).alive) == ("armed", False)
    with BotLock(env_home, "run-2"):
        assert (look(env_home).run_id, look(env_home).alive) == ("run-2", True)
