import math
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mm.exchange.settings import ExchangeSettings
from mm.fields import seconds
from mm.home import Home
from mm.process_id import ProcessId
from mm.runner.emergency import fence as fence_module
from mm.runner.emergency.fence import Fence, fence_seconds, seconds_since_life
from mm.runner.latch import BotFacts


def test_the_fence_is_what_the_bot_signed_with_and_the_exchanges_time_out() -> None:
    facts = BotFacts(ProcessId(1, 1), "run-1", "ETHUSDC", "mm-k3x9qa-", 2.0, 1.0)
    assert fence_seconds(facts) == 13.0


def test_without_facts_the_widest_settings_are_assumed() -> None:
    with pytest.raises(ValueError, match="recv_window"):
        ExchangeSettings.model_validate({"recv_window": f"{int(fence_module.RECV_WINDOW_MAX) + 1}s"})
    assert seconds(ExchangeSettings().fence_margin) <= fence_module.MARGIN_DEFAULT
    assert fence_seconds(None) == 16.0


def test_the_fence_begins_when_the_process_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        stat = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        fence = Fence(5.0, [ProcessId(process.pid, int(stat[19]))])
        assert fence.passes_at() == math.inf
        process.kill()
        process.wait()
        before = time.monotonic()
        passes = fence.passes_at()
        assert before + 5.0 <= passes <= time.monotonic() + 5.0
        assert fence.passes_at() == passes


def test_an_environment_that_never_ran_shows_no_sign_of_life(tmp_path: Path) -> None:
    env_home = Home(tmp_path).environment("sim")
    assert seconds_since_life(env_home) == math.inf
    env_home.make()
    env_home.ledger.touch()
    assert seconds_since_life(env_home) < 60
