"""A server that is stopped while it begins to listen again leaves no socket behind."""

import asyncio
import gc
import random
import sys
import time

import pytest

from mm.exchange.venue.faults.fault import Fault
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server.server import running_server


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def opened_again_and_stopped(rng: random.Random) -> None:
    plan = FaultPlan((), random.Random(1))
    venue = Venue(default_symbols(), now_ms)
    async with running_server(venue, secrets={"key": "secret"}, faults=plan):
        plan.add(Fault("unreachable", now_ms(), now_ms() + 60_000))
        await asyncio.sleep(0.05)
        plan.clear()
        for _ in range(rng.randrange(12)):
            await asyncio.sleep(0)
        await asyncio.sleep(rng.choice([0, 0.018, 0.0195, 0.02, 0.0205, 0.021]))
    venue.close()


def test_no_socket_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[object] = []
    gc.collect()
    monkeypatch.setattr(sys, "unraisablehook", left.append)
    rng = random.Random(3)

    async def many() -> None:
        await asyncio.gather(*(opened_again_and_stopped(rng) for _ in range(200)))

    asyncio.run(many())
    gc.collect()
    assert left == []
