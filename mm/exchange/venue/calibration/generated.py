"""A generated market on record: the flow alone, without any account unless one is given something to do."""

import random
from collections.abc import Callable
from decimal import Decimal

from mm.exchange.venue.calibration.record import GRID_MS, Depth, MarketRecord, Top, depth_of, joined
from mm.exchange.venue.coarse_flow import STEP_MS, CoarseFlow
from mm.exchange.venue.flow import Flow
from mm.exchange.venue.matching import SymbolMarket
from mm.exchange.venue.scenario import Scenario
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.venue import Venue

_START_MS = 1_700_000_000_000
_LEVELS = 200
_PER_SECOND = 1000 // GRID_MS
EachSecond = Callable[[Venue, int], None]
"""Told the venue and how many seconds are over, once a second; may trade with an account of its own."""


def nothing(_venue: Venue, _second: int) -> None:
    """The market is left alone."""


def generate(
    scenario: Scenario,
    rules: SymbolRules,
    start_price: Decimal,
    seed: int,
    seconds: int,
    *,
    coarse: bool = False,
    each_second: EachSecond = nothing,
) -> MarketRecord:
    """`seconds` of it. Every order is stamped with its own millisecond, which a live venue rounds up to 25.

    `coarse`: of the market of virtual time (`coarse_flow`), whose orders are stamped with the end of their step.
    Raises ValueError when a side of the book is empty.
    """
    now = _START_MS
    venue = Venue({rules.symbol: rules}, lambda: now)
    market = venue.market(rules.symbol)
    rng = random.Random(seed)  # noqa: S311 - a market's noise
    flow: Flow | CoarseFlow
    flow = (CoarseFlow if coarse else Flow)(venue, rules.symbol, scenario, rng, start_price)
    tick, unit = float(rules.tick_size), rules.quote_step * 1e-8
    prints: list[tuple[float, float, float, bool]] = []
    tops: list[Top] = []
    depths: list[Depth] = []
    seen = 0
    flow.advance(now)
    for step in range(seconds * _PER_SECOND):
        grid_ms = _START_MS + step * GRID_MS
        while (due := _next_ms(flow, now)) is not None and due <= grid_ms:
            now = max(now, due)
            flow.advance(now)
        bid, ask = market.book.best(buy=True), market.book.best(buy=False)
        if bid is None or ask is None:
            raise ValueError(f"scenario {scenario.name}: a side of the book is empty after {step * GRID_MS} ms")
        tops.append(Top(bid * tick, ask * tick))
        if step % _PER_SECOND == 0:
            depths.append(_depth(market, unit, tick) or depths[-1])
            new = [each for each in market.tape.prints if each.trade_id > seen]
            for each in new:
                prints.append((each.time_ms, each.ticks * tick, each.ticks * each.lots * unit, not each.buyer_is_maker))
                seen = each.trade_id
            each_second(venue, step // _PER_SECOND)
    return MarketRecord(_START_MS, tops, joined(prints), depths)


def _next_ms(flow: Flow | CoarseFlow, now: int) -> int | None:
    if isinstance(flow, Flow):
        return flow.next_ms
    return now - (now - _START_MS) % STEP_MS + STEP_MS


def _depth(market: SymbolMarket, unit: float, tick: float) -> Depth | None:
    bids, asks = (
        [(ticks * tick, ticks * lots * unit) for ticks, lots in market.book.levels(_LEVELS, buy=buy)]
        for buy in (True, False)
    )
    return depth_of(bids, asks)
