"""A few rounds of `make prove-emergency`: real processes under bad conditions, three at a time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore

import pytest

from scripts import emergency_round
from scripts.emergency_round import CONDITIONS, Condition, Places, play

FAST = {"MM__EXCHANGE__RECV_WINDOW": "500ms", "MM__EXCHANGE__FENCE_MARGIN": "100ms"}
WORST = (
    Condition("frozen", locked=True, full=True, slow=True, failing=True),
    Condition("runs", full=True),
    Condition("dead", locked=True, failing=True),
)


def test_frozen_dead_locked_full_slow_and_failing_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emergency_round, "FIRST_CANCEL", 2.0)  # a busy machine; the goal is the script's
    places = Places(Semaphore(2), Semaphore(3))
    with ThreadPoolExecutor(3) as pool:
        rounds = list(pool.map(lambda condition: play(CONDITIONS.index(condition), places, FAST), WORST))
    assert [each.condition for each in rounds] == list(WORST)
    assert {each.seed: each.missed for each in rounds if each.missed} == {}
