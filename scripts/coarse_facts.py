"""The coarse market of virtual time beside the full generated one: how the price moves, and what follows a fill.

.venv/bin/python -m scripts.coarse_facts [--seeds 1..24] [--minutes 30] [--scenario ordinary]

Four minutes of one core as it stands.

Both are played without the scenario's heat of hours and days, which is the same code in both and would only blur the
comparison. Each seed is one stretch; errors leave out one stretch at a time.
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from mm.exchange.venue.calibration.facts import STATISTICS, Row
from mm.exchange.venue.calibration.fit import as_hot
from mm.exchange.venue.calibration.generated import generate
from mm.exchange.venue.calibration.impact import Fill
from mm.exchange.venue.calibration.prices import returns
from mm.exchange.venue.calibration.record import MarketRecord
from mm.exchange.venue.calibration.statistic import Statistic, correlation_of, mean_of, ratio_of
from mm.exchange.venue.scenarios import SCENARIOS, Scenario
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder

SYMBOL = "ETHUSDC"
PRICE = Decimal(3000)
AWAY_BPS = (0, 5, 10)
_AFTER = (1, 10, 60)
_RENEWED_SECONDS = 10
_SIZE = Decimal("0.0040")
_PLENTY = {"USDC": Decimal(10_000_000), "ETH": Decimal(10_000)}
_COARSE_SEEDS = 1000
"""Added to a seed for the coarse market: neither market is to have the other's luck."""
_COMPARED = (
    "volatility over 1 s",
    "volatility over 10 s",
    "volatility over 60 s",
    "kurtosis over 1 s",
    "kurtosis over 10 s",
    "autocorrelation of returns, 1 s",
    "autocorrelation of |returns|, 1 s",
    "autocorrelation of |returns|, 1 s, 5 later",
    *(
        name
        for where in ("at the touch", "5 bps from mid", "10 bps from mid")
        for name in (f"quotes {where} filled in 10 s", *(f"markout {where}, {after} s" for after in _AFTER))
    ),
)


class Maker:
    """An account that quotes both sides at the touch, 5 and 10 bps from mid, small, and renews them every 10 s.

    Its orders rest in the market's own book: they wait in its queues and are matched by its own rules.
    """

    def __init__(self) -> None:
        self._venue: Venue | None = None
        self._uid = 0
        self._orders: dict[int, tuple[int, Decimal]] = {}

    def __call__(self, venue: Venue, second: int) -> None:
        if self._venue is None:
            self._venue = venue
            self._uid = venue.open_account(_PLENTY, Decimal(0), Decimal(0), "maker").uid
        if second % _RENEWED_SECONDS:
            return
        for order in venue.open_orders(self._uid):
            venue.cancel(self._uid, SYMBOL, order_id=order.order_id)
        top = venue.book_ticker(SYMBOL)
        for away in AWAY_BPS:
            for side, touch, sign in (("BUY", top.bid, -1), ("SELL", top.ask, 1)):
                mid = (top.bid + top.ask) / 2
                price = touch if not away else (mid * (1 + sign * Decimal(away) / 10_000)).quantize(Decimal("0.01"))
                quote = NewOrder(symbol=SYMBOL, side=side, type="LIMIT_MAKER", price=price, quantity=_SIZE)
                self._orders[venue.place(self._uid, quote).order_id] = away, price

    def fills(self, record: MarketRecord) -> tuple[dict[int, int], dict[int, list[Fill]]]:
        """By distance: quotes placed, and those that were filled, each at its first fill."""
        placed = dict.fromkeys(AWAY_BPS, 0)
        found: dict[int, list[Fill]] = {away: [] for away in AWAY_BPS}
        for away, _ in self._orders.values():
            placed[away] += 1
        seen: set[int] = set()
        for trade in self._venue.account_trades(self._uid) if self._venue is not None else ():
            if trade.order_id not in seen:
                seen.add(trade.order_id)
                away, price = self._orders[trade.order_id]
                found[away].append(Fill(trade.is_buyer, float(price), record.index(trade.time_ms)))
        return placed, found


@dataclass(frozen=True, slots=True)
class Played:
    """A market on record with what became of a maker's quotes in it, by their distance from the mid in bps."""

    record: MarketRecord
    placed: dict[int, int]
    fills: dict[int, list[Fill]]


def play(scenario: Scenario, seed: int, seconds: int, *, coarse: bool) -> Played:
    maker = Maker()
    rules = default_symbols()[SYMBOL]
    record = generate(scenario, rules, PRICE, seed, seconds, coarse=coarse, each_second=maker)
    return Played(record, *maker.fills(record))


def _of_record(statistic: Statistic[MarketRecord]) -> Statistic[Played]:
    gather = statistic.gather
    return Statistic(statistic.name, statistic.unit, lambda played: gather(played.record), statistic.value)


def _sizes_lagged(record: MarketRecord) -> list[tuple[float, float]]:
    sizes = [abs(each) for each in returns(10.0, overlapping=False)(record)]
    return list(pairwise(sizes))


def _worth(away: int, after: int) -> Callable[[Played], list[float]]:
    """As `calibration.impact.markout`, of the account's own fills."""

    def of(played: Played) -> list[float]:
        tops = played.record.tops
        worth = []
        for fill in played.fills[away]:
            at = fill.at + 1 + after * 10
            if at < len(tops):
                gain = (tops[at].mid / fill.price - 1) * 1e4
                worth.append(gain if fill.buy else -gain)
        return worth

    return of


def _filled(away: int) -> Callable[[Played], list[tuple[float, float]]]:
    return lambda played: [(float(len(played.fills[away])), float(played.placed[away]))]


def _resting(away: int) -> list[Statistic[Played]]:
    where = f"{away} bps from mid" if away else "at the touch"
    return [
        ratio_of(f"orders {where} filled in 10 s", "", _filled(away)),
        *(mean_of(f"markout of orders {where}, {after} s", "bps", _worth(away, after)) for after in _AFTER),
    ]


FACTS: tuple[Statistic[Played], ...] = (
    *(_of_record(each) for each in STATISTICS if each.name in _COMPARED),
    _of_record(correlation_of("autocorrelation of |returns|, 10 s", _sizes_lagged)),
    *(statistic for away in AWAY_BPS for statistic in _resting(away)),
)
"""`quotes`: the calibration's virtual ones, pessimistic; `orders`: an account's, in the market's own queues."""


def compare(scenario: Scenario, seeds: Sequence[int], seconds: int) -> list[Row]:
    """`recorded` is the full market, `generated` the coarse one."""
    still = as_hot(scenario, scenario.annual_volatility)
    full = [play(still, seed, seconds, coarse=False) for seed in seeds]
    coarse = [play(still, _COARSE_SEEDS + seed, seconds, coarse=True) for seed in seeds]
    return [Row(each.name, each.unit, each.of(full), each.of(coarse)) for each in FACTS]


def table(found: Sequence[Row]) -> str:
    lines = [
        "| statistic | unit | full | coarse | coarse - full | in errors |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in found:
        (full, full_error), (coarse, coarse_error) = row.recorded, row.generated
        if full is None or coarse is None or full_error is None or coarse_error is None or row.distance is None:
            lines.append(f"| {row.name} | {row.unit} | too few | too few | | |")
            continue
        error = math.hypot(full_error, coarse_error)
        lines.append(
            f"| {row.name.replace('|', '&#124;')} | {row.unit} | {full:.3g} ± {full_error:.2g} | "
            f"{coarse:.3g} ± {coarse_error:.2g} | {coarse - full:+.2g} ± {error:.2g} | {row.distance:+.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1..24", help="first..last, three at least for an error")
    parser.add_argument("--minutes", type=int, default=30, help="virtual minutes a seed and market")
    parser.add_argument("--scenario", default="ordinary", choices=sorted(SCENARIOS))
    given = parser.parse_args()
    first, last = (int(each) for each in given.seeds.split(".."))
    sys.stdout.write(table(compare(SCENARIOS[given.scenario], range(first, last + 1), given.minutes * 60)) + "\n")


if __name__ == "__main__":
    main()
