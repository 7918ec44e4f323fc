"""Statistics of markets on record, with their sampling error by the delete-one jackknife over stretches of time."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

Record = TypeVar("Record")
"""A stretch of a market: a `MarketRecord`, or the returns of bars."""
Sums = tuple[float, ...]
Values = Callable[[Record], Sequence[float]]
Pairs = Callable[[Record], Sequence[tuple[float, float]]]


class Estimate(NamedTuple):
    """`value` None: nothing to measure it on. `error`: one standard deviation, None where parts are too few."""

    value: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Statistic(Generic[Record]):
    """`gather` takes what a stretch contributes; `value` makes the figure of several stretches' contributions."""

    name: str
    unit: str
    gather: Callable[[Record], Sequence[float]]
    value: Callable[[Sequence[Sequence[float]]], float | None]

    def of(self, stretches: Sequence[Record]) -> Estimate:
        """Of all stretches together; they should be of about equal length."""
        return jackknife([self.gather(stretch) for stretch in stretches], self.value)


def jackknife(
    gathered: Sequence[Sequence[float]], value: Callable[[Sequence[Sequence[float]]], float | None]
) -> Estimate:
    """The figure of all parts, and its standard error from leaving out one part at a time (Quenouille, Tukey)."""
    whole = value(gathered)
    count = len(gathered)
    if whole is None or count < 3:
        return Estimate(whole, None)
    without = [value([*gathered[:index], *gathered[index + 1 :]]) for index in range(count)]
    known = [each for each in without if each is not None]
    if len(known) < count:
        return Estimate(whole, None)
    mean = sum(known) / count
    return Estimate(whole, math.sqrt((count - 1) / count * sum((each - mean) ** 2 for each in known)))


def mean_of(name: str, unit: str, values: Values[Record]) -> Statistic[Record]:
    return _of_sums(name, unit, lambda record: _powers(values(record), (1,)), lambda n, x: x / n)


def rms_of(name: str, unit: str, values: Values[Record]) -> Statistic[Record]:
    return _of_sums(name, unit, lambda record: _powers(values(record), (2,)), lambda n, xx: math.sqrt(xx / n))


def kurtosis_of(name: str, values: Values[Record]) -> Statistic[Record]:
    """Around zero: returns have no mean to speak of. 3 for a normal distribution."""
    return _of_sums(
        name,
        "",
        lambda record: _powers(values(record), (2, 4)),
        lambda n, xx, xxxx: xxxx * n / xx**2 if xx else None,
    )


def dispersion_of(name: str, values: Values[Record]) -> Statistic[Record]:
    """Variance over mean: 1 for a Poisson process."""
    return _of_sums(
        name,
        "",
        lambda record: _powers(values(record), (1, 2)),
        lambda n, x, xx: (xx / n - (x / n) ** 2) / (x / n) if x else None,
    )


def ratio_of(name: str, unit: str, pairs: Pairs[Record]) -> Statistic[Record]:
    """Sum of the first over sum of the second."""

    def gather(record: Record) -> Sums:
        found = pairs(record)
        return (float(len(found)), sum(x for x, _ in found), sum(y for _, y in found))

    return _of_sums(name, unit, gather, lambda _, x, y: x / y if y else None)


def correlation_of(name: str, pairs: Pairs[Record]) -> Statistic[Record]:
    def gather(record: Record) -> Sums:
        n = x = y = xx = yy = xy = 0.0
        for a, b in pairs(record):
            n, x, y, xx, yy, xy = n + 1, x + a, y + b, xx + a * a, yy + b * b, xy + a * b
        return n, x, y, xx, yy, xy

    def value(n: float, *sums: float) -> float | None:
        x, y, xx, yy, xy = sums
        spread = (xx - x * x / n) * (yy - y * y / n)
        return (xy - x * y / n) / math.sqrt(spread) if spread > 0 else None

    return _of_sums(name, "", gather, value)


def quantile_of(name: str, unit: str, share: float, values: Values[Record]) -> Statistic[Record]:
    def value(parts: Sequence[Sequence[float]]) -> float | None:
        pooled = sorted(each for part in parts for each in part)
        return pooled[min(len(pooled) - 1, int(share * len(pooled)))] if pooled else None

    return Statistic(name, unit, values, value)


def _powers(values: Sequence[float], powers: tuple[int, ...]) -> Sums:
    return (float(len(values)), *(sum(each**power for each in values) for power in powers))


def _of_sums(
    name: str, unit: str, gather: Callable[[Record], Sums], value: Callable[..., float | None]
) -> Statistic[Record]:
    def pooled(parts: Sequence[Sequence[float]]) -> float | None:
        sums = [sum(column) for column in zip(*parts, strict=True)]
        return value(*sums) if sums and sums[0] else None

    return Statistic(name, unit, gather, pooled)
