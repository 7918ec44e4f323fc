"""From a market message read off the socket to the new order written to it: the whole bot, over the real wire.

A quote that must move takes two steps: the message makes a cancel, the exchange's word on the cancel makes the new
order. What the exchange needs to answer the cancel is its own; both of our parts are added up.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import aiohttp

from bench.commit import BareLedger
from bench.decisions import bench_risk, bench_strategy
from bench.orders import bench_exchange
from bench.row import Goal, Judged, Row
from bench.served import SYMBOL, served
from bench.times import Spread
from mm.clock.live import LiveClock
from mm.domain.events import Event
from mm.domain.instrument import UNITS
from mm.domain.trading_day import TradingDay, trading_day_at
from mm.execution.settings import ExecutionSettings
from mm.home import Home
from mm.ledger.queries import LedgerQueries
from mm.runner.startup import RunSpec, Surroundings, prepared_run

_STEP_MS = 200
_GOAL_MS = 5.0


class Wire:
    """Notes when messages are read and requests written."""

    def __init__(self) -> None:
        self.market_read = 0
        self.to_cancel: list[int] = []
        self.to_order: list[int] = []
        self._cancel_told = 0

    def session(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._started)
        trace.on_request_headers_sent.append(self._headers_sent)
        trace.on_request_chunk_sent.append(self._body_sent)
        trace.on_request_end.append(self._answered)
        wire = self

        class Socket(aiohttp.ClientWebSocketResponse):
            async def receive(self, timeout: float | None = None) -> aiohttp.WSMessage:  # noqa: ASYNC109 - aiohttp's own signature
                message = await super().receive(timeout)
                wire.read(message.data)
                return message

        return aiohttp.ClientSession(trace_configs=[trace], ws_response_class=Socket)

    def read(self, data: object) -> None:
        if not isinstance(data, str):
            return
        if '"e":"depthUpdate"' in data:
            self.market_read = time.perf_counter_ns()
        elif '"X":"CANCELED"' in data:
            self._cancel_is_told()

    def _cancel_is_told(self) -> None:
        """By the answer or by the account stream, whichever is first."""
        self._cancel_told = self._cancel_told or time.perf_counter_ns()

    async def _started(
        self, _session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        context.read = self.market_read
        context.kind = params.method if params.url.path == "/api/v3/order" else ""

    async def _headers_sent(
        self, _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        if context.kind == "DELETE" and context.read:
            self._cancel_told = 0
            self.to_cancel.append(time.perf_counter_ns() - context.read)

    async def _body_sent(
        self, _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestChunkSentParams
    ) -> None:
        if context.kind == "POST" and self._cancel_told:
            self.to_order.append(time.perf_counter_ns() - self._cancel_told)
            self._cancel_told = 0

    async def _answered(
        self, _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestEndParams
    ) -> None:
        if context.kind == "DELETE":
            self._cancel_is_told()


class NoControl:
    """Nobody commands this run; a halt in it is a fault."""

    def poll(self) -> Sequence[Event]:
        return ()

    def write_halt(self, cause: str, detail: str) -> None:
        raise RuntimeError(f"the bench's run halted: {cause}: {detail}")


class NoResources:
    def sample(self) -> tuple[float, int]:
        return 0.0, 0


async def measure_reaction(folder: Path, seconds: float) -> list[Row]:
    """Raises RuntimeError when the run did not re-quote."""
    wire = Wire()
    clock = LiveClock()
    control = NoControl()
    environment = Home(folder / "home").environment("sim")
    with served(folder, step_ms=_STEP_MS) as ports:
        async with wire.session() as session:
            exchange = bench_exchange(ports.venue, session)
            around = Surroundings(
                exchange,
                clock,
                control,
                control.write_halt,
                control.write_halt,
                NoResources(),
                _day_at,
                _journal_failed,
            )
            beside: list[float] = []
            pacing = asyncio.create_task(_bare_commits(folder / "bare.db", beside))
            try:
                async with prepared_run(environment, _spec(seconds), around) as run:
                    await run.go()
            finally:
                pacing.cancel()
                await asyncio.wait([pacing])
                await exchange.close()
    with LedgerQueries(environment.ledger) as ledger:
        commits = [each.micros / 1000 for each in ledger.latencies(kind="commit")]
    count = min(len(wire.to_cancel), len(wire.to_order))
    if count < 20:
        raise RuntimeError(f"only {count} quotes were renewed in {seconds:.0f} s")
    cancels, orders = ([each / 1e6 for each in taken] for taken in (wire.to_cancel, wire.to_order))
    both = [first + second for first, second in zip(cancels, orders, strict=False)]
    bare = Spread.of(beside)
    return [
        Row(
            "market message read to new order written, commit inside",
            "ms",
            Spread.of(both),
            goal=Goal(Judged.P99, _GOAL_MS),
            note=f"the venue's time to answer the cancel left out; meanwhile a bare commit's p99 was {bare.p99:.1f} ms",
        ),
        Row("  message read to cancel written", "ms", Spread.of(cancels)),
        Row("  cancel told to new order written, commit inside", "ms", Spread.of(orders)),
        Row("    the commit in it", "ms", Spread.of(commits), "bare sqlite3 FULL commit, same pace", bare),
    ]


async def _bare_commits(path: Path, taken: list[float]) -> None:
    """One a step in a thread: what the disk gives to anyone at this pace (a disk that rests wakes up slowly)."""
    ledger = BareLedger(path)
    try:
        while True:
            await asyncio.sleep(_STEP_MS / 1000)
            taken.append(await asyncio.to_thread(ledger.timed_commit))
    finally:
        ledger.close()


def _journal_failed(why: str) -> None:
    raise RuntimeError(why)


def _day_at(moment: datetime) -> TradingDay:
    return trading_day_at(moment, datetime.min.time(), ZoneInfo("UTC"))


def _spec(seconds: float) -> RunSpec:
    return RunSpec(
        run_id=f"bench-{datetime.now(UTC):%H%M%S}",
        profile="bench",
        stage="testnet",
        stage_since=None,
        scenario="",
        symbol=SYMBOL,
        capital_units=100 * UNITS,
        strategy=bench_strategy(),
        risk=bench_risk(),
        execution=ExecutionSettings(),
        recv_window=timedelta(seconds=2),
        fence_margin=timedelta(seconds=1),
        config="{}",
        config_hash="",
        code_hash="",
        run_for=timedelta(seconds=seconds),
        may_replace_account=True,
    )
