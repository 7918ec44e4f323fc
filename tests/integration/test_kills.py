"""SIGKILL at any instant: nothing is lost, doubled or forgotten; and a bot that does it wrong is caught."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from scripts.kills.desk import FILLED, KINDS, PARTLY, Killing
from scripts.kills.home import KilledHome
from scripts.kills.life import Life, live
from tests.fakes.late_writer import late_in_writing


@pytest.fixture(autouse=True)
def _no_main_to_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each forked process would import pytest's main module again, which takes longer than its life."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@contextmanager
def killed_home(folder: Path, seed: int, life: Life = live) -> Iterator[KilledHome]:
    home = KilledHome(folder, seed, life)
    try:
        yield home
    finally:
        home.close()


def test_killed_bots_lose_and_double_nothing(tmp_path: Path) -> None:
    with killed_home(tmp_path, seed=1) as home:
        home.play(50)
        assert home.oracle.violations == []
        assert set(home.killed) <= set(KINDS)
        assert home.killed.total() + home.in_order == 50
        assert home.in_order >= 2
        assert home.oracle.orders > 20
        assert home.oracle.fills > 1
        assert home.ledger_rows > 300


def test_a_bot_that_sends_before_it_writes_is_caught(tmp_path: Path) -> None:
    with killed_home(tmp_path, seed=1, life=late_in_writing) as home:
        home.play(50)
        assert {each.invariant for each in home.oracle.violations} & {"I1", "I2"}


def test_the_ways_to_kill_are_drawn_from_the_seed_and_all_of_them_are() -> None:
    one, two = ([Killing.drawn(random.Random(seed)) for seed in range(200)] for _ in range(2))
    assert one == two
    assert {killing.kind for killing in one} == set(KINDS)
    assert {killing.method for killing in one if killing.kind in {PARTLY, FILLED}} == {"place"}
