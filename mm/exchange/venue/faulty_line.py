"""The way of one request to the exchange in process and back, with the plan's faults on it.

What comes of a fault is judged by the adapter's own error map, so that a run in virtual time sees what a run over the
wire sees. Delays are those of the event loop: in virtual time they cost nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import aiohttp
from aiohttp.client_reqrep import ConnectionKey

from mm.exchange.ccxt_adapter.errors import Failure, HttpAnswer, read_failure
from mm.exchange.venue.faults.fate import UNTOUCHED, RequestFate
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.refusal import Refusal
from mm.exchange.venue.faults.requests import SIGNED

T = TypeVar("T")
_AHEAD_MOST_MS = 1000
_OUTSIDE_WINDOW = Refusal(400, -1021, "Timestamp for this request is outside of the recvWindow.")
_AHEAD = Refusal(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
_NOWHERE = ConnectionKey(
    host="venue", port=0, is_ssl=False, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
)


@dataclass(frozen=True, slots=True)
class Lie:
    """The exchange answers, and what it says (`how`, see RequestFate.lie) is not true."""

    how: str


class FaultyLine:
    """`true_ms` is the time that faults are dated by; `local_ms` that of the client's own clock. `timeout_s` after
    which the client waits no longer; `recv_window_ms` as it signs its requests. `on_status` hears the HTTP status and
    Retry-After of every refusal that a fault brings."""

    def __init__(
        self,
        plan: FaultPlan,
        *,
        true_ms: Callable[[], int],
        local_ms: Callable[[], int],
        timeout_s: float,
        recv_window_ms: int,
        on_status: Callable[[int, float | None], None] = lambda _status, _retry_after: None,
    ) -> None:
        self.plan = plan
        self.true_ms = true_ms
        self.local_ms = local_ms
        self.timeout_s = timeout_s
        self.offset_ms = 0
        """What the client adds to its own clock, as last measured."""
        self._recv_window_ms = recv_window_ms
        self._on_status = on_status
        self._late: set[asyncio.Task[None]] = set()

    def server_ms(self) -> int:
        """What the exchange's clock shows."""
        true = self.true_ms()
        return true + self.plan.clock_skew_ms(true)

    async def send(self, name: str, act: Callable[[], Awaitable[T]]) -> T | Failure | Lie:
        """`act` is what the exchange does; its answer, or what the client makes of what it got instead."""
        fate = self.plan.on_request(name, self.true_ms())
        stamped = self.local_ms() + self.offset_ms
        if fate is UNTOUCHED:
            wrong = self._wrong_time(name, stamped)
            return judged(wrong) if wrong else await act()
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._way(name, fate, stamped, act)
        except TimeoutError as error:
            return read_failure(error)

    async def _way(
        self, name: str, fate: RequestFate, stamped: int, act: Callable[[], Awaitable[T]]
    ) -> T | Failure | Lie:
        if fate.answer == "reset" and "unreachable" in fate.kinds:
            return read_failure(aiohttp.ClientConnectorError(_NOWHERE, ConnectionRefusedError()))
        await self._delay_in(name, fate, stamped, act)
        wrong = self._wrong_time(name, stamped)
        refusal = fate.refusal or (wrong if fate.executes else None)
        done = await act() if fate.executes and wrong is None else None
        await _pause(fate.delay_out_ms)
        if fate.answer == "lose":
            await asyncio.get_running_loop().create_future()
        if fate.answer == "truncate":
            return read_failure(aiohttp.ClientPayloadError("the answer broke off"))
        if fate.answer == "reset":
            return read_failure(aiohttp.ServerDisconnectedError())
        if refusal is not None:
            self._on_status(refusal.status, float(refusal.retry_after) if refusal.retry_after else None)
            return judged(refusal)
        if fate.answer == "lie":
            return Lie(fate.lie)
        return done  # type: ignore[return-value]  # it was carried out: nothing above said otherwise

    async def _delay_in(self, name: str, fate: RequestFate, stamped: int, act: Callable[[], Awaitable[T]]) -> None:
        """A request that is still under way when its sender stops waiting arrives all the same."""
        if fate.delay_in_ms < self.timeout_s * 1000:
            await _pause(fate.delay_in_ms)
            return

        async def arrives() -> None:
            await _pause(fate.delay_in_ms)
            if fate.executes and self._wrong_time(name, stamped) is None:
                await act()

        task = asyncio.create_task(arrives())
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        await asyncio.get_running_loop().create_future()

    def _wrong_time(self, name: str, stamped: int) -> Refusal | None:
        if name not in SIGNED:
            return None
        server = self.server_ms()
        if stamped >= server + _AHEAD_MOST_MS:
            return _AHEAD
        return _OUTSIDE_WINDOW if server - stamped > self._recv_window_ms else None

    async def close(self) -> None:
        for task in tuple(self._late):
            task.cancel()
        if self._late:
            await asyncio.wait(self._late)


def judged(refusal: Refusal) -> Failure:
    """What the adapter makes of this answer."""
    wait = float(refusal.retry_after) if refusal.retry_after else None
    answered = _Answered()
    answered.answer = HttpAnswer(refusal.status, refusal.code, refusal.message if refusal.code else "", wait)
    return read_failure(answered)


class _Answered(Exception):
    """Carries the facts of an answer, as the adapter's client attaches them."""

    answer: HttpAnswer


async def _pause(milliseconds: int) -> None:
    if milliseconds:
        await asyncio.sleep(milliseconds / 1000)
