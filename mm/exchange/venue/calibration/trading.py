"""Aggressors' orders: sizes (notional in quote), arrivals, sides, and the book they meet."""

from collections.abc import Callable
from itertools import pairwise

from mm.exchange.venue.calibration.record import DEPTH_BPS, MarketRecord
from mm.exchange.venue.calibration.statistic import (
    Statistic,
    correlation_of,
    dispersion_of,
    mean_of,
    quantile_of,
)


def notionals(record: MarketRecord) -> list[float]:
    return [order.notional for order in record.taken]


def _gaps(record: MarketRecord) -> list[float]:
    """Milliseconds between orders."""
    return [later.time_ms - sooner.time_ms for sooner, later in pairwise(record.taken)]


def _counts(record: MarketRecord) -> list[float]:
    """Orders in each second."""
    counts = [0.0] * int(record.seconds)
    for order in record.taken:
        second = int((order.time_ms - record.start_ms) // 1000)
        if second < len(counts):
            counts[second] += 1
    return counts


def _sides(lag: int) -> Callable[[MarketRecord], list[tuple[float, float]]]:
    def of(record: MarketRecord) -> list[tuple[float, float]]:
        signs = [1.0 if order.buy else -1.0 for order in record.taken]
        return list(zip(signs, signs[lag:], strict=False))

    return of


def _counts_lagged(lag: int) -> Callable[[MarketRecord], list[tuple[float, float]]]:
    def of(record: MarketRecord) -> list[tuple[float, float]]:
        counts = _counts(record)
        return list(zip(counts, counts[lag:], strict=False))

    return of


def _counts_and_moves(record: MarketRecord) -> list[tuple[float, float]]:
    mids = [top.mid for top in record.tops[::10]]
    moves = [abs(later - sooner) for sooner, later in pairwise(mids)]
    return list(zip(_counts(record), moves, strict=False))


def _within(index: int) -> Callable[[MarketRecord], list[float]]:
    return lambda record: [depth.within[index] for depth in record.depths]


TRADE_STATISTICS: tuple[Statistic[MarketRecord], ...] = (
    mean_of("orders a second", "", _counts),
    *(quantile_of(f"order size, {share:.0%}", "quote", share, notionals) for share in (0.25, 0.5, 0.75, 0.9, 0.99)),
    mean_of("order size, mean", "quote", notionals),
    quantile_of("time between orders, median", "ms", 0.5, _gaps),
    quantile_of("time between orders, 90 %", "ms", 0.9, _gaps),
    mean_of("orders within 10 ms of the last", "", lambda record: [float(gap < 10) for gap in _gaps(record)]),
    dispersion_of("orders a second, variance / mean", _counts),
    correlation_of("autocorrelation of orders a second", _counts_lagged(1)),
    correlation_of("orders a second against |move|", _counts_and_moves),
    *(correlation_of(f"autocorrelation of sides, {lag} orders later", _sides(lag)) for lag in (1, 5, 20)),
)

DEPTH_STATISTICS: tuple[Statistic[MarketRecord], ...] = (
    quantile_of("touch, median", "quote", 0.5, lambda record: [depth.touch for depth in record.depths]),
    *(mean_of(f"depth within {bps:g} bps, mean", "quote", _within(i)) for i, bps in enumerate(DEPTH_BPS)),
)
