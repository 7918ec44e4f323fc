"""A generated market for virtual time: the fair price and the aggressors of `flow` in steps of a quarter of a second.

Makers are a touch with a shape (`coarse_book`), not orders, and the orders of one burst are one trade. What decides
about a resting quote is the same as in `flow`: aggressors take the touch, sweeps reach further, and a quote that the
fair price has passed is taken just then, at its own price.
"""

import math
import random
from dataclasses import replace
from decimal import Decimal

from mm.exchange.venue.aggressors import Aggressors
from mm.exchange.venue.coarse_book import CoarseBook, Shape
from mm.exchange.venue.fair_price import FairPrice
from mm.exchange.venue.scenarios import Scenario
from mm.exchange.venue.symbol_market import TRADING
from mm.exchange.venue.timetable import is_halted
from mm.exchange.venue.venue import Venue

STEP_MS = 250
COARSENESS = (
    "coarse market: 4 book changes a second, at most one trade of each side in each, sizes without orders behind them;"
    " in ordinary, from 1 s on, volatility, clustering, tails and markouts 5 and 10 bps from mid agree with the full"
    " market's within two standard errors, orders at the touch fare worse (75 % filled in 10 s instead of 86 %, worth"
    " 0.4 bps less after 1 s); other scenarios are not measured, nothing below 1 s is real (docs/soak.md)"
)
_MOST_STEPS = 240
"""After a longer pause than this many steps the market has stood still meanwhile."""
_COMMIT_EVERY_MS = 10_000
"""What only the market did is told to nobody; it is written down this often, and whenever an account was filled."""
_HALTED = "BREAK"
_SHAPES = 256
_BEYOND_BPS = 30.0
"""The farthest level that is shown."""
_LEVELS = 20
_SWEEP_NOTIONAL = 100_000.0
"""What a sweep prints, in quote; accounts in its way are filled whatever it is."""


class CoarseFlow:
    """Drives one symbol, whose book it replaces. The same seed and the same `advance` calls give the same market."""

    def __init__(self, venue: Venue, symbol: str, scenario: Scenario, rng: random.Random, start_price: Decimal) -> None:
        self._venue = venue
        self._rng = rng
        self._market = venue.market(symbol)
        if scenario.path_quote not in {"", self._market.rules.quote}:
            scenario = replace(scenario, path=(), halts=())
        self._scenario = scenario
        price = venue.last_price(symbol) or start_price
        ticks = float(price / self._market.rules.tick_size)
        self._fair = FairPrice(scenario, rng, ticks, heat_seconds=1.0)
        self.book = CoarseBook(self._market.book.log)
        venue.serve(symbol, self.book)
        self._aggressors = Aggressors(scenario, rng)
        self._shapes = [self._shape() for _ in range(_SHAPES)]
        self._sweep_chance = scenario.sweeps_per_minute * STEP_MS / 60_000
        self._at_ms: int | None = None
        self._has_filled = False
        self._committed_ms = 0

    def advance(self, now_ms: int) -> None:
        """Everything due up to `now_ms` (UTC ms) happens. The first call fills the book."""
        if self._at_ms is None:
            self._at_ms = now_ms
            self._requote()
        steps = (now_ms - self._at_ms) // STEP_MS
        if steps > _MOST_STEPS:
            self._at_ms += (steps - _MOST_STEPS) * STEP_MS
            steps = _MOST_STEPS
        for _ in range(steps):
            self._at_ms += STEP_MS
            self._step()
        if self._has_filled or now_ms - self._committed_ms >= _COMMIT_EVERY_MS:
            self._has_filled = False
            self._committed_ms = now_ms
            self._venue.commit()

    def _step(self) -> None:
        """Aggressors of this step know where it ends; makers follow them."""
        rng, fair, scenario = self._rng, self._fair, self._scenario
        at_ms = self._at_ms or 0
        fair.step(STEP_MS / 1000)
        if scenario.halts:
            self._open_or_halt()
            if self._market.status != TRADING:
                return
        sides = [0.0, 0.0]
        for strike in self._aggressors.strikes(at_ms, STEP_MS, fair.jumped, fair.usual_jump, fair.heat):
            sides[strike.buy] += strike.notional
        for buy in (False, True):
            if sides[buy]:
                self._strike(sides[buy], buy=buy)
        if self._sweep_chance and rng.random() < self._sweep_chance:
            self._sweep(rng.uniform(*scenario.sweep_reach), buy=rng.random() >= scenario.sell_share)
        self._requote()

    def _open_or_halt(self) -> None:
        """In a halt nobody quotes and nobody trades; the price goes on meanwhile, and quotes meet it afterwards."""
        halted = is_halted(self._scenario, self._fair.seconds)
        if halted != (self._market.status == _HALTED):
            self._venue.set_status(self._market.rules.symbol, _HALTED if halted else TRADING)

    def _requote(self) -> None:
        """The touch follows the fair price; quotes that it has passed are taken at their own price."""
        rng, book, scenario = self._rng, self.book, self._scenario
        bid = math.floor(self._fair.ticks)
        ask = bid + 1
        self._fill_crossed(ask, buy=True)
        self._fill_crossed(bid, buy=False)
        wider = int(bid * scenario.spread_bps / 1e4)
        if self._fair.jumped and rng.random() < scenario.slow_touch:
            wider += math.ceil(bid * scenario.slow_touch_bps / 1e4 * rng.expovariate(1.0))
        below = wider // 2
        shapes = self._shapes
        book.set_market(
            bid - below, ask + wider - below, shapes[int(rng.random() * _SHAPES)], shapes[int(rng.random() * _SHAPES)]
        )

    def _fill_crossed(self, ticks: int, *, buy: bool) -> None:
        for order in self.book.crossed(ticks, buy=buy):
            self._has_filled = True
            self._venue.matching.fill_resting(order, order.remaining, self._market)

    def _strike(self, notional: float, *, buy: bool) -> None:
        """Aggressors of one side take the touch, an account's better quote before it."""
        market, book, resting = self._market, self.book, not buy
        touch = book.touch[resting]
        lots = max(1, int(notional * 1e8 / (touch * market.rules.quote_step)))
        if book.has_own(buy=resting):
            for order, size in book.hit(touch, lots, buy=resting):
                self._has_filled = True
                self._venue.matching.fill_resting(order, size, market)
        self._venue.matching.print_recorded(market, touch, lots, buyer_is_maker=resting)

    def _sweep(self, reach: float, *, buy: bool) -> None:
        """One order clears a side down to `reach`, a fraction of the price."""
        market, book, resting = self._market, self.book, not buy
        touch = book.touch[resting]
        limit = touch + (int(touch * reach) if buy else -int(touch * reach))
        self._fill_crossed(limit, buy=resting)
        lots = max(1, int(_SWEEP_NOTIONAL * 1e8 / (touch * market.rules.quote_step)))
        self._venue.matching.print_recorded(market, limit, lots, buyer_is_maker=resting)
        self._fair.push(reach * self._scenario.sweep_lasting * (1 if buy else -1))

    def _shape(self) -> Shape:
        """The touch, then what the scenario's depth profile has between its bounds, spread over a few levels."""
        rng, scenario, rules = self._rng, self._scenario, self._market.rules
        touch = self._fair.ticks
        unit = 1e8 / (touch * rules.quote_step)
        levels = {0: max(1, int(scenario.touch_notional * math.exp(rng.gauss(-0.5, 1.0)) * unit))}
        before_bps, before = 0.0, 0.0
        for bps, within in scenario.depth:
            if before_bps >= _BEYOND_BPS:
                break
            count = max(1, _LEVELS // len(scenario.depth))
            for _ in range(count):
                away = 1 + int(touch * rng.uniform(before_bps, bps) / 1e4)
                size = (within - before) / count * math.exp(rng.gauss(-0.5, 1.0))
                levels[away] = levels.get(away, 0) + max(1, int(size * unit))
            before_bps, before = bps, within
        return Shape.of(levels.items())
