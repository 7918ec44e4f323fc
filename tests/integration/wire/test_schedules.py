"""A few of the fault schedules of `make wire-faults`, side by side: the bot over HTTP and WebSocket."""

from collections.abc import Sequence
from typing import Any

import pytest

from mm.domain.order import OrderIntent
from mm.ledger.ledger import SqliteLedger
from mm.soak.wire.schedule import Schedule
from scripts.wire_faults import played_together


def test_nothing_is_lost_doubled_or_left(capsys: pytest.CaptureFixture[str]) -> None:
    schedules = [Schedule(seed, faulty_seconds=12.0) for seed in (2, 5, 13, 17)]
    results, complaints = played_together(schedules, len(schedules))
    assert [result.line for result in results if not result.holds] == []
    assert [line for line in complaints if line.startswith("I6")] == []
    assert sum(result.orders for result in results) > 10
    assert sum(sum(result.faults.values()) for result in results) > 10
    assert sum(result.lives for result in results) > len(schedules)


def test_orders_that_leave_without_a_record_are_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def forgotten(_self: Any, _intents: Sequence[OrderIntent]) -> None:
        """Says that it is durable, and writes nothing."""

    monkeypatch.setattr(SqliteLedger, "commit_intents", forgotten)
    (result,), _ = played_together([Schedule(1, ("latency-out",), faulty_seconds=1.0)], 1)
    assert not result.holds
    assert result.violations[0].invariant == "I1"
    assert "--seed 1 --schedules 1 --kinds latency-out --seconds 1" in capsys.readouterr().out
