"""A bot that is broken on purpose, one way for each invariant: the soak sees it, and the seed shows it again."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mm.cli.soak import played
from mm.domain.actions import RecordFill
from mm.domain.events import IntentsCommitted
from mm.domain.order import OrderIntent
from mm.ledger import recording
from mm.ports import PlaceAnswer, Unknown
from mm.runner.dispatch import Dispatcher
from mm.runner.latch import FileLatch
from mm.runner.startup import RunSpec
from mm.soak.market import CANARY_KEY
from mm.soak.report import lines
from mm.soak.restarts import TRIP
from mm.soak.spec import SoakSpec
from mm.soak.watched_exchange import WatchedExchange
from mm.soak.world import World
from tests.unit.soak.playing import often, spec

LOST = """
lost:
  kind: answer-lost
  target: order.place
  share: 0.5
  for: 10m
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Path("lost.yaml").write_text(LOST)


def sends_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hasty(self: Any, intents: list[OrderIntent]) -> None:
        self.process(IntentsCommitted(client_ids=tuple(each.client_id for each in intents), **self.now()))
        for intent in intents:
            await self._send(intent)
        await self._ledger.commit_intents(intents)

    monkeypatch.setattr(Dispatcher, "_commit_and_send", hasty)


def sends_again_what_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    place = WatchedExchange.place

    async def stubborn(self: Any, intent: OrderIntent) -> PlaceAnswer:
        answer = await place(self, intent)
        while isinstance(answer, Unknown):
            await asyncio.sleep(1)
            answer = await place(self, intent)
        return answer

    monkeypatch.setattr(WatchedExchange, "place", stubborn)


def forgets_a_fill(monkeypatch: pytest.MonkeyPatch) -> None:
    write = recording._WRITERS[RecordFill]

    def forgetful(cursor: Any, run: Any, at: int, row: RecordFill) -> None:
        if row.fill.trade_id % 3:
            write(cursor, run, at, row)

    monkeypatch.setitem(recording._WRITERS, RecordFill, forgetful)


def takes_another_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    described = World._spec

    def greedy(self: Any) -> RunSpec:
        from dataclasses import replace

        said = described(self)
        return replace(
            said,
            risk=said.risk.model_copy(update={"max_position": Decimal("0.1")}),
            strategy=said.strategy.model_copy(update={"max_inventory": Decimal("0.1"), "base_size": Decimal("0.0105")}),
        )

    monkeypatch.setattr(World, "_spec", greedy)


def does_not_look_at_the_latch(monkeypatch: pytest.MonkeyPatch) -> None:
    often(monkeypatch, TRIP)
    monkeypatch.setattr(FileLatch, "is_armed", lambda _self: True)


def writes_a_key_down(monkeypatch: pytest.MonkeyPatch) -> None:
    described = World._spec

    def leaky(self: Any) -> RunSpec:
        from dataclasses import replace

        return replace(described(self), config=f'{{"key": "{CANARY_KEY}"}}')

    monkeypatch.setattr(World, "_spec", leaky)


CASES: list[tuple[str, Callable[[pytest.MonkeyPatch], None], SoakSpec]] = [
    ("I1", sends_before_the_commit, spec(1, 5, "none")),
    ("I2", sends_again_what_is_unknown, spec(2, 10, "lost.yaml")),
    ("I3", forgets_a_fill, spec(1, 20, "none")),
    ("I4", takes_another_cap, spec(1, 5, "none")),
    ("I5", does_not_look_at_the_latch, spec(1, 20, "none")),
    ("I6", writes_a_key_down, spec(1, 1, "none")),
]


@pytest.mark.parametrize(("invariant", "sabotage", "asked"), CASES, ids=[case[1].__name__ for case in CASES])
def test_it_is_seen_and_its_seed_shows_it_again(
    monkeypatch: pytest.MonkeyPatch, invariant: str, sabotage: Callable[[pytest.MonkeyPatch], None], asked: SoakSpec
) -> None:
    sabotage(monkeypatch)
    found = played(asked)
    assert not found.holds
    assert found.violations[0].invariant == invariant, found.violations[0]
    told = "\n".join(lines(found))
    assert f"VIOLATION of {invariant}" in told
    assert f"play it again: mm soak --hours {asked.hours:g} --profile 100usdc --seed {asked.seed}" in told
    again = played(asked)
    assert again.violations == found.violations
    assert again.trace == found.trace
