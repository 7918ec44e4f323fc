"""Carries out the engine's actions: commits, sends, queries, records. Adds no decision of its own."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from mm.domain.actions import Action, Cancel, OpenHalt, OpenIncident, Place, Query, ReadRules, Reconcile, StopRun
from mm.domain.errors import LedgerError
from mm.domain.events import (
    CancelRejected,
    CancelUnknown,
    CommitFailed,
    Event,
    FillSeen,
    IntentsCommitted,
    OrderNotSent,
    OrderSeen,
    OrderSent,
    PlaceRejected,
    PlaceUnknown,
    StopRequested,
)
from mm.domain.order import OrderIntent, OrderReport
from mm.domain.records import Latency
from mm.ending import end_tasks
from mm.engine.engine import Engine
from mm.ports import Clock, ControlReader, Exchange, Journal, Ledger, NotSent, Rejected, StopLatch, Unknown
from mm.runner.reconciler import Reconciler

HaltWriter = Callable[[str, str], None]
"""Writes a halt (cause, detail) where a person finds and lifts it."""
IncidentWriter = Callable[[str, str], None]
"""Writes an incident (kind, detail) where a person finds and closes it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the composition root picked for one run."""

    exchange: Exchange
    ledger: Ledger
    journal: Journal
    latch: StopLatch
    control: ControlReader
    clock: Clock
    write_halt: HaltWriter
    write_incident: IncidentWriter


class Dispatcher:
    """`process` is the one way into the engine: decide, journal, carry out. Everything runs on one event loop,
    so a decision and the state it was made on never drift apart. An event that could not be processed to its end
    leaves that state in doubt: whoever brought the event, the run ends with its error and places nothing more."""

    def __init__(self, engine: Engine, parts: Parts) -> None:
        self.engine = engine
        self._exchange = parts.exchange
        self._ledger = parts.ledger
        self._journal = parts.journal
        self._latch = parts.latch
        self._clock = parts.clock
        self._write_halt = parts.write_halt
        self._write_incident = parts.write_incident
        self._reconciler = Reconciler(engine, parts.exchange, parts.clock, self.process)
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_shut = False
        self._fence_ns = int(parts.exchange.fence_seconds * 1e9)
        self.finished: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.on_processed: Callable[[Event, Sequence[Action]], None] = lambda _event, _actions: None
        self.on_latency: Callable[[Latency], None] = lambda _latency: None

    def process(self, event: Event) -> None:
        """Raises what the engine or a record raises; the run ends with it, also where the caller goes on."""
        try:
            actions = self.engine.process(event)
            self._journal.append(event, actions)
            if actions:
                self._carry_out(event.at, actions)
            self.on_processed(event, actions)
        except Exception as error:
            self._fail(error)
            raise

    def _carry_out(self, at: int, actions: Sequence[Action]) -> None:
        records: list[Any] = []
        places: list[OrderIntent] = []
        for action in actions:
            if isinstance(action, Place):
                places.append(action.intent)
            elif isinstance(action, Cancel):
                self.spawn(self._cancel(action.client_id))
            elif isinstance(action, Query):
                self.spawn(self._reconciler.query(action.client_id, past_fence=action.past_fence))
            elif isinstance(action, Reconcile):
                self.spawn(self._reconciler.reconcile())
            elif isinstance(action, ReadRules):
                self.spawn(self._reconciler.read_rules())
            elif isinstance(action, StopRun):
                if not self.finished.done():
                    self.finished.set_result(action.why)
            else:
                records.append(action)
                self._tell_people(action)
        if records:
            self._ledger.record(at, records)
        if places:
            self.spawn(self._commit_and_send(places))

    def _tell_people(self, action: Action) -> None:
        if isinstance(action, OpenHalt):
            self._write_halt(action.cause, action.detail)
        elif isinstance(action, OpenIncident):
            self._write_incident(action.kind, action.detail)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def shut(self) -> None:
        """No order leaves any more, whatever the engine decides: the exchange is being cleared."""
        self._is_shut = True

    async def close(self) -> None:
        await end_tasks(list(self._tasks))

    def now(self) -> dict[str, int]:
        return {"at": self._clock.now(), "mono": self._clock.monotonic()}

    # --- inside ------------------------------------------------------------------

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.shut()
        if not self.finished.done():
            self.finished.set_exception(error)

    async def _commit_and_send(self, intents: list[OrderIntent]) -> None:
        client_ids = tuple(intent.client_id for intent in intents)
        started = self._clock.monotonic()
        try:
            await self._ledger.commit_intents(intents)
        except LedgerError as error:
            self.process(CommitFailed(client_ids=client_ids, why=error.message, **self.now()))
            return
        self._measure("commit", started)
        self.process(IntentsCommitted(client_ids=client_ids, **self.now()))
        for intent in intents[1:]:
            self.spawn(self._send(intent))
        await self._send(intents[0])

    async def _send(self, intent: OrderIntent) -> None:
        client_id = intent.client_id
        if self._is_shut:
            self.process(OrderNotSent(client_id=client_id, code="stopped", why="the run is ending", **self.now()))
            return
        if not self.engine.orders.may_send(client_id):
            self.process(OrderNotSent(client_id=client_id, code="withdrawn", why="no longer wanted", **self.now()))
            return
        if not self.engine.is_fresh(client_id, self._clock.monotonic()):
            # A slow disk, or a process that was stopped for a while: on what is known now, nobody decided this.
            why = "the decision or the book under it is too old"
            self.process(OrderNotSent(client_id=client_id, code="stale", why=why, **self.now()))
            return
        if not self._latch.is_armed():
            self.process(OrderNotSent(client_id=client_id, code="stopped", why="the stop latch fell", **self.now()))
            self.process(StopRequested(why="stop latch", **self.now()))
            return
        started = self._clock.monotonic()
        self.process(OrderSent(client_id=client_id, fence_mono=started + self._fence_ns, **self.now()))
        answer = await self._exchange.place(intent)
        self._measure("place", started)
        if isinstance(answer, OrderReport):
            self._report(answer, "place")
        elif isinstance(answer, Rejected):
            self.process(
                PlaceRejected(
                    client_id=client_id, code=answer.code, reason=answer.reason, message=answer.message, **self.now()
                )
            )
        elif isinstance(answer, NotSent):
            self.process(OrderNotSent(client_id=client_id, code=answer.code, why=answer.why, **self.now()))
        else:
            self.process(PlaceUnknown(client_id=client_id, why=answer.why, **self.now()))

    async def _cancel(self, client_id: str) -> None:
        started = self._clock.monotonic()
        answer = await self._exchange.cancel(client_id)
        self._measure("cancel", started)
        if isinstance(answer, OrderReport):
            self._report(answer, "cancel")
        elif isinstance(answer, Rejected):
            self.process(CancelRejected(client_id=client_id, code=answer.code, reason=answer.reason, **self.now()))
        else:
            why = answer.why if isinstance(answer, (Unknown, NotSent)) else str(answer)
            self.process(CancelUnknown(client_id=client_id, why=why, **self.now()))

    def _report(self, report: OrderReport, source: str) -> None:
        for fill in report.fills:
            self.process(FillSeen(fill=fill, source=source, **self.now()))
        self.process(OrderSeen(report=report, source=source, **self.now()))

    def _measure(self, kind: str, started: int) -> None:
        latency = Latency(at=self._clock.now(), kind=kind, micros=(self._clock.monotonic() - started) // 1000)
        self._ledger.record(latency.at, [latency])
        self.on_latency(latency)
