"""The price a generated market agrees on: it jumps, in runs of one direction, more often and further when hot."""

import math
import random

from mm.exchange.venue.scenario import Scenario
from mm.exchange.venue.timetable import path_at

_YEAR_SECONDS = 365 * 86400.0
_SIZES = 2048
"""Jumps' sizes are drawn once and then taken from these: drawing them one by one would cost most of a step."""
_MANY = 25.0
"""From this many expected moves in one step on their sum is drawn at once, from a normal distribution."""


class FairPrice:
    """In ticks, a float. The law of the process does not depend on the size of its steps.

    Moves are a Poisson process of rate `moves_per_second` × g; each is a run of jumps of one direction, their number
    geometric, their sizes × √g; g = exp(h − variance of h) with h a sum of Ornstein-Uhlenbeck processes, so that the
    mean of g² is 1 and the mean square of the lasting returns over stretches much longer than a run is
    `annual_volatility`² (g is held during a step). A second part, `swing`, diffuses and fades.
    """

    def __init__(self, scenario: Scenario, rng: random.Random, ticks: float, *, heat_seconds: float = 0.0) -> None:
        """`heat_seconds`: g is held for so long (0: for a step), which spares most of a short step's draws."""
        self._scenario = scenario
        self._rng = rng
        self._log = math.log(ticks)
        self._swing = 0.0
        self._heats = [rng.gauss(0.0, deviation) for deviation, _ in scenario.heat]
        self._heat_variance = sum(deviation**2 for deviation, _ in scenario.heat)
        self._heat = self._heat_of(self._heats)
        self._fading: list[tuple[float, float]] = []
        self._fading_for = 0.0
        self._heat_seconds = heat_seconds
        self._heat_age = 0.0
        self._seconds = 0.0
        self._due: list[tuple[float, float]] = []
        self._per_second = scenario.annual_volatility / math.sqrt(_YEAR_SECONDS)
        self._sizes = [self._size() for _ in range(_SIZES)]
        mean = sum(self._sizes) / _SIZES
        square = sum(size * size for size in self._sizes) / _SIZES
        # Mean square of a run's sum: n jumps of equal sign, n geometric with mean `jumps`.
        run_square = scenario.jumps * square + 2.0 * scenario.jumps * (scenario.jumps - 1.0) * mean**2
        self._scale = self._per_second / math.sqrt(scenario.moves_per_second * run_square)
        self._path = path_at(scenario, 0.0)
        self.jumped = 0.0

    @property
    def ticks(self) -> float:
        return math.exp(self._log + self._swing)

    @property
    def heat(self) -> float:
        """Volatility now, as a multiple of its root mean square."""
        return self._heat

    @property
    def usual_jump(self) -> float:
        """Mean size of a jump at usual heat, as a log change."""
        return self._scale

    def step(self, seconds: float) -> None:
        """`jumped` is then the log change by jumps and by the scenario's path, without the swing."""
        rng, scenario = self._rng, self._scenario
        self._heat_age += seconds
        if self._heat_age >= self._heat_seconds:
            self._heat_up(self._heat_age)
            self._heat_age = 0.0
        heat = self._heat
        self._seconds += seconds
        moved = self._moves(seconds, heat)
        if scenario.path:
            path = path_at(scenario, self._seconds)
            moved += path - self._path
            self._path = path
        self.jumped = moved
        self._log += moved
        if scenario.swing_volatility:
            self._swing *= 0.5 ** (seconds / scenario.swing_half_life)
            swing = scenario.swing_volatility * math.sqrt(seconds / _YEAR_SECONDS)
            self._swing += swing * heat * rng.gauss(0.0, 1.0) * self._tail()

    def _heat_up(self, seconds: float) -> None:
        """The heats after `seconds` more, exactly, whatever their number."""
        if seconds != self._fading_for:
            keeps = [(math.exp(-seconds / lasts), deviation) for deviation, lasts in self._scenario.heat]
            self._fading = [(keep, deviation * math.sqrt(1.0 - keep * keep)) for keep, deviation in keeps]
            self._fading_for = seconds
        gauss = self._rng.gauss
        self._heats = [
            heat * keep + gauss(0.0, deviation)
            for heat, (keep, deviation) in zip(self._heats, self._fading, strict=True)
        ]
        self._heat = self._heat_of(self._heats)

    def _heat_of(self, heats: list[float]) -> float:
        return math.exp(sum(heats) - self._heat_variance)

    @property
    def seconds(self) -> float:
        """Stepped over since the start."""
        return self._seconds

    def push(self, fraction: float) -> None:
        """A lasting move by `fraction` of the price: what an informed aggressor knew."""
        self._log += fraction

    def _moves(self, seconds: float, heat: float) -> float:
        """Log change: jumps due from runs that began before, and the runs that begin now."""
        now, moved = self._seconds, 0.0
        if self._due:
            moved = sum(size for due, size in self._due if due <= now)
            self._due = [each for each in self._due if each[0] > now]
        expected = self._scenario.moves_per_second * heat * seconds
        if expected > _MANY:
            return moved + self._per_second * heat * math.sqrt(seconds) * self._rng.gauss(0.0, 1.0)
        for _ in range(_poisson(expected, self._rng)):
            moved += self._run(now - seconds * self._rng.random(), now, heat)
        return moved

    def _run(self, begins: float, now: float, heat: float) -> float:
        """A run of jumps; those after `now` wait."""
        rng, scenario = self._rng, self._scenario
        scale = self._scale * math.sqrt(heat) * (1.0 if rng.random() < 0.5 else -1.0)
        another = 1.0 - 1.0 / scenario.jumps
        moved, at = 0.0, begins
        while True:
            size = scale * self._sizes[int(rng.random() * _SIZES)]
            if at <= now:
                moved += size
            else:
                self._due.append((at, size))
            if rng.random() >= another:
                return moved
            at += rng.expovariate(1.0 / scenario.jump_seconds)

    def _size(self) -> float:
        """Of a jump, in units of `usual_jump`."""
        shape = self._scenario.jump_shape
        return self._rng.gammavariate(shape, 1.0 / shape) * self._tail()

    def _tail(self) -> float:
        """A factor whose square has mean 1 and which makes a normal variate Student's t."""
        degrees = self._scenario.tail_degrees
        return math.sqrt((degrees - 2.0) / self._rng.gammavariate(degrees / 2.0, 2.0))


def _poisson(mean: float, rng: random.Random) -> int:
    """Knuth's method: products of uniforms, for small means."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
