import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mm.domain.errors import InstanceRunning
from mm.home import EnvironmentHome, Home
from mm.process_id import ProcessId
from mm.runner.lock import BotLock, is_held, running_bot

HOLD = """
import sys
from pathlib import Path
from mm.home import Home
from mm.runner.lock import BotLock
with BotLock(Home(Path(sys.argv[1])).environment("sim"), "run-7", {"profile": "100usdc"}):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def env_home(tmp_path: Path) -> EnvironmentHome:
    home = Home(tmp_path).environment("sim")
    home.make()
    return home


@contextmanager
def bot(env_home: EnvironmentHome) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(env_home.path.parent)]
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_running_bot_is_found_and_verified(env_home: EnvironmentHome) -> None:
    assert running_bot(env_home) is None
    with bot(env_home) as process:
        found = running_bot(env_home)
        assert found is not None
        assert found.process.pid == process.pid
        assert found.process.is_running()
        assert found.run_id == "run-7"
        assert found.facts["profile"] == "100usdc"


def test_a_second_bot_is_refused_and_told_about_the_first(env_home: EnvironmentHome) -> None:
    with bot(env_home) as process:
        with pytest.raises(InstanceRunning) as refused, BotLock(env_home, "run-8"):
            pass
        assert str(process.pid) in str(refused.value)
        assert "run-7" in str(refused.value)
        assert "mm stop --sim" in refused.value.hint
        found = running_bot(env_home)
        assert found is not None
        assert found.run_id == "run-7"


def test_a_killed_bot_frees_the_lock_and_its_name_stays_readable(env_home: EnvironmentHome) -> None:
    with bot(env_home) as process:
        process.kill()
        process.wait()
        assert running_bot(env_home) is None
        assert json.loads(env_home.lock.read_text())["run_id"] == "run-7"
        with BotLock(env_home, "run-8"):
            assert json.loads(env_home.lock.read_text())["pid"] == os.getpid()


def test_a_released_lock_leaves_its_content_but_names_no_running_bot(env_home: EnvironmentHome) -> None:
    lock = BotLock(env_home, "run-1")
    lock.acquire()
    lock.release()
    lock.release()
    assert json.loads(env_home.lock.read_text()) == {**ProcessId.own().as_dict(), "run_id": "run-1"}
    assert running_bot(env_home) is None
    assert not is_held(env_home)


def test_a_held_lock_whose_name_is_of_another_process_is_no_verified_bot(env_home: EnvironmentHome) -> None:
    with bot(env_home):
        content = json.loads(env_home.lock.read_text())
        env_home.lock.write_text(json.dumps({**content, "start_ticks": content["start_ticks"] + 1}))
        assert running_bot(env_home) is None
        assert is_held(env_home)
        with pytest.raises(InstanceRunning, match="does not name"):
            BotLock(env_home, "run-8").acquire()


def test_a_shorter_content_leaves_nothing_of_the_longer_one(env_home: EnvironmentHome) -> None:
    with BotLock(env_home, "a" * 500, {"note": "b" * 500}):
        pass
    with BotLock(env_home, "short"):
        assert json.loads(env_home.lock.read_text())["run_id"] == "short"


def test_only_its_owner_reads_the_file(env_home: EnvironmentHome) -> None:
    with BotLock(env_home, "run-1"):
        assert env_home.lock.stat().st_mode & 0o777 == 0o600
