"""One WebSocket connection: a bounded outbox, the server's pings, and the end of a peer that is gone or too slow."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import WSCloseCode, WSMsgType, web

_CLOSE_SECONDS = 1.0
OnText = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SocketRules:
    """Seconds between the server's pings, seconds without a pong until the end, messages that may wait,
    and incoming messages a second (pings and pongs count; 0: no limit)."""

    ping_every: float = 20.0
    pong_within: float = 60.0
    waiting_most: int = 10_000
    incoming_per_second: int = 0


class Socket:
    """Messages are queued by `send` (never waits) and written by a task of their own.

    A peer that does not read lets the queue fill up; then its connection is cut at once, so memory is bounded
    by `waiting_most` messages. A stream with a hole in it is never continued.
    """

    def __init__(self, response: web.WebSocketResponse, transport: asyncio.Transport, rules: SocketRules) -> None:
        self._response = response
        self._transport = transport
        self._rules = rules
        self._outbox: deque[tuple[int, bytes]] = deque()
        self._filled = asyncio.Event()
        self._pinged_at: float | None = None
        self._second = 0
        self._received = 0
        self.is_open = True

    @property
    def waiting(self) -> int:
        return len(self._outbox)

    def send(self, message: bytes, kind: int = WSMsgType.TEXT) -> None:
        if not self.is_open:
            return
        if len(self._outbox) >= self._rules.waiting_most:
            self.cut()
            return
        self._outbox.append((kind, message))
        self._filled.set()

    def cut(self) -> None:
        """Ends the connection without a word: the peer does not read, or did not answer our pings."""
        self.is_open = False
        self._outbox.clear()
        self._filled.set()
        self._transport.abort()

    async def close(self, reason: str, code: int = WSCloseCode.POLICY_VIOLATION) -> None:
        """Writes what still waits, then says goodbye; a peer that takes too long for either is cut off."""
        self.is_open = False
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._flush()
                await self._response.close(code=code, message=reason.encode())
        except (ConnectionError, TimeoutError):
            self.cut()

    async def serve(self, on_text: OnText) -> None:
        """Reads until the connection ends; `on_text` gets every text message."""
        tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._keep_alive())]
        try:
            while self.is_open:
                message = await self._response.receive()
                if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
                    break
                if self._too_many():
                    await self.close("Too many requests")
                    break
                if message.type == WSMsgType.TEXT:
                    await on_text(message.data)
                elif message.type == WSMsgType.PING:
                    self.send(message.data, WSMsgType.PONG)
                elif message.type == WSMsgType.PONG:
                    self._pinged_at = None
        finally:
            self.is_open = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _too_many(self) -> bool:
        most = self._rules.incoming_per_second
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._received = second, 0
        self._received += 1
        return 0 < most < self._received

    async def _write(self) -> None:
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                await self._flush()
        except ConnectionError:
            self.cut()

    async def _flush(self) -> None:
        outbox = self._outbox
        while outbox:
            kind, message = outbox.popleft()
            await self._response.send_frame(message, WSMsgType(kind))

    async def _keep_alive(self) -> None:
        clock = time.monotonic
        while True:
            await asyncio.sleep(self._rules.ping_every)
            if self._pinged_at is None:
                self._pinged_at = clock()
            elif clock() - self._pinged_at >= self._rules.pong_within:
                self.cut()
                return
            self.send(str(time.time_ns() // 1_000_000).encode(), WSMsgType.PING)
