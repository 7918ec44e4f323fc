"""A seeded generated market: anonymous orders through the venue's own matching.

The fair price moves in steps of 100 ms. Makers (`crowd`) follow it; whatever still rests on its wrong side, an
account's quote included, is swept by informed aggressors: a resting quote trades just when it is wrong, which is
what adverse selection is. Noise comes in bursts of one side, the side likely to repeat.
"""

import math
import random
from decimal import Decimal

from mm.exchange.venue.crowd import Crowd
from mm.exchange.venue.fair_price import FairPrice
from mm.exchange.venue.scenarios import Scenario
from mm.exchange.venue.venue import Venue

_STEP_MS = 100
_MOST_STEPS = 600
"""After a longer pause than this the market has stood still meanwhile."""
_SAME_SIDE = 0.75
"""Chance that a burst takes the side of the one before."""
_EVERYTHING = 10**12
_NOISE_REACH = 0.0002
"""How far from the touch noise trades at most, as a fraction of the price."""


class Flow:
    """Drives one symbol. The same seed and the same sequence of `advance` calls give the same market.

    The price goes on from the symbol's last price on record, else from `start_price`.
    """

    def __init__(self, venue: Venue, symbol: str, scenario: Scenario, rng: random.Random, start_price: Decimal) -> None:
        self._venue = venue
        self._scenario = scenario
        self._rng = rng
        self._market = venue.market(symbol)
        price = venue.last_price(symbol) or start_price
        self._fair = FairPrice(scenario, rng, float(price / self._market.rules.tick_size))
        self._crowd = Crowd(venue.matching, self._market, rng)
        self._at_ms: int | None = None
        self._pending: list[bool] = []
        self._side = rng.random() < 0.5

    def advance(self, now_ms: int) -> None:
        """Everything due up to `now_ms` (UTC ms) happens. The first call fills the book."""
        if self._at_ms is None:
            self._at_ms = now_ms
            self._requote()
        steps = (now_ms - self._at_ms) // _STEP_MS
        if steps > _MOST_STEPS:
            self._at_ms += (steps - _MOST_STEPS) * _STEP_MS
            steps = _MOST_STEPS
        for _ in range(steps):
            self._at_ms += _STEP_MS
            self._step()
        self._venue.commit()

    def _step(self) -> None:
        """Aggressors come first: what they leave of the book is what makers repair within the same 100 ms."""
        seconds = _STEP_MS / 1000
        self._burst(seconds)
        self._sweep(seconds)
        self._fair.step(seconds)
        self._requote()

    def _requote(self) -> None:
        """Makers flee, informed aggressors take what stayed behind, makers come back."""
        matching, market = self._venue.matching, self._market
        bid = math.floor(self._fair.ticks)
        ask = bid + 1
        self._crowd.flee(bid, ask)
        best_ask, best_bid = market.book.best(buy=False), market.book.best(buy=True)
        if best_ask is not None and best_ask <= bid:
            matching.take_anonymous(market, _EVERYTHING, bid, buy=True)
        if best_bid is not None and best_bid >= ask:
            matching.take_anonymous(market, _EVERYTHING, ask, buy=False)
        self._crowd.fill_up(bid, ask)

    def _burst(self, seconds: float) -> None:
        rng, scenario = self._rng, self._scenario
        if rng.random() < scenario.bursts_per_minute * seconds / 60:
            if rng.random() >= _SAME_SIDE:
                self._side = not self._side
            orders = 1 + int(rng.expovariate(1.0) * (scenario.burst_orders - 1))
            self._pending.extend([self._side] * orders)
        now = min(len(self._pending), 1 + len(self._pending) // 4)
        for buy in self._pending[:now]:
            self._take(_NOISE_REACH, self._noise_lots(), buy=buy)
        del self._pending[:now]

    def _noise_lots(self) -> int:
        """Log-normal, median 0.02 base units at a price of 3000, some a hundred times that."""
        notional = 60.0 * math.exp(self._rng.gauss(0.0, 1.9))
        return max(1, int(notional * 1e8 / (self._fair.ticks * self._market.rules.quote_step)))

    def _sweep(self, seconds: float) -> None:
        rng, scenario = self._rng, self._scenario
        if rng.random() < scenario.sweeps_per_minute * seconds / 60:
            reach = rng.uniform(*scenario.sweep_reach)
            buy = rng.random() < 0.5
            self._take(reach, _EVERYTHING, buy=buy)
            self._fair.push(reach * scenario.sweep_lasting * (1 if buy else -1))

    def _take(self, reach: float, lots: int, *, buy: bool) -> None:
        fair = self._fair.ticks
        limit = math.floor(fair * (1 + reach)) if buy else math.ceil(fair * (1 - reach))
        self._venue.matching.take_anonymous(self._market, lots, limit, buy=buy)
