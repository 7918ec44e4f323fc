"""How the mid moves: volatility by horizon, stillness, tails, clustering, and the spread around it. Returns in bps."""

import math
from collections.abc import Callable

from mm.exchange.venue.calibration.record import GRID_MS, MarketRecord
from mm.exchange.venue.calibration.statistic import (
    Statistic,
    correlation_of,
    kurtosis_of,
    mean_of,
    quantile_of,
    rms_of,
)

_PER_SECOND = 1000 // GRID_MS


def returns(seconds: float, *, overlapping: bool = True) -> Callable[[MarketRecord], list[float]]:
    """Log returns of the mid over `seconds`, begun every 100 ms or one after another."""
    steps = round(seconds * _PER_SECOND)

    def of(record: MarketRecord) -> list[float]:
        tops = record.tops
        stride = 1 if overlapping else steps
        logs = [math.log(top.mid) * 1e4 for top in tops[::stride]]
        lag = steps if overlapping else 1
        return [later - sooner for sooner, later in zip(logs, logs[lag:], strict=False)]

    return of


def _lagged(seconds: float, lag: int, *, absolute: bool) -> Callable[[MarketRecord], list[tuple[float, float]]]:
    moves = returns(seconds, overlapping=False)

    def of(record: MarketRecord) -> list[tuple[float, float]]:
        found = [abs(each) for each in moves(record)] if absolute else moves(record)
        return list(zip(found, found[lag:], strict=False))

    return of


def _per_root_second(seconds: float) -> Statistic[MarketRecord]:
    moves = returns(seconds)
    root = math.sqrt(seconds)
    return rms_of(f"volatility over {seconds:g} s", "bps/√s", lambda record: [each / root for each in moves(record)])


def _still(seconds: float) -> Statistic[MarketRecord]:
    moves = returns(seconds)
    return mean_of(
        f"mids unchanged after {seconds:g} s", "", lambda record: [float(abs(each) < 1e-9) for each in moves(record)]
    )


def _jumps(record: MarketRecord) -> list[float]:
    return [abs(each) for each in returns(0.1)(record) if abs(each) > 1e-9]


def _spreads(record: MarketRecord) -> list[float]:
    return [(top.ask - top.bid) / top.mid * 1e4 for top in record.tops]


PRICE_STATISTICS: tuple[Statistic[MarketRecord], ...] = (
    *(_per_root_second(seconds) for seconds in (0.1, 1.0, 10.0, 60.0)),
    *(_still(seconds) for seconds in (0.1, 1.0, 3.0)),
    quantile_of("moves in 0.1 s, median", "bps", 0.5, _jumps),
    quantile_of("moves in 0.1 s, 99 %", "bps", 0.99, _jumps),
    kurtosis_of("kurtosis over 0.1 s", returns(0.1)),
    kurtosis_of("kurtosis over 1 s", returns(1.0)),
    kurtosis_of("kurtosis over 10 s", returns(10.0)),
    correlation_of("autocorrelation of returns, 0.1 s", _lagged(0.1, 1, absolute=False)),
    correlation_of("autocorrelation of returns, 1 s", _lagged(1.0, 1, absolute=False)),
    correlation_of("autocorrelation of |returns|, 1 s", _lagged(1.0, 1, absolute=True)),
    correlation_of("autocorrelation of |returns|, 1 s, 5 later", _lagged(1.0, 5, absolute=True)),
    mean_of("spread, mean", "bps", _spreads),
    quantile_of("spread, 99 %", "bps", 0.99, _spreads),
    quantile_of("spread, 99.9 %", "bps", 0.999, _spreads),
)
"""`mids unchanged` is how much of the time nothing happens; the rest is what the fair price's jumps are."""
