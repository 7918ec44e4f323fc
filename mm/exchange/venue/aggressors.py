"""The anonymous aggressors of a generated market: who takes what, at which moment of a 100 ms step."""

import math
import random
from typing import NamedTuple

from mm.exchange.venue.scenario import Scenario

_SAME_SIDE = 0.6
"""Chance that a burst takes the side of the one before."""
_GAP_MS = (3.0, 1.3)
"""Log-normal: median and sigma of the gaps between the orders of one burst."""
_MOST_SIZE = 4.0
"""How many times the usual size an order is at most before a far jump."""
_LEAST_MOVE = 5e-6
"""A smaller log change of the fair price brings nobody."""
_SMALLEST = 5.0
"""Notional; exchanges take nothing smaller."""


class Strike(NamedTuple):
    """An order that takes `notional` of the touch at `at_ms`."""

    at_ms: float
    buy: bool
    notional: float


class Aggressors:
    """Noise in bursts of one side, and orders that run ahead of a jump in its direction."""

    def __init__(self, scenario: Scenario, rng: random.Random) -> None:
        self._scenario = scenario
        self._rng = rng
        self._side = rng.random() < 0.5

    def strikes(self, begins_ms: int, step_ms: int, jumped: float, usual_jump: float, heat: float) -> list[Strike]:
        """Orders of the step that begins then, in no order; some of a burst's come after its end.

        `jumped`: log change of the fair price by jumps at the end of the step, `usual_jump` the size of most of them,
        `heat`: see `FairPrice`. Who knows of more takes more.
        """
        scenario, rng = self._scenario, self._rng
        found: list[Strike] = []
        if abs(jumped) > _LEAST_MOVE and scenario.informed_orders:
            orders = 1 + int(rng.expovariate(1.0) * scenario.informed_orders)
            size = min(_MOST_SIZE, abs(jumped) / usual_jump)
            at = begins_ms + step_ms * rng.random() * 0.8
            for _ in range(orders):
                notional = self._notional(scenario.informed_small_share) * size
                buy = (jumped > 0) != (rng.random() < scenario.contrary_share)
                found.append(Strike(min(at, begins_ms + step_ms - 1.0), buy, notional))
                at += self._gap()
        bursts = scenario.bursts_per_minute * math.sqrt(heat) * step_ms / 60_000
        if rng.random() < bursts:
            if rng.random() >= _SAME_SIDE:
                self._side = rng.random() >= scenario.sell_share
            at = begins_ms + step_ms * rng.random()
            for _ in range(1 + int(rng.expovariate(1.0) * scenario.burst_orders)):
                found.append(Strike(at, self._side, self._notional(scenario.small_share)))
                at += self._gap()
        return found

    def _gap(self) -> float:
        median, sigma = _GAP_MS
        return median * math.exp(self._rng.gauss(0.0, sigma))

    def _notional(self, small_share: float) -> float:
        scenario, rng = self._scenario, self._rng
        median, sigma = scenario.small if rng.random() < small_share else scenario.large
        return max(_SMALLEST, median * math.exp(rng.gauss(0.0, sigma)))
