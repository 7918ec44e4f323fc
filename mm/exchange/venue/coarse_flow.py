"""A generated market for virtual time: the fair price of `flow`, about four book changes and six trades a second.

The makers are a touch with a shape (`coarse_book`), not orders, and an aggressor is one trade. What decides about a
resting quote is the same as in `flow`: noise trades at the touch and a little beyond it, sweeps reach further, and a
quote that the fair price has passed is taken just then, at its own price.
"""

import math
import random
from decimal import Decimal

from mm.exchange.venue.coarse_book import CoarseBook, Shape
from mm.exchange.venue.fair_price import FairPrice
from mm.exchange.venue.scenarios import Scenario
from mm.exchange.venue.venue import Venue

STEP_MS = 250
COARSENESS = (
    "coarse market: 4 book changes and about 6 trades a second, sizes without orders behind them; "
    "price moves, clustering and tails as in the scenario from 1 s on, nothing below that is real"
)
_MOST_STEPS = 240
"""After a longer pause than this many steps the market has stood still meanwhile."""
_SAME_SIDE = 0.75
_NOISE_REACH = 0.0002
_SHAPES = 256
_LEVELS = 24
_WIDEST = 0.0035
"""How far from the touch the farthest level stands, as a fraction of the price."""
_SWEEP_NOTIONAL = 30_000.0
"""What a sweep prints, in quote; accounts in its way are filled whatever it is."""


class CoarseFlow:
    """Drives one symbol, whose book it replaces. The same seed and the same `advance` calls give the same market."""

    def __init__(self, venue: Venue, symbol: str, scenario: Scenario, rng: random.Random, start_price: Decimal) -> None:
        self._venue = venue
        self._scenario = scenario
        self._rng = rng
        self._market = venue.market(symbol)
        price = venue.last_price(symbol) or start_price
        self._fair = FairPrice(scenario, rng, float(price / self._market.rules.tick_size))
        self.book = CoarseBook(self._market.book.log)
        venue.serve(symbol, self.book)
        self._shapes = [self._shape() for _ in range(_SHAPES)]
        self._trades_a_step = scenario.bursts_per_minute * scenario.burst_orders * STEP_MS / 60_000
        self._new_burst = 1.0 / max(1.0, scenario.burst_orders)
        self._sweep_chance = scenario.sweeps_per_minute * STEP_MS / 60_000
        self._at_ms: int | None = None
        self._buy = rng.random() < 0.5

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
        self._venue.commit()

    def _step(self) -> None:
        rng = self._rng
        expected = self._trades_a_step
        count = int(expected)
        # A whole number with the right mean and about Poisson's spread.
        count = int(rng.expovariate(1.0 / expected) + 0.5) if expected > 0 else count
        for _ in range(min(count, 12)):
            self._noise()
        if rng.random() < self._sweep_chance:
            self._sweep()
        self._fair.step(STEP_MS / 1000)
        self._requote()

    def _requote(self) -> None:
        """The touch follows the fair price; quotes that it has passed are taken at their own price."""
        rng, book = self._rng, self.book
        bid = math.floor(self._fair.ticks)
        ask = bid + 1
        if book.has_own(buy=True):
            self._fill_crossed(ask, buy=True)
        if book.has_own(buy=False):
            self._fill_crossed(bid, buy=False)
        shapes = self._shapes
        book.set_market(bid, ask, shapes[int(rng.random() * _SHAPES)], shapes[int(rng.random() * _SHAPES)])

    def _fill_crossed(self, ticks: int, *, buy: bool) -> None:
        for order in self.book.crossed(ticks, buy=buy):
            self._venue.matching.fill_resting(order, order.remaining, self._market)

    def _noise(self) -> None:
        rng = self._rng
        if rng.random() < self._new_burst and rng.random() >= _SAME_SIDE:
            self._buy = not self._buy
        notional = 60.0 * math.exp(rng.gauss(0.0, 1.9))
        self._trade(notional, _NOISE_REACH, buy=self._buy)

    def _sweep(self) -> None:
        rng, scenario = self._rng, self._scenario
        reach = rng.uniform(*scenario.sweep_reach)
        buy = rng.random() < 0.5
        self._trade(_SWEEP_NOTIONAL, reach, buy=buy, everything=True)
        self._fair.push(reach * scenario.sweep_lasting * (1 if buy else -1))

    def _trade(self, notional: float, reach: float, *, buy: bool, everything: bool = False) -> None:
        """One print of an aggressor of side `buy`, as deep as its size goes, down to `reach` at most."""
        market, book = self._market, self.book
        resting = not buy
        touch = book.touch[resting]
        lots = max(1, int(notional * 1e8 / (touch * market.rules.quote_step)))
        limit = touch + (int(touch * reach) if buy else -int(touch * reach))
        last = limit if everything else self._depth_of(lots, limit, resting=resting)
        if book.has_own(buy=resting):
            for order, size in book.hit(last, lots * 1000 if everything else lots, buy=resting):
                self._venue.matching.fill_resting(order, size, market)
        self._venue.matching.print_recorded(market, last, lots, buyer_is_maker=resting)

    def _depth_of(self, lots: int, limit: int, *, resting: bool) -> int:
        """The last price an aggressor of `lots` pays."""
        left = lots
        last = self.book.touch[resting]
        for ticks, size in self.book.levels(_LEVELS, buy=resting):
            if (ticks < limit) if resting else (ticks > limit):
                break
            last = ticks
            left -= size
            if left <= 0:
                break
        return last

    def _shape(self) -> Shape:
        """Sizes are log-normal: at the touch a median of 2.5 base units at a price of 3000, elsewhere of 1."""
        rng, rules = self._rng, self._market.rules
        touch = self._fair.ticks
        widest = touch * _WIDEST
        levels = {0: self._lots(2.5, touch, rules.quote_step)}
        while len(levels) < _LEVELS:
            away = int(widest * rng.random() ** 3.0)
            levels[away] = levels.get(away, 0) + self._lots(1.0, touch, rules.quote_step)
        return tuple(sorted(levels.items()))

    def _lots(self, median: float, ticks: float, quote_step: int) -> int:
        notional = median * 3000.0 * math.exp(self._rng.gauss(0.0, 1.2))
        return max(1, int(notional * 1e8 / (ticks * quote_step)))
