"""How far the local clock is from the exchange's."""

import asyncio
import logging

from mm.domain.errors import ExchangeError
from mm.exchange.ccxt_adapter.client import BinanceClient
from mm.ports import Clock

_SAMPLES = 5
_log = logging.getLogger(__name__)


class ClockSync:
    """Measures the drift and sets the client's offset, so that timestamps are in the exchange's time."""

    def __init__(self, client: BinanceClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._running: asyncio.Task[None] | None = None

    async def measure(self) -> tuple[int, float]:
        """`(drift, round trip)` in milliseconds: exchange minus local time, at the midpoint of the fastest of five.

        Raises whatever the call through ccxt raises when no sample succeeds.
        """
        best: tuple[float, int] | None = None
        for _ in range(_SAMPLES):
            before, start = self._clock.now(), self._clock.monotonic()
            answer = await self._client.public_get_time()
            took = (self._clock.monotonic() - start) / 1e6
            # The exchange tells whole milliseconds, cut off: half of one more is the best guess.
            drift = round(int(answer["serverTime"]) + 0.5 - (before / 1e6 + took / 2))
            if best is None or took < best[0]:
                best = (took, drift)
        assert best is not None  # noqa: S101 - _SAMPLES is not 0
        self._client.mm_offset_ms = best[1]
        return best[1], best[0]

    def start(self, longest: float) -> None:
        """Measure in the background, in `longest` seconds, unless that is under way."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._quietly(longest), name="clock-sync")

    async def finish(self) -> None:
        """Wait for a measurement under way."""
        if self._running is not None:
            await asyncio.wait([self._running])

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _quietly(self, longest: float) -> None:
        try:
            async with asyncio.timeout(longest):
                await self.measure()
        except ExchangeError as error:
            _log.warning("clock not measured: %s", error)
        except Exception as error:  # noqa: BLE001 - the next refused timestamp starts it again
            _log.warning("clock not measured: %s", type(error).__name__)
