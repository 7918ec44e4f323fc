import asyncio
import random
import socket
import time

import pytest

from mm.clock.simulated import NothingLeftToDo, SimulatedClock, run_virtual
from mm.ports import Clock

HOUR = 3600
NS = 1_000_000_000
START = 1_790_000_000 * NS


def test_two_days_of_sleeps_cost_no_time_and_are_exact() -> None:
    clock = SimulatedClock(START)

    async def main() -> None:
        for _ in range(48 * 60):
            await clock.sleep(60)

    began = time.monotonic()
    run_virtual(main(), clock=clock)
    assert time.monotonic() - began < 5
    assert clock.monotonic() == 48 * HOUR * NS
    assert clock.now() == START + 48 * HOUR * NS


def test_many_short_sleeps_do_not_drift() -> None:
    clock = SimulatedClock(START)

    async def main() -> None:
        for _ in range(10_000):
            await clock.sleep(0.1)

    run_virtual(main(), clock=clock)
    assert clock.monotonic() == 1000 * NS


def test_sleepers_wake_in_the_order_of_their_moments_every_time() -> None:
    def trace(seed: int) -> list[tuple[int, int]]:
        clock = SimulatedClock(START)
        rng = random.Random(seed)
        pauses = [rng.randrange(1, 50) / 100 for _ in range(200)]
        woken: list[tuple[int, int]] = []

        async def sleeper(number: int, pause: float) -> None:
            for _ in range(5):
                await clock.sleep(pause)
                woken.append((clock.monotonic(), number))

        async def main() -> None:
            await asyncio.gather(*(sleeper(number, pause) for number, pause in enumerate(pauses)))

        run_virtual(main(), clock=clock)
        return woken

    first = trace(7)
    assert len(first) == 1000
    assert [at for at, _ in first] == sorted(at for at, _ in first)
    assert first == trace(7)
    assert first != trace(8)


def test_wait_for_times_out_at_its_virtual_moment() -> None:
    clock = SimulatedClock(START)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 24 * HOUR)

    run_virtual(main(), clock=clock)
    assert clock.monotonic() == 24 * HOUR * NS


def test_a_timer_beyond_the_loops_longest_wait_fires_on_time() -> None:
    clock = SimulatedClock(START)
    run_virtual(clock.sleep(100 * HOUR), clock=clock)
    assert clock.monotonic() == 100 * HOUR * NS


def test_a_cancelled_sleep_ends_at_once_and_moves_no_time() -> None:
    clock = SimulatedClock(START)

    async def main() -> None:
        task = asyncio.create_task(clock.sleep(HOUR))
        await clock.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtual(main(), clock=clock)
    assert clock.monotonic() == NS


def test_what_is_ready_runs_before_time_moves() -> None:
    clock = SimulatedClock(START)
    seen: list[int] = []

    async def busy() -> None:
        for _ in range(100):
            await asyncio.sleep(0)
            seen.append(clock.monotonic())

    async def main() -> None:
        await asyncio.gather(busy(), clock.sleep(1))

    run_virtual(main(), clock=clock)
    assert seen == [0] * 100


def test_threads_work_runs_inline_and_its_errors_reach_the_caller() -> None:
    async def main() -> int:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(divmod, 1, 0)
        return await asyncio.to_thread(sum, (1, 2, 3))

    assert run_virtual(main()) == 6


def test_waiting_for_what_cannot_happen_is_an_error_and_no_hang() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingLeftToDo):
        run_virtual(main())


def test_real_sockets_are_waited_for() -> None:
    left, right = socket.socketpair()

    async def main() -> bytes:
        left.setblocking(False)
        loop = asyncio.get_running_loop()
        reading = asyncio.create_task(loop.sock_recv(left, 10))
        await asyncio.sleep(0)
        right.send(b"hello")
        return await reading

    with left, right:
        assert run_virtual(main()) == b"hello"


def test_setting_the_wall_clock_moves_no_interval() -> None:
    clock = SimulatedClock(START)

    async def main() -> None:
        clock.step(-3 * HOUR * NS)
        await clock.sleep(10)

    run_virtual(main(), clock=clock)
    assert clock.monotonic() == 10 * NS
    assert clock.now() == START + (10 - 3 * HOUR) * NS


def test_time_never_runs_backwards() -> None:
    clock: Clock = SimulatedClock(START)
    assert isinstance(clock, SimulatedClock)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
