"""How far apart the ledger's times and the exchange's may be, as both are compared in an audit.

The ledger stamps a decision with this machine's clock, the exchange an order with its own. Nothing on record says how
far apart they were then, but trading halts above `risk.max_clock_drift`, so they were no further apart than that; what
they are apart now is measured and added, for a clock that was set or ran away since.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from mm.ports import AccountReader

_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class ClockGap:
    """Milliseconds. `drift` is exchange less local time now; a decision may seem `allowed` later than its order."""

    drift: int
    allowed: int


async def measure(
    reader: AccountReader, most_drift_ms: int, now_ns: Callable[[], int], mono_ns: Callable[[], int]
) -> ClockGap:
    """At the middle of the quickest of five requests: known to half its round trip and the exchange's millisecond.

    `most_drift_ms` is what trading halts above. Raises ExchangeError.
    """
    trips: list[tuple[float, float]] = []
    for _ in range(_SAMPLES):
        wall, began = now_ns(), mono_ns()
        server_ms = await reader.server_time_ms()
        trip = (mono_ns() - began) / 1e6
        trips.append((trip, server_ms + 0.5 - (wall / 1e6 + trip / 2)))
    trip, drift = min(trips)
    return ClockGap(round(drift), most_drift_ms + math.ceil(abs(drift) + trip / 2) + 1)
