"""Stylised facts over hours: one-minute bars, recorded ones or the fair price's own. Returns in bps."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from mm.exchange.venue.bars import MINUTE_MS, Bar
from mm.exchange.venue.calibration.statistic import (
    Statistic,
    correlation_of,
    kurtosis_of,
    mean_of,
    quantile_of,
    rms_of,
)
from mm.exchange.venue.fair_price import FairPrice
from mm.exchange.venue.scenario import Scenario

Returns = Sequence[float]
"""Of minutes that follow one another without a hole."""
_MONTH = 30 * 1440
_LEAST = 2 * 1440
_MINUTES_A_YEAR = 525_600
_STEP_SECONDS = 5.0


def runs(bars: Iterable[Bar], keep: Callable[[int], bool]) -> list[Returns]:
    """Returns of closes in runs of two days to a month, of the years (UTC) that `keep` says."""
    found: list[list[float]] = [[]]
    last: Bar | None = None
    for bar in bars:
        if not keep(_year(bar.open_ms)):
            last = None
            continue
        follows = last is not None and bar.open_ms == last.open_ms + MINUTE_MS
        if not follows or len(found[-1]) >= _MONTH:
            found.append([])
        if last is not None and follows:
            found[-1].append(math.log(bar.close / last.close) * 1e4)
        last = bar
    return [run for run in found if len(run) >= _LEAST]


def generated_runs(scenario: Scenario, seeds: Iterable[int], days: int) -> list[Returns]:
    """Of the fair price alone, in steps of 5 s."""
    found: list[Returns] = []
    for seed in seeds:
        fair = FairPrice(scenario, random.Random(seed), 300_000.0)  # noqa: S311 - a market's noise
        run: list[float] = []
        before = fair.ticks
        for _ in range(days * 1440):
            for _ in range(round(60 / _STEP_SECONDS)):
                fair.step(_STEP_SECONDS)
            after = fair.ticks
            run.append(math.log(after / before) * 1e4)
            before = after
        found.append(run)
    return found


def _over(minutes: int) -> Callable[[Returns], list[float]]:
    return lambda run: [sum(run[at : at + minutes]) for at in range(0, len(run) - minutes + 1, minutes)]


def _a_year(minutes: int) -> Callable[[Returns], list[float]]:
    moves = _over(minutes)
    scale = math.sqrt(_MINUTES_A_YEAR / minutes) / 1e4
    return lambda run: [each * scale for each in moves(run)]


def activity(run: Returns) -> list[float]:
    """Log of the mean |return| of every five minutes: log volatility, seen through noise."""
    return [math.log(sum(map(abs, run[at : at + 5])) / 5 + 0.1) for at in range(0, len(run) - 4, 5)]


def _sizes(run: Returns) -> list[float]:
    return [abs(each) for each in run]


def _activity_lagged(minutes: int) -> Callable[[Returns], list[tuple[float, float]]]:
    def of(run: Returns) -> list[tuple[float, float]]:
        found = activity(run)
        return list(zip(found, found[minutes // 5 :], strict=False))

    return of


MINUTE_STATISTICS: tuple[Statistic[Returns], ...] = (
    *(rms_of(f"volatility, {minutes} min", "a year", _a_year(minutes)) for minutes in (1, 10, 60)),
    *(kurtosis_of(f"kurtosis over {minutes} min", _over(minutes)) for minutes in (1, 10, 60)),
    mean_of("|return| over 1 min, mean", "bps", _sizes),
    *(quantile_of(f"|return| over 1 min, {share:.4g} %", "bps", share / 100, _sizes) for share in (50.0, 99.0, 99.9)),
    *(
        correlation_of(f"autocorrelation of log activity, {minutes} min", _activity_lagged(minutes))
        for minutes in (5, 60, 240, 1440)
    ),
)


def heat_of(stretches: Sequence[Returns], lasting: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """(standard deviation, seconds) of log volatility's parts for the given durations.

    |return| is volatility times noise, so the autocovariance of its log is that of log volatility: a sum of
    variances × exp(−lag / seconds), fitted with least squares and none below zero.
    """
    lags = [round(12 * 1.25**power) for power in range(25)]  # one hour to about eleven days
    found = [activity(run) for run in stretches]
    mean = sum(map(sum, found)) / sum(map(len, found))
    covariances = []
    for lag in lags:
        total = count = 0.0
        for run in found:
            for sooner, later in zip(run, run[lag:], strict=False):
                total += (sooner - mean) * (later - mean)
                count += 1
        covariances.append(total / count if count else 0.0)
    basis = [[math.exp(-lag * 300.0 / seconds) for seconds in lasting] for lag in lags]
    variances = _not_negative(basis, covariances)
    return tuple((math.sqrt(variance), seconds) for variance, seconds in zip(variances, lasting, strict=True))


def _not_negative(basis: list[list[float]], wanted: list[float], rounds: int = 5000) -> list[float]:
    """Least squares by coordinates, each held at zero or above."""
    columns = list(zip(*basis, strict=True))
    found = [0.0] * len(columns)
    left = list(wanted)
    for _ in range(rounds):
        for index, column in enumerate(columns):
            square = sum(each * each for each in column)
            step = sum(a * b for a, b in zip(column, left, strict=True)) / square
            new = max(0.0, found[index] + step)
            change = new - found[index]
            found[index] = new
            left = [rest - change * each for rest, each in zip(left, column, strict=True)]
    return found


def _year(open_ms: int) -> int:
    return datetime.fromtimestamp(open_ms / 1000, UTC).year
