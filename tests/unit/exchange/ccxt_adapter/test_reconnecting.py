"""Sessions one after another, and the end of them."""

import asyncio
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.domain.events import Event, StreamDown
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


class Locked(Deaf):
    """Its cancellation ends as a failure after which the stream would wait for a person."""

    def _why(self, error: Exception) -> tuple[str, str, float]:
        return "refused", "authentication", 0.0


def test_a_swallowed_cancellation_is_not_taken_for_a_failure_that_a_person_must_mend() -> None:
    clock = SimulatedClock(0)
    calls: Any = None
    stream = Locked(calls, RateLimiter(clock, 1000, 10, Decimal("0.25")), clock)

    async def main() -> None:
        running = asyncio.create_task(stream.run(lambda _event: None))
        await clock.sleep(1)
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=60)
        assert done
        assert running.cancelled()

    run_virtual(main(), clock=clock)


class GivenUp(Reconnecting):
    """A library cancels what the session waits for; nobody cancelled the stream."""

    name = "market"
    sessions = 0

    async def _session(self) -> NoReturn:
        self.sessions += 1
        waited = asyncio.get_running_loop().create_future()
        if self.sessions == 1:
            asyncio.get_running_loop().call_later(1, waited.cancel)
        await waited
        raise AssertionError("nothing settles it")


def test_a_stream_goes_on_when_what_it_waits_for_was_cancelled_by_others() -> None:
    clock = SimulatedClock(0)
    calls: Any = None
    stream = GivenUp(calls, RateLimiter(clock, 1000, 10, Decimal("0.25")), clock)
    seen: list[Event] = []

    async def main() -> None:
        running = asyncio.create_task(stream.run(seen.append))
        await clock.sleep(10)
        assert stream.sessions == 2
        assert [event.why for event in seen if isinstance(event, StreamDown)] == ["the connection was given up"]
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=60)
        assert done
        assert running.cancelled()

    run_virtual(main(), clock=clock)
