"""The price a generated market agrees on: clustered volatility, fat tails, lasting and fading moves. In ticks."""

import math
import random

from mm.exchange.venue.scenarios import Scenario

_YEAR_SECONDS = 365 * 86400.0


class FairPrice:
    """A random walk in logs with stochastic volatility, plus a swing that fades.

    Volatility is annual × exp(h − cluster²), h an Ornstein-Uhlenbeck process with standard deviation `cluster`,
    so that the mean of its square is annual². Steps are Student's t scaled to unit variance.
    """

    def __init__(self, scenario: Scenario, rng: random.Random, ticks: float) -> None:
        self._scenario = scenario
        self._rng = rng
        self._log = math.log(ticks)
        self._swing = 0.0
        self._heat = rng.gauss(0.0, scenario.cluster)

    @property
    def ticks(self) -> float:
        return math.exp(self._log + self._swing)

    def step(self, seconds: float) -> None:
        scenario, rng = self._scenario, self._rng
        keep = math.exp(-seconds / scenario.cluster_seconds)
        self._heat = self._heat * keep + rng.gauss(0.0, scenario.cluster) * math.sqrt(1.0 - keep * keep)
        heat = math.exp(self._heat - scenario.cluster**2) * math.sqrt(seconds / _YEAR_SECONDS)
        self._log += scenario.annual_volatility * heat * self._shock()
        if scenario.swing_volatility:
            self._swing *= 0.5 ** (seconds / scenario.swing_half_life)
            self._swing += scenario.swing_volatility * heat * self._shock()

    def push(self, fraction: float) -> None:
        """A lasting move by `fraction` of the price: what an informed aggressor knew."""
        self._log += fraction

    def _shock(self) -> float:
        degrees = self._scenario.tail_degrees
        chi_square = self._rng.gammavariate(degrees / 2.0, 2.0)
        return self._rng.gauss(0.0, 1.0) * math.sqrt((degrees - 2.0) / chi_square)
