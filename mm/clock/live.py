"""The machine's own clock."""

import asyncio
import time


class LiveClock:
    """Wall time in UTC nanoseconds since 1970, monotonic time in nanoseconds since an arbitrary start."""

    def now(self) -> int:
        return time.time_ns()

    def monotonic(self) -> int:
        return time.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
