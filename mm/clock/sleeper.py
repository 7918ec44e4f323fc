"""A sleep in virtual time: what a task waits for, its timer and its turn in one object.

`asyncio.sleep` makes a future, a timer and two turns of the loop for each sleep. In days of virtual time sleeps are a
large part of the cost, so this one is put into the loop's queues as it is.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any


class Sleeper:
    """What a task needs of a future it waits for, and the loop of a handle it runs. `due` in monotonic ns."""

    __slots__ = ("_asyncio_future_blocking", "_cancelled", "_context", "_loop", "_message", "_wake", "due", "queue")

    def __init__(self, loop: asyncio.AbstractEventLoop, due: int, queue: Callable[["Sleeper"], None]) -> None:
        self.due = due
        self.queue = queue
        self._loop = loop
        self._wake: Callable[[Sleeper], object] | None = None
        self._cancelled = False  # as a handle: a turn that was taken from it by `cancel`
        self._asyncio_future_blocking = True

    # --- for the task -----------------------------------------------------------------------

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def add_done_callback(self, wake: Callable[["Sleeper"], object], *, context: Context) -> None:
        self._wake = wake
        self._context = context
        self.queue(self)

    def cancel(self, msg: Any = None) -> bool:
        wake = self._wake
        if wake is None:
            return False
        self._wake = None
        self._cancelled = True
        self._message: Any = msg
        self._loop.call_soon(wake, self, context=self._context)
        return True

    def result(self) -> None:
        """Raises CancelledError when the sleep was cut short."""
        if self._cancelled:
            raise asyncio.CancelledError if self._message is None else asyncio.CancelledError(self._message)

    # --- for the loop -------------------------------------------------------------------------

    def _run(self) -> None:
        wake = self._wake
        if wake is not None:
            self._wake = None
            self._context.run(wake, self)
