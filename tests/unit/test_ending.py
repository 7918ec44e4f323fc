"""Tasks that do not hear their cancellation."""

import asyncio
import logging
import time

import pytest

from mm.ending import end_tasks, mortal


async def deaf(times: int) -> None:
    """Swallows so many cancellations."""
    while True:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            times -= 1
            if times < 0:
                raise


def test_a_task_that_swallowed_one_cancellation_is_cancelled_again(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        task = asyncio.create_task(deaf(1))
        await asyncio.sleep(0)
        await end_tasks([task], 0.05)
        assert task.cancelled()

    asyncio.run(main())
    assert not caplog.records


def test_a_task_that_never_ends_is_given_up_aloud_and_the_program_ends(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        task = asyncio.create_task(deaf(100))
        await asyncio.sleep(0)
        await end_tasks([task], 0.05)
        assert not task.done()
        # The test's own end: nothing may be left pending.
        asyncio.get_running_loop().call_soon(keep.append, task)

    keep: list[asyncio.Task[None]] = []
    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < 5
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "in deaf" in record.getMessage()
    keep[0]._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio's own switch: it is pending on purpose


def test_one_who_ends_tasks_and_is_cancelled_meanwhile_still_ends_them() -> None:
    async def main() -> None:
        task = asyncio.create_task(deaf(1))
        await asyncio.sleep(0)
        ending = asyncio.create_task(end_tasks([task], 60))
        await asyncio.sleep(0)
        ending.cancel()
        done, _ = await asyncio.wait([ending], timeout=5)
        assert done
        assert ending.cancelled()
        assert task.cancelled()

    asyncio.run(main())


def test_a_group_ends_though_one_of_its_tasks_swallowed_the_only_cancellation() -> None:
    async def group() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(mortal(deaf(1), "deaf", 0.05))
            tasks.create_task(mortal(deaf(0), "hears", 0.05))

    async def main() -> None:
        task = asyncio.create_task(group())
        await asyncio.sleep(0.01)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert done
        assert task.cancelled()

    asyncio.run(main())
