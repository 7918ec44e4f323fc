"""A seeded generated market: anonymous orders through the venue's own matching.

The fair price moves in steps of 100 ms. Aggressors who know the next step take the touch before makers (`crowd`)
follow; then makers flee, and whatever still rests on the wrong side of the new price, an account's quote included, is
swept: a resting quote trades just when it is wrong, which is what adverse selection is. Noise comes in bursts of one
side, the side likely to repeat, and takes the touch only.
"""

import heapq
import math
import random
from dataclasses import replace
from decimal import Decimal

from mm.exchange.venue.aggressors import Aggressors, Strike
from mm.exchange.venue.crowd import Crowd
from mm.exchange.venue.fair_price import FairPrice
from mm.exchange.venue.scenario import Scenario
from mm.exchange.venue.symbol_market import TRADING
from mm.exchange.venue.timetable import is_halted
from mm.exchange.venue.venue import Venue

STEP_MS = 100
_LIVED_MS = 60_000
"""After a longer pause than this the market goes over it in one jump."""
_JUMP_SECONDS = 1.0
_MOST_JUMP_STEPS = 20_000
_EVERYTHING = 10**12
_HALTED = "BREAK"


class Flow:
    """Drives one symbol. The same seed and the same sequence of `advance` calls give the same market.

    The price goes on from the symbol's last price on record, else from `start_price`.
    """

    def __init__(self, venue: Venue, symbol: str, scenario: Scenario, rng: random.Random, start_price: Decimal) -> None:
        self._venue = venue
        self._rng = rng
        self._market = venue.market(symbol)
        if scenario.path_quote not in {"", self._market.rules.quote}:
            scenario = replace(scenario, path=(), halts=())
        self._scenario = scenario
        price = venue.last_price(symbol) or start_price
        self._fair = FairPrice(scenario, rng, float(price / self._market.rules.tick_size))
        self._crowd = Crowd(venue.matching, self._market, scenario, rng)
        self._aggressors = Aggressors(scenario, rng)
        self._strikes: list[Strike] = []
        self._at_ms: int | None = None

    @property
    def next_ms(self) -> int | None:
        """When the next thing happens; None before the first `advance`."""
        if self._at_ms is None:
            return None
        step = self._at_ms + STEP_MS
        return min(step, math.ceil(self._strikes[0].at_ms)) if self._strikes else step

    def advance(self, now_ms: int) -> None:
        """Everything due up to `now_ms` (UTC ms) happens. The first call fills the book.

        After a pause of more than a minute the price has moved on by as much as in that time: quotes that it passed
        on its way are filled, the trades of others in between are left out.
        """
        if self._at_ms is None:
            self._at_ms = now_ms
            self._open_or_halt()
            self._requote()
            self._plan_step()
        if now_ms - self._at_ms > _LIVED_MS:
            self._jump(now_ms)
        while self._at_ms + STEP_MS <= now_ms:
            self._strike(self._at_ms + STEP_MS)
            self._sweep()
            self._at_ms += STEP_MS
            self._open_or_halt()
            self._requote()
            self._plan_step()
        self._strike(now_ms)
        self._venue.commit()

    def _plan_step(self) -> None:
        """The fair price at the end of the coming step is settled, and who runs ahead of it."""
        assert self._at_ms is not None  # noqa: S101 - set by the first advance; narrows the type
        fair = self._fair
        fair.step(STEP_MS / 1000)
        for strike in self._aggressors.strikes(self._at_ms, STEP_MS, fair.jumped, fair.usual_jump, fair.heat):
            heapq.heappush(self._strikes, strike)

    def _jump(self, now_ms: int) -> None:
        """Over a long pause: the way of the price in coarse steps, its lowest and highest point swept."""
        assert self._at_ms is not None  # noqa: S101 - set by the first advance; narrows the type
        seconds = (now_ms - self._at_ms) / 1000
        steps = min(_MOST_JUMP_STEPS, math.ceil(seconds / _JUMP_SECONDS))
        low = high = self._fair.ticks
        for _ in range(steps):
            self._fair.step(seconds / steps)
            low, high = min(low, self._fair.ticks), max(high, self._fair.ticks)
        self._strikes.clear()
        self._at_ms = now_ms
        self._open_or_halt()
        for ticks in (low, high) if self._market.status == TRADING else ():
            self._follow(math.floor(ticks))
        self._requote()
        self._plan_step()

    def _open_or_halt(self) -> None:
        """The symbol's status follows the scenario's halts; another status is whoever set it to change back."""
        symbol, key = self._market.rules.symbol, f"halted:{self._market.rules.symbol}"
        halted = is_halted(self._scenario, self._fair.seconds)
        if halted and self._market.status == TRADING:
            self._venue.remember(key, "yes")
            self._venue.set_status(symbol, _HALTED)
        elif not halted and self._market.status == _HALTED and self._venue.recall(key) == "yes":
            self._venue.remember(key, "")
            self._venue.set_status(symbol, TRADING)

    def _requote(self) -> None:
        """Makers flee, informed aggressors take what stayed behind, makers come back. Nobody does in a halt."""
        if self._market.status != TRADING:
            return
        scenario, rng = self._scenario, self._rng
        bid = math.floor(self._fair.ticks)
        self._follow(bid)
        wider = int(bid * scenario.spread_bps / 1e4)
        if self._fair.jumped and rng.random() < scenario.slow_touch:
            wider += math.ceil(bid * scenario.slow_touch_bps / 1e4 * rng.expovariate(1.0))
        below = wider // 2
        self._crowd.fill_up(bid - below, bid + 1 + wider - below)

    def _follow(self, bid: int) -> None:
        """The book gives way to a fair price between `bid` and the next tick."""
        matching, market = self._venue.matching, self._market
        ask = bid + 1
        self._crowd.flee(bid, ask)
        best_ask, best_bid = market.book.best(buy=False), market.book.best(buy=True)
        if best_ask is not None and best_ask <= bid:
            matching.take_anonymous(market, _EVERYTHING, bid, buy=True)
        if best_bid is not None and best_bid >= ask:
            matching.take_anonymous(market, _EVERYTHING, ask, buy=False)

    def _strike(self, now_ms: int) -> None:
        """Orders due by then take the touch."""
        market, strikes = self._market, self._strikes
        while strikes and strikes[0].at_ms <= now_ms:
            strike = heapq.heappop(strikes)
            if market.status != TRADING:
                continue
            touch = market.book.best(buy=not strike.buy)
            if touch is not None:
                lots = max(1, int(strike.notional * 1e8 / (touch * market.rules.quote_step)))
                self._venue.matching.take_anonymous(market, lots, touch, buy=strike.buy)

    def _sweep(self) -> None:
        rng, scenario = self._rng, self._scenario
        if self._market.status == TRADING and rng.random() < scenario.sweeps_per_minute * STEP_MS / 60_000:
            reach = rng.uniform(*scenario.sweep_reach)
            buy = rng.random() >= scenario.sell_share
            fair = self._fair.ticks
            limit = math.floor(fair * (1 + reach)) if buy else math.ceil(fair * (1 - reach))
            self._venue.matching.take_anonymous(self._market, _EVERYTHING, limit, buy=buy)
            self._fair.push(reach * scenario.sweep_lasting * (1 if buy else -1))
