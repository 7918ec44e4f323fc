"""The pure core and the journal: one decision in process, one record appended."""

import itertools
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from bench.row import Row
from bench.times import Spread
from mm.domain.actions import Cancel, Place
from mm.domain.book import Book
from mm.domain.events import BookSeen, Event, IntentsCommitted, MarketTradeSeen, OrderSeen, OrderSent, Reconciled
from mm.domain.fill import FeeRates
from mm.domain.instrument import UNITS, Instrument
from mm.domain.order import OrderIntent, OrderReport, OrderStatus
from mm.domain.position import Position
from mm.domain.records import Recovery
from mm.domain.risk import RiskBaseline, TradingState
from mm.engine.engine import Engine
from mm.engine.setup import EngineSetup
from mm.execution.settings import ExecutionSettings
from mm.journal.writer import JournalWriter
from mm.risk.settings import RiskSettings
from mm.strategy.settings import StrategySettings

_CAPITAL = 100 * UNITS
_SECOND = 1_000_000_000
_STEP = 20_000_000
_INSTRUMENT = Instrument(
    "ETHUSDC", "ETH", "USDC", Decimal("0.01"), Decimal("0.0001"), 1, 10**8, Decimal(5), Decimal(9_000_000)
)
_DEPTH = 10
_ROUNDS = 3000


class Desk:
    """An engine with a live quote, and an exchange that answers at once; time is virtual."""

    def __init__(self) -> None:
        self.mono = 1000 * _SECOND
        self.engine = Engine(_setup(self.mono))
        self._ids = itertools.count(1)

    def stamp(self, after: int = 1000) -> dict[str, int]:
        self.mono += after
        return {"at": self.mono, "mono": self.mono}

    def begin(self) -> None:
        """Trading, with a bid in the market."""
        self.see(MarketTradeSeen(ticks=300_000, lots=1, buyer_is_maker=True, trade_id=1, **self.stamp()))
        self.see(self.book(300_000))
        self.see(Reconciled(problems=(), **self.stamp()))
        if self.engine.state is not TradingState.ACTIVE or not len(self.engine.orders):
            raise RuntimeError(f"the bench's engine does not quote: {self.engine.state} {self.engine.risk.causes}")

    def book(self, middle: int, lots: int = 1000) -> BookSeen:
        return BookSeen(
            book=Book(
                tuple((middle - 5 - level, lots) for level in range(_DEPTH)),
                tuple((middle + 5 + level, lots) for level in range(_DEPTH)),
            ),
            **self.stamp(_STEP),
        )

    def trade(self, number: int) -> MarketTradeSeen:
        return MarketTradeSeen(
            ticks=300_000, lots=1 + number, buyer_is_maker=True, trade_id=2 + number, **self.stamp(_STEP)
        )

    def see(self, event: Event) -> int:
        """Nanoseconds of this one decision; the exchange's answers to it follow, unmeasured."""
        began = time.perf_counter_ns()
        actions = self.engine.process(event)
        taken = time.perf_counter_ns() - began
        for action in actions:
            if isinstance(action, Place):
                intent = action.intent
                self.see(IntentsCommitted(client_ids=(intent.client_id,), **self.stamp()))
                self.see(OrderSent(client_id=intent.client_id, fence_mono=self.mono + 13 * _SECOND, **self.stamp()))
                self.see(self._report(intent, OrderStatus.OPEN, "place"))
            elif isinstance(action, Cancel):
                order = self.engine.orders.get(action.client_id)
                if order is not None:
                    self.see(self._report(order.intent, OrderStatus.CANCELED, "cancel"))
        return taken

    def _report(self, intent: OrderIntent, status: OrderStatus, source: str) -> OrderSeen:
        report = OrderReport(
            client_id=intent.client_id,
            exchange_id=str(next(self._ids)),
            symbol=intent.symbol,
            side=intent.side,
            type=intent.type.value,
            status=status,
            ticks=intent.ticks,
            lots=intent.lots,
            executed_lots=0,
            quote_units=0,
            updated_ms=self.mono // 1_000_000,
        )
        return OrderSeen(report=report, source=source, **self.stamp())


async def measure_decisions(folder: Path) -> list[Row]:
    desk = Desk()
    desk.begin()
    still = _timed(lambda number: desk.see(desk.book(300_000, 1000 + number % 7)))
    moved = _timed(lambda number: desk.see(desk.book(300_000 + 150 * (number % 2))))
    return [
        Row("engine: a book that moves no quote", "µs", still),
        Row("engine: a book that takes a quote down", "µs", moved, "a book that moves no quote", still),
        Row("engine: a public trade", "µs", _timed(lambda number: desk.see(desk.trade(number)))),
        Row("journal: one event appended, ten levels a side", "µs", _journal(folder, desk)),
    ]


def _journal(folder: Path, desk: Desk) -> Spread:
    failures: list[str] = []
    journal = JournalWriter(folder / "bench.jsonl.gz", {}, on_failure=failures.append)

    def append(number: int) -> int:
        event = desk.book(300_000, 1000 + number % 7)
        began = time.perf_counter_ns()
        journal.append(event, ())
        return time.perf_counter_ns() - began

    taken = _timed(append)
    journal.close()
    if failures:
        raise RuntimeError(failures[0])
    return taken


def _timed(work: Callable[[int], int]) -> Spread:
    for number in range(100):
        work(number)
    return Spread.of([work(number) / 1000 for number in range(_ROUNDS)])


def _setup(now: int) -> EngineSetup:
    return EngineSetup(
        instrument=_INSTRUMENT,
        fees=FeeRates(Decimal("0.001"), Decimal("0.001")),
        strategy=bench_strategy(),
        risk=bench_risk(),
        execution=ExecutionSettings(),
        capital_units=_CAPITAL,
        tag="bench0",
        fence_ns=13 * _SECOND,
        at=now,
        mono=now,
        recovery=Recovery(
            Position(cash_units=_CAPITAL),
            (),
            0,
            0,
            RiskBaseline("2026-11-22", _CAPITAL, _CAPITAL, _CAPITAL, _CAPITAL),
            (),
        ),
    )


def bench_strategy() -> StrategySettings:
    return StrategySettings(base_spread=Decimal("0.002"), base_size=Decimal("0.002"), max_inventory=Decimal("0.01"))


def bench_risk() -> RiskSettings:
    """As a profile has it, but for the number of orders: here every book is one."""
    return RiskSettings(daily_loss_limit=Decimal(5), max_position=Decimal("0.01"), max_orders_per_minute=6000)
