import os
import time
from pathlib import Path

import pytest

from mm.domain.errors import HaltedError
from mm.home import EnvironmentHome, Home
from mm.process_id import ProcessId
from mm.runner import latch
from mm.runner.latch import BotFacts, FileLatch, arm, armed_facts, disarm, last_facts, lift, trip

FACTS = BotFacts(ProcessId.own(), "run-1", "ETHUSDC", "mm-k3x9qa-", 2.0, 1.0)


@pytest.fixture
def env_home(tmp_path: Path) -> EnvironmentHome:
    home = Home(tmp_path).environment("sim")
    home.make()
    return home


def test_an_armed_bot_may_send_until_it_is_tripped(env_home: EnvironmentHome) -> None:
    assert not FileLatch(env_home).is_armed()
    stop = arm(env_home, FACTS)
    assert stop.is_armed()
    assert trip(env_home).outcome == "tripped"
    assert not stop.is_armed()
    assert not env_home.armed.exists()
    assert armed_facts(env_home) == FACTS


def test_armed_is_readable_by_its_owner_only_and_leaves_no_draft(env_home: EnvironmentHome) -> None:
    arm(env_home, FACTS)
    assert env_home.armed.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in env_home.path.iterdir()} == {"ARMED", "journal", "logs"}


def test_nothing_is_armed_while_stopped_until_a_person_lifts_it(env_home: EnvironmentHome) -> None:
    arm(env_home, FACTS)
    trip(env_home)
    with pytest.raises(HaltedError) as refused:
        arm(env_home, FACTS)
    assert "mm risk resume" in refused.value.hint
    assert not FileLatch(env_home).is_armed()
    assert lift(env_home)
    assert not lift(env_home)
    assert not FileLatch(env_home).is_armed()
    assert arm(env_home, FACTS).is_armed()


def test_a_stop_made_by_hand_stops_an_armed_bot_and_a_start(env_home: EnvironmentHome) -> None:
    stop = arm(env_home, FACTS)
    env_home.stop.touch()
    assert not stop.is_armed()
    with pytest.raises(HaltedError):
        arm(env_home, FACTS)


def test_tripping_without_a_bot_still_stops_the_next_one(tmp_path: Path) -> None:
    env_home = Home(tmp_path).environment("testnet")  # its folder was never made
    assert trip(env_home).outcome == "stop_created"
    assert trip(env_home).outcome == "already_stopped"
    with pytest.raises(HaltedError):
        arm(env_home, FACTS)


def test_a_trip_between_the_check_and_the_arming_wins(
    env_home: EnvironmentHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = os.fsync
    tripped: list[latch.Trip] = []

    def fsync(fd: int) -> None:
        if not tripped:
            tripped.append(trip(env_home))  # STOP was looked for, ARMED is not there yet
        honest(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(HaltedError):
        arm(env_home, FACTS)
    assert tripped[0].outcome == "stop_created"
    assert not FileLatch(env_home).is_armed()
    assert not env_home.armed.exists()


def test_a_trip_that_finds_no_armed_catches_one_made_meanwhile(
    env_home: EnvironmentHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = os.close

    def close(fd: int) -> None:
        honest(fd)
        monkeypatch.undo()
        env_home.armed.write_text("{}")  # a bot that had looked for STOP before it was there

    monkeypatch.setattr(os, "close", close)
    assert trip(env_home).outcome == "tripped"
    assert not env_home.armed.exists()
    assert env_home.stop.exists()


def test_a_trip_needs_no_disk_space(env_home: EnvironmentHome, monkeypatch: pytest.MonkeyPatch) -> None:
    arm(env_home, FACTS)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    assert trip(env_home).outcome == "tripped"
    assert not FileLatch(env_home).is_armed()


def test_a_trip_that_fails_says_why_and_raises_nothing(
    env_home: EnvironmentHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    outcome = trip(env_home)
    assert not outcome.stopped
    assert "No space left" in outcome.why


def test_a_clean_end_removes_armed_and_keeps_the_facts(env_home: EnvironmentHome) -> None:
    stop = arm(env_home, FACTS)
    disarm(env_home)
    disarm(env_home)
    assert not stop.is_armed()
    assert armed_facts(env_home) is None
    assert last_facts(env_home) == FACTS
    assert arm(env_home, FACTS).is_armed()


def test_a_clean_end_does_not_lift_a_stop(env_home: EnvironmentHome) -> None:
    arm(env_home, FACTS)
    trip(env_home)
    disarm(env_home)
    assert env_home.stop.exists()


def test_lifting_an_empty_stop_keeps_the_facts_of_the_last_bot(env_home: EnvironmentHome) -> None:
    arm(env_home, FACTS)
    disarm(env_home)
    trip(env_home)
    lift(env_home)
    assert last_facts(env_home) == FACTS


def test_a_beat_shows_in_the_time_of_armed_and_makes_nothing(env_home: EnvironmentHome) -> None:
    stop = arm(env_home, FACTS)
    os.utime(env_home.armed, (1000, 1000))
    stop.beat()
    assert env_home.armed.stat().st_mtime > time.time() - 60
    trip(env_home)
    stop.beat()
    assert not env_home.armed.exists()


@pytest.mark.parametrize(
    "missing", ["symbol", "client_id_prefix", "recv_window_seconds", "fence_margin_seconds", "run_id"]
)
def test_incomplete_facts_are_no_facts(missing: str) -> None:
    whole = FACTS.as_dict()
    assert BotFacts.of(whole) == FACTS
    del whole[missing]
    assert BotFacts.of(whole) is None


def test_an_empty_prefix_would_match_every_order_and_is_no_fact() -> None:
    assert BotFacts.of({**FACTS.as_dict(), "client_id_prefix": ""}) is None


def test_asking_whether_it_is_armed_costs_some_microseconds(env_home: EnvironmentHome) -> None:
    stop = arm(env_home, FACTS)
    best = 1.0
    for _ in range(20):
        began = time.perf_counter()
        for _ in range(500):
            stop.is_armed()
        best = min(best, (time.perf_counter() - began) / 500)
    assert best < 50e-6, f"{best * 1e6:.1f} µs"  # ten times what it takes, for machines with much to do
