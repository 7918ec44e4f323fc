"""Carries out what a plan of faults does to the server as a whole: closes connections, wipes, stops listening."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Protocol

from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.requests import ACCOUNT_STREAM
from mm.exchange.venue_server.faulty_socket import FaultySocket
from mm.exchange.venue_server.socket import Socket

log = logging.getLogger("mm.venue")
_LOOK_SECONDS = 0.02


class Doors(Protocol):
    """The server as the keeper needs it."""

    @property
    def sockets(self) -> Iterable[Socket]: ...
    async def shut(self) -> None:
        """Nothing listens any more, open connections are cut."""
        ...

    async def open_again(self) -> None: ...
    def wipe(self) -> None:
        """Every account is closed and opened anew."""
        ...

    def end_subscriptions(self) -> None:
        """User data ends for everybody."""
        ...


class FaultKeeper:
    """Looks 50 times a second while there are faults. `true_ms` dates them."""

    def __init__(self, doors: Doors, plan: FaultPlan, true_ms: Callable[[], int]) -> None:
        self._doors = doors
        self._plan = plan
        self._true_ms = true_ms
        self._is_shut = False
        self._goodbyes: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                if not self._plan.is_empty or self._is_shut:
                    await self.look()
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for task in self._goodbyes:
                task.cancel()

    async def look(self) -> None:
        now = self._true_ms()
        unreachable = self._plan.is_active("unreachable", now)
        if unreachable != self._is_shut:
            self._is_shut = unreachable
            await (self._doors.shut() if unreachable else self._doors.open_again())
        for carried in ("market", ACCOUNT_STREAM):
            if self._plan.closes(carried, now):
                for socket in self._carrying(carried):
                    self._later(socket.close("closed by a fault"))
        for fault in self._plan.due(now):
            log.info("fault: %s", fault.kind)
            if fault.kind == "wipe":
                self._doors.wipe()
            elif fault.kind == "key-revoked":
                self._doors.end_subscriptions()
            else:
                wait_ms = fault.meaning if isinstance(fault.meaning, int) else 0
                for socket in tuple(self._doors.sockets):
                    self._later(self._goodbye(socket, now, wait_ms / 1000))

    def _carrying(self, stream: str) -> list[Socket]:
        return [
            socket
            for socket in tuple(self._doors.sockets)
            if isinstance(socket, FaultySocket) and socket.carries == stream and socket.is_open
        ]

    async def _goodbye(self, socket: Socket, now: int, seconds: float) -> None:
        if socket.farewell is not None:
            socket.send(socket.farewell(now))
        await asyncio.sleep(seconds)
        await socket.close("Server is shutting down")

    def _later(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)
