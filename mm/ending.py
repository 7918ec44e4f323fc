"""The end of tasks: certain, also where a library takes a cancellation for its own and goes on."""

import asyncio
import io
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

_PATIENCE = 3.0
_TRIES = 3
_log = logging.getLogger(__name__)


async def end_tasks(tasks: Sequence["asyncio.Task[Any]"], patience: float = _PATIENCE) -> None:
    """Cancels `tasks` and waits for their end; their errors are let go.

    One that does not end within `patience` seconds is cancelled again, up to three times in all. Then it is given up:
    the log shows where it stands, and the loop ends without it. When the caller is cancelled meanwhile, the tasks are
    cancelled once more, and CancelledError is raised after their end.
    """
    left = [task for task in tasks if not task.done()]
    cancelled: asyncio.CancelledError | None = None
    for _ in range(_TRIES):
        if not left:
            break
        for task in left:
            task.cancel()
        try:
            await asyncio.wait(left, timeout=patience)
        except asyncio.CancelledError as error:
            cancelled = error
        left = [task for task in left if not task.done()]
    for task in left:
        _log.error("a task does not end though it was cancelled %d times, and is given up: %s", _TRIES, _stack(task))
        # Documented for those who extend asyncio: `asyncio.run` would wait for it at its end, for ever.
        asyncio.tasks._unregister_task(task)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()
    if cancelled is not None:
        raise cancelled


async def mortal(work: Coroutine[Any, Any, T], name: str, patience: float = _PATIENCE / 3) -> T:
    """Ends as `work` does; when it is cancelled, `end_tasks` sees to it. For groups, which cancel only once."""
    task = asyncio.create_task(work, name=name)
    try:
        await asyncio.wait([task])
    finally:
        if not task.done():
            await end_tasks([task], patience)
    return task.result()


def _stack(task: "asyncio.Task[Any]") -> str:
    text = io.StringIO()
    task.print_stack(file=text)
    return text.getvalue().strip()
