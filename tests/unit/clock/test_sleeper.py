"""Sleeps of virtual time among timers, time-outs, cancellations and real files."""

import asyncio
import contextvars
import socket

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual

NS = 1_000_000_000


def test_sleepers_and_timers_wake_in_the_order_of_their_moments_and_of_falling_asleep() -> None:
    clock = SimulatedClock(0)
    woken: list[tuple[str, int]] = []

    async def sleeper(name: str, seconds: float, *, plain: bool = False) -> None:
        await (asyncio.sleep(seconds) if plain else clock.sleep(seconds))
        woken.append((name, clock.monotonic()))

    async def main() -> None:
        await asyncio.gather(
            sleeper("c", 0.3),
            sleeper("a", 0.1),
            sleeper("timer", 0.2, plain=True),
            sleeper("d", 0.3),
            sleeper("b", 0.15),
        )

    run_virtual(main(), clock=clock)
    assert [name for name, _ in woken] == ["a", "b", "timer", "c", "d"]
    assert [at for _, at in woken] == [NS // 10, NS * 15 // 100, NS // 5, NS * 3 // 10, NS * 3 // 10]


def test_a_cancelled_sleep_tells_why_and_leaves_no_trace_in_time() -> None:
    clock = SimulatedClock(0)

    async def main() -> None:
        task = asyncio.create_task(clock.sleep(50))
        await clock.sleep(1)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await task
        assert clock.monotonic() == NS
        await clock.sleep(1)

    run_virtual(main(), clock=clock)
    assert clock.monotonic() == 2 * NS


def test_a_time_out_cuts_a_sleep_short() -> None:
    clock = SimulatedClock(0)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(clock.sleep(50), 3)

    run_virtual(main(), clock=clock)
    assert clock.monotonic() == 3 * NS


def test_a_cancel_at_the_moment_of_waking_is_kept() -> None:
    clock = SimulatedClock(0)
    ended: list[str] = []

    async def sleep() -> None:
        try:
            await clock.sleep(1)
            ended.append("slept")
        except asyncio.CancelledError:
            ended.append("cancelled")

    async def main() -> None:
        task: asyncio.Task[None]

        async def canceller() -> None:
            await clock.sleep(1)  # fell asleep first, so it wakes first
            task.cancel()

        first = asyncio.create_task(canceller())
        await asyncio.sleep(0)
        task = asyncio.create_task(sleep())
        await asyncio.wait([first, task])

    run_virtual(main(), clock=clock)
    assert ended == ["cancelled"]


def test_a_task_keeps_its_context_over_a_sleep() -> None:
    clock = SimulatedClock(0)
    name = contextvars.ContextVar("name", default="nobody")
    found: list[str] = []

    async def one(called: str) -> None:
        name.set(called)
        await clock.sleep(1)
        found.append(name.get())

    async def main() -> None:
        await asyncio.gather(one("Ann"), one("Bo"))

    run_virtual(main(), clock=clock)
    assert found == ["Ann", "Bo"]


def test_sleepers_wake_also_while_a_socket_is_watched() -> None:
    clock = SimulatedClock(0)
    woken: list[str] = []

    async def main() -> None:
        async def sleep() -> None:
            await clock.sleep(0.02)
            woken.append("sleeper")

        task = asyncio.create_task(sleep())
        await asyncio.sleep(0)
        left, right = socket.socketpair()
        with left, right:
            left.setblocking(False)
            loop = asyncio.get_running_loop()
            reading = asyncio.create_task(loop.sock_recv(left, 1))
            await task
            await clock.sleep(0.01)
            assert not reading.done()
            right.send(b"x")
            assert await reading == b"x"

    run_virtual(main(), clock=clock)
    assert woken == ["sleeper"]
