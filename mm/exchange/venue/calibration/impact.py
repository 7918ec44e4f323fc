"""What trades do to the price, and what resting quotes are worth once filled. In bps of the price."""

import math
from collections.abc import Callable
from typing import NamedTuple

from mm.exchange.venue.calibration.record import GRID_MS, MarketRecord
from mm.exchange.venue.calibration.statistic import Statistic, mean_of, ratio_of
from mm.exchange.venue.calibration.trading import notionals

_PER_SECOND = 1000 // GRID_MS
_BEFORE_MS = 10.0
"""The mid before a trade is that of the last grid point this long before: tickers can overtake trades on the wire."""
_QUOTE_SECONDS = 10
"""How long a quote rests before it is renewed."""
_TOUCH = 0.0


def response(seconds: float, *, large: bool = False) -> Callable[[MarketRecord], list[float]]:
    """Signed move of the mid from before an order to `seconds` after it (Bouchaud et al. 2004); `large`: of the
    largest tenth of the orders."""
    ahead = round(seconds * _PER_SECOND)

    def of(record: MarketRecord) -> list[float]:
        least = 0.0
        if large and record.taken:
            least = sorted(notionals(record))[int(0.9 * len(record.taken))]
        moves = []
        for order in record.taken:
            before, after = record.index(order.time_ms - _BEFORE_MS), record.index(order.time_ms) + 1 + ahead - 1
            if before < 0 or after >= len(record.tops) or order.notional < least:
                continue
            move = math.log(record.tops[after].mid / record.tops[before].mid) * 1e4
            moves.append(move if order.buy else -move)
        return moves

    return of


class Fill(NamedTuple):
    """A quote of one side at `price`, filled by grid point `at`."""

    buy: bool
    price: float
    at: int


def fills(record: MarketRecord, away_bps: float) -> tuple[int, list[Fill]]:
    """Quotes placed, and fills, of a maker who quotes both sides every second and lets each rest 10 s.

    Pessimistic: a quote fills only when somebody trades through its price or the other side's best reaches it.
    """
    tops, count = record.tops, len(record.tops)
    low, high = [math.inf] * count, [0.0] * count
    for order in record.taken:
        at = record.index(order.time_ms)
        if 0 <= at < count:
            low[at], high[at] = min(low[at], order.low), max(high[at], order.high)
    rests = _QUOTE_SECONDS * _PER_SECOND
    placed = 0
    found: list[Fill] = []
    for start in range(0, count - rests, _PER_SECOND):
        top = tops[start]
        for buy in (True, False):
            placed += 1
            if away_bps == _TOUCH:
                price = top.bid if buy else top.ask
            else:
                price = top.mid * (1 - away_bps / 1e4 if buy else 1 + away_bps / 1e4)
            edge = price * 1e-9
            for at in range(start + 1, start + rests):
                if (
                    (low[at] < price - edge or tops[at].ask <= price + edge)
                    if buy
                    else (high[at] > price + edge or tops[at].bid >= price - edge)
                ):
                    found.append(Fill(buy, price, at))
                    break
    return placed, found


def markout(away_bps: float, seconds: float) -> Callable[[MarketRecord], list[float]]:
    """What a filled quote is worth `seconds` later, against the mid then, without fees; negative: it lost."""
    ahead = round(seconds * _PER_SECOND)

    def of(record: MarketRecord) -> list[float]:
        worth = []
        for fill in fills(record, away_bps)[1]:
            at = fill.at + 1 + ahead
            if at < len(record.tops):
                gain = (record.tops[at].mid / fill.price - 1) * 1e4
                worth.append(gain if fill.buy else -gain)
        return worth

    return of


def _filled(away_bps: float) -> Callable[[MarketRecord], list[tuple[float, float]]]:
    def of(record: MarketRecord) -> list[tuple[float, float]]:
        placed, found = fills(record, away_bps)
        return [(float(len(found)), float(placed))]

    return of


def _where(away_bps: float) -> str:
    return "at the touch" if away_bps == _TOUCH else f"{away_bps:g} bps from mid"


AWAY_BPS = (_TOUCH, 5.0, 10.0, 20.0)

IMPACT_STATISTICS: tuple[Statistic[MarketRecord], ...] = (
    *(mean_of(f"response after {seconds:g} s", "bps", response(seconds)) for seconds in (0.1, 1.0, 10.0)),
    mean_of("response after 1 s, largest tenth", "bps", response(1.0, large=True)),
)

MARKOUT_STATISTICS: tuple[Statistic[MarketRecord], ...] = tuple(
    statistic
    for away in AWAY_BPS
    for statistic in (
        ratio_of(f"quotes {_where(away)} filled in 10 s", "", _filled(away)),
        *(mean_of(f"markout {_where(away)}, {s:g} s", "bps", markout(away, s)) for s in (0.0, 1.0, 10.0, 60.0)),
    )
)
