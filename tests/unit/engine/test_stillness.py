"""Where the engine only notes an event, an engine that decides every event does nothing either."""

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from mm.domain.actions import Action, Place
from mm.domain.book import Book
from mm.domain.events import BookSeen, Event, MarketTradeSeen, ResumeRequested
from mm.domain.order import OrderStatus
from mm.domain.risk import TradingState
from mm.engine.engine import Engine
from mm.risk.settings import CircuitBreakerSettings
from tests.fakes.desk import Desk, engine_setup
from tests.unit.engine.test_properties import Story


class TwoEngines(Engine):
    """Decides with rests and without, and compares everything that can be seen."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.sleepless = Engine(*given, rests=False)
        self.seen: Counter[str] = Counter()

    def process(self, event: Event) -> list[Action]:
        calm = self._stillness.calm
        actions, expected = super().process(event), self.sleepless.process(event)
        if calm is not None and self._stillness.calm is calm:
            self.seen[type(event).__name__] += 1
        assert actions == expected, event
        assert self.state is self.sleepless.state
        assert self.snapshot() == self.sleepless.snapshot(), event
        assert self.quote == self.sleepless.quote, event
        assert self.risk.accepted_losses == self.sleepless.risk.accepted_losses
        assert self.risk._losses.equity_units == self.sleepless.risk._losses.equity_units
        return actions


class Market:
    """Small moves, now and then a large one; orders arrive, fill, end; time passes in steps of a pulse."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        strategy = {
            "levels": chance.choice([1, 1, 3]),
            "fair_value": chance.choice(["mid", "microprice"]),
            "base_size": Decimal(chance.choice(["0.001", "0.002", "0.0031"])),
            "refresh_tolerance": Decimal(chance.choice(["0.0001", "0.0003", "0.002"])),
            "price_ceiling": Decimal(chance.choice(["0", "0", "3003.5"])),
            "price_floor": Decimal(chance.choice(["0", "2995.5"])),
            "fill_delay": timedelta(seconds=chance.choice([1, 5, 20])),
            "max_order_age": timedelta(seconds=chance.choice([7, 60, 1800])),
        }
        risk = {
            "circuit_breaker": CircuitBreakerSettings(threshold=3, timeout=timedelta(seconds=5)),
            "max_orders_per_minute": 600,
            "max_drawdown_limit": Decimal(chance.choice(["0.0002", "0.05"])),
        }
        self.desk = Desk(engine_setup(strategy=strategy, risk=risk))
        self.desk.engine = self.engine = TwoEngines(self.desk.setup)
        self.middle = 300_000
        self.steps = 0

    def play(self, steps: int) -> None:
        self.take(self.desk.start())
        for _ in range(steps):
            self.steps += 1
            self.desk.wait(0.25 if self.chance.random() < 0.98 else self.chance.uniform(0, 4))
            if self.chance.random() < 0.97:
                self.take(self.book())
            if self.chance.random() < 0.2:
                price = self.middle + self.chance.randint(-20, 20)
                self.take(
                    self.desk.feed(MarketTradeSeen, ticks=price, lots=3, buyer_is_maker=True, trade_id=self.steps)
                )
            self.take(self.desk.pulse())
            if self.steps % 40 == 0:
                self.take(self.desk.tick())
            if self.chance.random() < 0.02:
                self.fill()
            if self.engine.state is TradingState.HALTED and self.chance.random() < 0.1:
                self.take(self.desk.feed(ResumeRequested, by="Ann", note="seen"))

    def book(self) -> list[Action]:
        chance = self.chance
        self.middle += chance.choice([0, 0, 0, chance.randint(-9, 9), chance.randint(-80, 80)])
        bid = self.middle - chance.choice([1, 1, 1, 40])
        ask = self.middle + chance.choice([0, 0, 0, 40])
        own = {order.intent.ticks: order.open_lots for order in self.engine.orders}
        bids = tuple((bid - n, chance.randint(1, 999) + own.get(bid - n, 0)) for n in range(3))
        asks = tuple((ask + n, chance.randint(1, 999) + own.get(ask + n, 0)) for n in range(3))
        if chance.random() < 0.01:
            bids, asks = chance.choice([((), asks), (bids, ()), (asks, bids)])
        lag_ms = chance.choice([0, 0, 0, 400, 2100]) if chance.random() < 0.05 else 0
        told = self.desk.at // 1_000_000 - lag_ms
        return self.desk.feed(BookSeen, book=Book(bids, asks, self.steps), exchange_ms=told)

    def fill(self) -> None:
        orders = [order for order in self.engine.orders if order.status is OrderStatus.OPEN]
        if orders:
            made = self.chance.choice(orders).intent
            left = next(order.open_lots for order in orders if order.intent is made)
            self.take(self.desk.fill(made, self.chance.choice([left, max(1, left // 3)])))

    def take(self, actions: list[Action]) -> None:
        """Orders arrive at once, and ends are told at once."""
        for action in actions:
            if isinstance(action, Place):
                self.take(self.desk.sent(action.intent))
                self.take(self.desk.seen(action.intent, OrderStatus.OPEN))
        for order in [order for order in self.engine.orders if order.cancel_why]:
            if self.chance.random() < 0.8:
                self.take(self.desk.seen(order.intent, OrderStatus.CANCELED, order.executed_lots))


@seed(20261122)
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_is_missed_while_only_the_market_moves(number: int) -> None:
    Market(random.Random(number)).play(150)


@seed(20261122)
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_is_missed_whatever_happens(number: int) -> None:
    story = Story(random.Random(number))
    story.desk.engine = TwoEngines(story.desk.setup)
    story.play(300)


def test_most_events_are_only_noted() -> None:
    """Otherwise the properties above would be true of nothing."""
    seen: Counter[str] = Counter()
    for number in range(12):
        market = Market(random.Random(number))
        market.play(150)
        seen += market.engine.seen
    assert seen["BookSeen"] > 400
    assert seen["TimerFired"] > 600
    assert seen["MarketTradeSeen"] > 100


@pytest.mark.parametrize("seconds", [2.5, 5.0])
def test_silence_ends_the_calm(seconds: float) -> None:
    desk = Desk()
    desk.quoting()
    desk.book()
    assert desk.engine._stillness.calm is not None
    desk.wait(seconds)
    assert "stale_book" in str(desk.pulse())
