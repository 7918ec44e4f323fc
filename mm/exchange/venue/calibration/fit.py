"""Fits the generator to a recording: each parameter is led by the statistic that it moves most, run after run.

A stochastic approximation (Robbins and Monro): generate, compare, scale each parameter by the ratio of recorded to
generated to some power, again. What no statistic leads is kept as given.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from mm.exchange.venue.calibration.facts import STATISTICS, Facts, facts_of
from mm.exchange.venue.calibration.generated import generate
from mm.exchange.venue.calibration.record import DEPTH_BPS, MarketRecord
from mm.exchange.venue.ordinary import ORDINARY
from mm.exchange.venue.scenario import Scenario
from mm.exchange.venue.scenario_file import from_parameters
from mm.exchange.venue.symbol_rules import SymbolRules

FAST_SECONDS = 600.0
"""Heat that lasts longer than this is fitted on bars; a capture of minutes is all of one heat."""
_MOST = 1.3
"""A parameter changes by this factor at most in one round."""
_LED_BY = (
    "volatility",
    "mids",
    "moves",
    "orders",
    "order size",
    "autocorrelation",
    "touch",
    "depth",
    "response",
)


START = replace(
    ORDINARY,
    name="start",
    heat=((0.25, 5.0), (0.3, 120.0)),
    annual_volatility=0.8,
    moves_per_second=0.75,
    jumps=2.0,
    jump_seconds=0.25,
    jump_shape=2.5,
    touch_notional=40_000.0,
    depth=((0.5, 14e3), (1.0, 35e3), (2.0, 115e3), (5.0, 600e3), (10.0, 1.4e6), (20.0, 3.35e6)),
    informed_orders=5.5,
    contrary_share=0.08,
    bursts_per_minute=140.0,
    burst_orders=1.0,
    small_share=0.6,
    small=(20.0, 0.9),
    large=(1300.0, 1.6),
)
"""Where a fit begins, whatever was fitted before: the same files give the same parameters."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where and how long a generated market runs to be measured."""

    rules: SymbolRules
    start_price: Decimal
    seeds: tuple[int, ...]
    seconds: int

    def run(self, scenario: Scenario) -> list[MarketRecord]:
        return [generate(scenario, self.rules, self.start_price, seed, self.seconds) for seed in self.seeds]


def as_hot(scenario: Scenario, annual_volatility: float) -> Scenario:
    """The scenario in an hour of that volatility: slow heat stands still, everything else as it would be then."""
    by = annual_volatility / scenario.annual_volatility
    return replace(
        scenario,
        annual_volatility=annual_volatility,
        heat=fast_heat(scenario),
        moves_per_second=scenario.moves_per_second * by,
        bursts_per_minute=scenario.bursts_per_minute * math.sqrt(by),
    )


def fast_heat(scenario: Scenario) -> tuple[tuple[float, float], ...]:
    return tuple(part for part in scenario.heat if part[1] <= FAST_SECONDS)


def fitted(start: Scenario, recorded: Facts, ground: Ground, rounds: int, say: Callable[[str], None]) -> Scenario:
    """`start` (see `as_hot`) led to `recorded` in `rounds`, the best of them; `say` hears of each."""
    led = [each for each in STATISTICS if each.name.startswith(_LED_BY)]
    scenario = best = start
    least = math.inf
    for number in range(1, rounds + 1):
        found = facts_of(ground.run(scenario), led)
        off = _closeness(recorded, found)
        say(f"round {number} of {rounds}: {off:.2f} standard errors off (root mean square)")
        if off < least:
            least, best = off, scenario
        scenario = _led(scenario, recorded, found, gain=2.0 / (number + 1))
    return best


def _closeness(recorded: Facts, found: Facts) -> float:
    squares = []
    for name, second in found.items():
        first = recorded[name]
        if first.value is not None and second.value is not None and first.error and second.error is not None:
            squares.append((first.value - second.value) ** 2 / (first.error**2 + second.error**2))
    return math.sqrt(sum(squares) / len(squares)) if squares else 0.0


def _led(scenario: Scenario, recorded: Facts, found: Facts, gain: float) -> Scenario:
    def ratio(name: str, of: Callable[[float], float] = lambda value: value) -> float:
        first, second = recorded[name].value, found[name].value
        if not first or not second or of(first) / of(second) <= 0:
            return 1.0
        return of(first) / of(second)

    def changed(value: float, *factors: float) -> float:
        factor = math.prod(factors) ** gain
        return value * min(_MOST, max(1 / _MOST, factor))

    coarse, fine = ratio("volatility over 10 s"), ratio("volatility over 0.1 s")
    soon = ratio("volatility over 1 s") / fine
    tail = ratio("moves in 0.1 s, 99 %") / ratio("moves in 0.1 s, median")
    quickest, *slower = scenario.heat
    return replace(
        scenario,
        annual_volatility=changed(scenario.annual_volatility, coarse**0.7),
        moves_per_second=changed(scenario.moves_per_second, ratio("mids unchanged after 1 s", math.log) ** 0.7),
        jumps=1.0 + changed(scenario.jumps - 1.0, coarse / fine),
        jump_seconds=changed(scenario.jump_seconds, soon**-2.0),
        jump_shape=changed(scenario.jump_shape, tail**-0.5),
        heat=((changed(quickest[0], ratio("autocorrelation of |returns|, 1 s") ** 0.2), quickest[1]), *slower),
        informed_orders=changed(scenario.informed_orders, ratio("response after 0.1 s")),
        contrary_share=min(0.4, changed(scenario.contrary_share, ratio(_sides(1)) ** -0.7)),
        burst_orders=changed(scenario.burst_orders, ratio(_sides(5)) ** 0.5),
        bursts_per_minute=changed(scenario.bursts_per_minute, ratio("orders a second")),
        small=(changed(scenario.small[0], ratio("order size, 25%") ** 0.7), scenario.small[1]),
        large=(
            changed(scenario.large[0], ratio("order size, 90%") ** 0.7),
            changed(scenario.large[1], (ratio("order size, 99%") / ratio("order size, 90%")) ** 0.3),
        ),
        small_share=min(0.9, changed(scenario.small_share, ratio("order size, 75%") ** -0.15)),
        touch_notional=changed(scenario.touch_notional, ratio("touch, median") ** 0.7),
        depth=_depth(scenario.depth, recorded, found),
    )


def _sides(lag: int) -> str:
    return f"autocorrelation of sides, {lag} orders later"


def _depth(depth: tuple[tuple[float, float], ...], recorded: Facts, found: Facts) -> tuple[tuple[float, float], ...]:
    """Every ring between two distances by the ratio of what is in it."""
    result = []
    inner = total = 0.0
    first_inner = recorded["touch, median"].value or 0.0
    second_inner = found["touch, median"].value or 0.0
    for (bps, notional), reach in zip(depth, DEPTH_BPS, strict=True):
        name = f"depth within {reach:g} bps, mean"
        first, second = recorded[name].value or 0.0, found[name].value or 0.0
        wanted, had = first - first_inner, second - second_inner
        factor = min(_MOST, max(1 / _MOST, (wanted / had) ** 0.7)) if wanted > 0 and had > 0 else 1.0
        total += (notional - inner) * factor
        result.append((bps, total))
        inner, first_inner, second_inner = notional, first, second
    return tuple(result)


def rounded(scenario: Scenario, digits: int = 3) -> Scenario:
    """Parameters to `digits` significant digits: more would claim what 11 minutes cannot know."""
    return from_parameters({name: _rounded(value, digits) for name, value in asdict(scenario).items()})


def _rounded(value: Any, digits: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_rounded(each, digits) for each in value)
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def hot_as(bars_volatility: float, heat: Iterable[tuple[float, float]], fit: Scenario) -> Scenario:
    """What was fitted on a capture, at the volatility and with the slow heat of bars."""
    at = as_hot(fit, bars_volatility)
    return replace(at, heat=(*fast_heat(fit), *heat))
