"""A minute's bar as a path of trades that honours open, high, low, close and volume exactly.

The way inside a minute is not on record. It is made up as a random walk through four fixed points: open, the extreme
nearer to the open, the other extreme, close, with time shared out by distance. The walk's noise gives the whole the
range of a Brownian motion over the minute: E[range] = sigma × sqrt(8 T / pi) (Feller 1951), so sigma per step is
(high − low) × sqrt(pi / 8 / steps). What would leave the bar is folded back into it.
"""

import math
import random
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class BarShape:
    """Ticks, and lots of volume."""

    open: int
    high: int
    low: int
    close: int
    lots: int


@dataclass(frozen=True, slots=True)
class Step:
    """The price after a step, and the lots traded at it (0: the price moved without a trade)."""

    ticks: int
    lots: int


def path(bar: BarShape, steps: int, rng: random.Random) -> list[Step]:
    """`steps` (8 or more) equal steps; first at the open, last at the close, both extremes touched.

    The lots add up to the bar's. Open, the extremes and close trade first when there are too few lots for every step.
    """
    if steps < 8:
        raise ValueError(f"{steps} steps are too few for a bar; give 8 or more")
    corners = _corners(bar)
    at = _moments(corners, steps)
    prices = _walk(bar, corners, at, rng)
    lots = _volumes(bar.lots, steps, at, rng)
    return [Step(ticks, size) for ticks, size in zip(prices, lots, strict=True)]


def _corners(bar: BarShape) -> tuple[int, int, int, int]:
    up_first = bar.high - bar.open <= bar.open - bar.low
    return (bar.open, bar.high, bar.low, bar.close) if up_first else (bar.open, bar.low, bar.high, bar.close)


def _moments(corners: tuple[int, int, int, int], steps: int) -> tuple[int, int, int, int]:
    """The steps at which the corners are met; distinct, the first 0, the last steps − 1."""
    legs = [abs(b - a) + 1 for a, b in pairwise(corners)]
    whole, last = sum(legs), steps - 1
    first = min(max(1, round(last * legs[0] / whole)), last - 2)
    second = min(max(first + 1, round(last * (legs[0] + legs[1]) / whole)), last - 1)
    return 0, first, second, last


def _walk(
    bar: BarShape, corners: tuple[int, int, int, int], at: tuple[int, int, int, int], rng: random.Random
) -> list[int]:
    noise = (bar.high - bar.low) * math.sqrt(math.pi / 8 / (at[-1] + 1))
    prices = [bar.open]
    for (start, begin), (end, until) in pairwise(zip(corners, at, strict=True)):
        price = float(start)
        for left in range(until - begin, 1, -1):  # a bridge: the drift to its end, noise that fades towards it
            price += (end - price) / left + noise * math.sqrt((left - 1) / left) * rng.gauss(0.0, 1.0)
            price = _folded(price, bar.low, bar.high)
            prices.append(round(price))
        prices.append(end)
    return prices


def _folded(price: float, low: int, high: int) -> float:
    width = high - low
    if width == 0:
        return float(low)
    inside = (price - low) % (2 * width)
    return low + min(inside, 2 * width - inside)


def _volumes(lots: int, steps: int, at: tuple[int, int, int, int], rng: random.Random) -> list[int]:
    """Bursty shares, rounded without loss: what is dropped at one step is carried to the next."""
    sizes = [0] * steps
    for index in at[:lots]:
        sizes[index] += 1
    left = lots - sum(sizes)
    if left:
        weights = [rng.expovariate(1.0) ** 2 for _ in range(steps)]
        whole, done, carried = sum(weights), 0, 0.0
        for index, weight in enumerate(weights):
            carried += weight
            share = min(left, int(left * carried / whole))
            sizes[index] += share - done
            done = share
        sizes[-1] += left - done
    return sizes
