"""The life of a run: streams, timers, people's commands, heartbeat, and a stop that proves itself."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from mm.domain.errors import ExchangeError, NotProven
from mm.domain.events import ClockDrift, MarketTradeSeen, StopRequested, TimerFired
from mm.domain.order import OrderStatus
from mm.domain.records import Heartbeat
from mm.domain.trading_day import TradingDay
from mm.ending import end_tasks
from mm.engine.engine import Engine
from mm.ports import Clock
from mm.runner.clearing import clear_exchange
from mm.runner.dispatch import Dispatcher, Parts

_PULSE = 0.25
_CONTROL = 1.0
_HEARTBEAT = 5.0
_CLOCK_CHECK = 60.0


class Resources(Protocol):
    """Use of the machine by this process."""

    def sample(self) -> tuple[float, int]:
        """CPU in per cent of one core since the last sample, resident memory in bytes."""
        ...


@dataclass(frozen=True, slots=True)
class RunTimes:
    """`tick` seconds between renewals of quotes; `run_for` seconds until the run stops by itself (None: never);
    `stop_timeout` how long a stop may take; `day_at` the trading day a moment (UTC) belongs to."""

    tick: float
    run_for: float | None
    stop_timeout: float
    day_at: Callable[[datetime], TradingDay]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """`why` it ended; no own order was left in either case. `clean`: the engine saw its last order end and had the
    exchange read after that. Otherwise the exchange was cleared past it, and last fills may be known only at the
    next start."""

    why: str
    clean: bool


class Runner:
    def __init__(self, engine: Engine, parts: Parts, times: RunTimes, resources: Resources) -> None:
        self.engine = engine
        self.dispatcher = Dispatcher(engine, parts)
        self._parts = parts
        self._times = times
        self._resources = resources
        self._clock = parts.clock
        self._loop = asyncio.get_running_loop()
        # The day that was recovered, so that a close between recovery and now is not missed.
        self._day = engine.risk.baseline.day
        # The exchange's time at a monotonic moment: setting the machine's clock neither begins nor skips a day.
        self._exchange_time = (parts.clock.now(), parts.clock.monotonic())
        self._today = ""
        self._today_seconds = range(0)
        self._stopping_since = 0.0
        self._overdue: asyncio.Future[None] = self._loop.create_future()

    def call_soon(self, work: Callable[[str], None], why: str) -> None:
        """From another thread: run `work` on the loop."""
        self._loop.call_soon_threadsafe(work, why)

    def stop(self, why: str) -> None:
        """Ask for a graceful stop; may be called from a signal handler of the loop."""
        self.dispatcher.process(StopRequested(why=why, **self.dispatcher.now()))

    @property
    def clock(self) -> Clock:
        return self._clock

    async def run(self) -> RunOutcome:
        """Until a stop is done. Raises NotProven when the exchange may still hold own orders."""
        work = [
            asyncio.create_task(self._streams()),
            asyncio.create_task(self._every(self._times.tick, lambda: self._timer("tick"))),
            asyncio.create_task(self._every(_PULSE, self._pulse)),
            asyncio.create_task(self._every(_CONTROL, self._poll_control)),
            asyncio.create_task(self._heartbeats()),
            asyncio.create_task(self._check_clock()),
        ]
        if self._times.run_for is not None:
            work.append(asyncio.create_task(self._stop_after(self._times.run_for)))
        try:
            return await self._until_finished(work)
        except NotProven:
            raise  # it was tried already
        except Exception as error:
            # Whatever broke, orders must not outlive the one who minds them.
            await self._clear(f"{type(error).__name__}: {error}")
            raise
        finally:
            await end_tasks(work)
            await self.dispatcher.close()

    async def _until_finished(self, work: list[asyncio.Task[None]]) -> RunOutcome:
        finished = self.dispatcher.finished
        while not finished.done():
            waited: list[asyncio.Future[Any]] = [finished, self._overdue, *work]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in work if task.done()]:
                work.remove(task)
                if task.exception() is not None and not finished.done():
                    raise task.exception() or RuntimeError("a task ended")
            if self._overdue.done() and not finished.done():
                await self._clear("the stop took too long")
                return RunOutcome("stopped by clearing the exchange", clean=False)
        return RunOutcome(finished.result(), clean=True)

    async def _clear(self, why: str) -> None:
        self.dispatcher.shut()
        try:
            left = await clear_exchange(
                self._parts.exchange, self.engine.setup.instrument.symbol, self.engine.setup.tag, self._clock
            )
        except ExchangeError as error:
            raise NotProven(
                f"own orders may be left at the exchange ({why}; then {error.message})", "run 'mm stop --emergency'"
            ) from error
        if left:
            raise NotProven(
                f"own orders are left at the exchange ({why}): {', '.join(left)}", "run 'mm stop --emergency'"
            )

    # --- tasks --------------------------------------------------------------------

    async def _streams(self) -> None:
        await self._first_reference()
        await self._parts.exchange.run(self.dispatcher.process)

    async def _first_reference(self) -> None:
        """A reference for the price collar until trades arrive."""
        instrument = self.engine.setup.instrument
        try:
            price = await self._parts.exchange.last_price(instrument.symbol)
        except ExchangeError:
            return  # no trade yet, or not readable now: risk refuses orders as `no_reference` until a trade is seen
        ticks = instrument.ticks_down(price)
        self.dispatcher.process(
            MarketTradeSeen(ticks=ticks, lots=0, buyer_is_maker=False, trade_id=0, **self.dispatcher.now())
        )

    async def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while True:
            await self._clock.sleep(seconds)
            work()

    def _timer(self, name: str, detail: str = "") -> None:
        clock = self._clock
        self.dispatcher.process(TimerFired(at=clock.now(), mono=clock.monotonic(), name=name, detail=detail))

    def _pulse(self) -> None:
        if self.engine.is_stopping:
            self._mind_the_stop()
        elif not self._parts.latch.is_armed():
            self.stop("the stop latch fell")
        today = self._day_now()
        if today > self._day:
            self._day = today
            self._timer("day", today)
        self._timer("pulse")

    def _mind_the_stop(self) -> None:
        now = self._clock.monotonic() / 1e9
        self._stopping_since = self._stopping_since or now
        if now - self._stopping_since > self._times.stop_timeout and not self._overdue.done():
            self._overdue.set_result(None)

    def _day_now(self) -> str:
        told, then = self._exchange_time
        second = (told + self._clock.monotonic() - then) // 1_000_000_000
        if second not in self._today_seconds:
            day = self._times.day_at(datetime.fromtimestamp(second, tz=UTC))
            self._today = day.day.isoformat()
            self._today_seconds = range(math.ceil(day.start.timestamp()), math.ceil(day.end.timestamp()))
        return self._today

    def _poll_control(self) -> None:
        self._parts.latch.beat()
        for event in self._parts.control.poll():
            self.dispatcher.process(event)
        self._parts.journal.sync()

    async def _stop_after(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self.stop("the time of the run is over")

    async def _check_clock(self) -> None:
        while True:
            try:
                drift_ms, round_trip_ms = await self._parts.exchange.resync_clock()
            except ExchangeError:
                # Told by the streams and the next order as well; the clock is looked at again soon.
                await self._clock.sleep(_CONTROL * 5)
                continue
            self._exchange_time = (self._clock.now() + drift_ms * 1_000_000, self._clock.monotonic())
            self.dispatcher.process(ClockDrift(drift_ms=drift_ms, round_trip_ms=round_trip_ms, **self.dispatcher.now()))
            await self._clock.sleep(_CLOCK_CHECK)

    async def _heartbeats(self) -> None:
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(_HEARTBEAT)
            lag_ms = (self._clock.monotonic() - before) / 1e6 - _HEARTBEAT * 1000
            cpu, memory = self._resources.sample()
            at = self._clock.now()
            self._parts.ledger.record(
                at,
                [
                    Heartbeat(
                        at=at,
                        state=str(self.engine.state),
                        cpu_percent=cpu,
                        rss_bytes=memory,
                        lag_ms=max(0.0, lag_ms),
                        open_orders=self.engine.orders.count(OrderStatus.OPEN),
                        unknown_orders=self.engine.orders.count(OrderStatus.UNKNOWN),
                    )
                ],
            )
