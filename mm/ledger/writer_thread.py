"""The one writer thread: takes calls and rows in the order they were handed in."""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from mm.database.sqlite import DriverError
from mm.domain.errors import LedgerError
from mm.ledger.recording import Stamped
from mm.ledger.writer import Writer, as_ledger_error

BATCH_SECONDS = 0.04
_RETRY_TICKS = 25
_CHECKPOINT_AFTER = 50
_COUNT_PER_INLINE_BATCH = 256
T = TypeVar("T")
Rows = Sequence[Stamped]


class WriterHost(Protocol):
    """Where the writer runs: a thread of its own, or the caller's under virtual time."""

    def put(self, rows: Rows) -> None: ...
    async def call(self, function: Callable[[Writer, Rows], T]) -> T: ...
    async def close(self) -> None: ...


class InlineWriter:
    """Everything at once in the caller's thread: deterministic."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows: list[Stamped] = []

    def put(self, rows: Rows) -> None:
        self._rows.extend(rows)
        if len(self._rows) >= _COUNT_PER_INLINE_BATCH:
            self._writer.persist(self._taken())

    async def call(self, function: Callable[[Writer, Rows], T]) -> T:
        return function(self._writer, self._taken())

    async def close(self) -> None:
        if self._rows:
            self._writer.persist(self._taken())

    def _taken(self) -> list[Stamped]:
        rows, self._rows = self._rows, []
        return rows


@dataclass(frozen=True, slots=True)
class _Call:
    """`after`: how many rows had been put before; they belong in front of this call."""

    after: int
    function: Callable[[Writer, Rows], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class WriterThread:
    """`put` and `call` belong to the event loop's thread."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._rows: deque[Stamped] = deque()
        self._put = 0
        self._taken = 0
        self._checkpointed = 0
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._thread.start()

    def put(self, rows: Rows) -> None:
        self._rows.extend(rows)
        self._put += len(rows)

    async def call(self, function: Callable[[Writer, Rows], T]) -> T:
        if not self._thread.is_alive():
            raise LedgerError("the ledger's writer has ended", "stop and start again")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put(_Call(self._put, function, future, loop))
        return await future

    async def close(self) -> None:
        self._calls.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        ticks = 0
        while True:
            try:
                call = self._calls.get(timeout=BATCH_SECONDS)
            except queue.Empty:
                ticks += 1
                self._batch(retry=ticks % _RETRY_TICKS == 0)
                continue
            if call is None:
                self._batch(retry=True)
                return
            self._serve(call)

    def _serve(self, call: _Call) -> None:
        result, error = None, None
        try:
            result = call.function(self._writer, self._take(call.after))
        except Exception as caught:  # noqa: BLE001 -- handed to the caller, who awaits it
            error = caught
        try:
            call.loop.call_soon_threadsafe(_settle, call.future, result, error)
        except RuntimeError:
            # The loop is closed: nobody waits for the answer any more, and nothing more will be sent.
            return

    def _batch(self, *, retry: bool) -> None:
        """`retry` also rows that failed before; without new rows they wait about a second."""
        rows = self._take(self._put)
        if rows or (retry and self._writer.has_backlog):
            try:
                self._writer.persist(rows)
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread must live to tell it
                self._writer.fail(f"rows could not be written: {error}")
        elif self._writer.commits - self._checkpointed >= _CHECKPOINT_AFTER:
            # In a quiet moment, so that no intent waits for it.
            self._checkpointed = self._writer.commits
            try:
                self._writer.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            except DriverError as error:
                self._writer.fail(str(as_ledger_error(error)))

    def _take(self, until: int) -> list[Stamped]:
        count = until - self._taken
        self._taken = max(until, self._taken)
        return [self._rows.popleft() for _ in range(max(0, count))]


def _settle(future: asyncio.Future[Any], result: object, error: Exception | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(cast("Any", result))
