"""A bar's path honours what is on record, whatever the seed."""

import math
import random
import statistics
from itertools import pairwise

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from mm.exchange.venue.bar_path import BarShape, path


@st.composite
def shapes(draw: st.DrawFn) -> BarShape:
    low = draw(st.integers(1, 10**7))
    high = low + draw(st.integers(0, 10**4))
    inside = st.integers(low, high)
    return BarShape(draw(inside), high, low, draw(inside), draw(st.integers(0, 10**6)))


@seed(20)
@given(shapes(), st.integers(8, 300), st.integers(0, 2**32))
def test_open_high_low_close_and_volume_are_the_bars(bar: BarShape, steps: int, number: int) -> None:
    made = path(bar, steps, random.Random(number))
    prices = [step.ticks for step in made]
    assert len(made) == steps
    assert (prices[0], prices[-1]) == (bar.open, bar.close)
    assert (max(prices), min(prices)) == (bar.high, bar.low)
    assert sum(step.lots for step in made) == bar.lots
    assert min(step.lots for step in made) >= 0


@seed(21)
@given(shapes().filter(lambda bar: bar.lots >= 4), st.integers(0, 2**32))
def test_each_of_the_four_prices_is_traded(bar: BarShape, number: int) -> None:
    traded = {step.ticks for step in path(bar, 240, random.Random(number)) if step.lots}
    assert {bar.open, bar.high, bar.low, bar.close} <= traded


def test_the_nearer_extreme_comes_first() -> None:
    prices = [step.ticks for step in path(BarShape(1000, 1010, 900, 950, 100), 240, random.Random(1))]
    assert prices.index(1010) < prices.index(900)


def test_the_same_seed_makes_the_same_path_and_another_another() -> None:
    bar = BarShape(1000, 1100, 900, 1050, 5000)
    assert path(bar, 240, random.Random(3)) == path(bar, 240, random.Random(3))
    assert path(bar, 240, random.Random(3)) != path(bar, 240, random.Random(4))


def test_the_walk_is_as_restless_as_a_brownian_motion_of_that_range() -> None:
    """sigma × sqrt(8 T / pi) is the mean range: the sum of squared steps of many paths is near pi / 8 × range²."""
    bar = BarShape(100_000, 100_800, 99_200, 100_000, 0)
    sums = []
    for number in range(200):
        prices = [step.ticks for step in path(bar, 240, random.Random(number))]
        sums.append(sum((b - a) ** 2 for a, b in pairwise(prices)))
    expected = math.pi / 8 * 1600**2
    # The way through both corners adds its drift: 240 small steps of it, at most a tenth.
    assert 0.85 * expected < statistics.mean(sums) < 1.15 * expected


def test_too_few_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="8 or more"):
        path(BarShape(1, 1, 1, 1, 1), 7, random.Random(1))
