"""Sessions one after another, and the end of them."""

import asyncio
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.exchange.ccxt_adapter.limiter import RateLimiter
from mm.exchange.ccxt_adapter.reconnecting import Reconnecting, StreamEnded


class Deaf(Reconnecting):
    """A library takes the cancellation of a session for its own, and the session ends like any other."""

    name = "market"
    sessions = 0

    async def _session(self) -> NoReturn:
        self.sessions += 1
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise StreamEnded("the connection was closed") from None
        raise AssertionError("nothing ends it but a cancellation")


def test_a_cancellation_that_a_session_swallowed_still_ends_the_stream() -> None:
    clock = SimulatedClock(0)
    calls: Any = None
    stream = Deaf(calls, RateLimiter(clock, 1000, 10, Decimal("0.25")), clock)

    async def main() -> None:
        running = asyncio.create_task(stream.run(lambda _event: None))
        await clock.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(running, 60)

    run_virtual(main(), clock=clock)
    assert stream.sessions == 1
