"""One WebSocket connection: a bounded outbox, the server's pings, and the end of a peer that is gone or too slow."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import WSCloseCode, WSMsgType, web

from mm.exchange.venue_server.frame import frame

_CLOSE_SECONDS = 1.0
_BUFFER_MOST = 64 * 1024
"""Bytes in the transport's buffer above which messages wait with us, where they are counted."""
_BUFFER_SECONDS = 0.01
_FRAMES_A_WRITE = 64
_BYTES_MOST = 32 << 20
"""What may wait for a peer, beside the number of messages: answers may be large."""
OnText = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SocketRules:
    """Seconds between the server's pings, seconds without a pong until the end, messages that may wait,
    incoming messages a second (pings and pongs count; 0: no limit), and seconds until the connection is ended."""

    ping_every: float = 20.0
    pong_within: float = 60.0
    waiting_most: int = 10_000
    incoming_per_second: int = 0
    lives: float = 86_400.0


class Socket:
    """Messages are queued by `send` (never waits) and written by a task of their own.

    A peer that does not read lets the queue fill up; then its connection is cut at once, so memory is bounded
    by `waiting_most` messages. A stream with a hole in it is never continued.
    """

    def __init__(self, response: web.WebSocketResponse, transport: asyncio.Transport, rules: SocketRules) -> None:
        self._response = response
        self._transport = transport
        self._rules = rules
        self._outbox: deque[bytes] = deque()
        self._bytes = 0
        self._loop = asyncio.get_running_loop()
        self._writing = False
        self._pinged_at: float | None = None
        self._pings: set[bytes] = set()
        self._second = 0
        self._received = 0
        self.is_open = True
        self.farewell: Callable[[int], bytes] | None = None
        """`(now_ms)`: what the server says before it ends the connection (serverShutdown)."""

    @property
    def waiting(self) -> int:
        return len(self._outbox)

    @property
    def waiting_bytes(self) -> int:
        return self._bytes

    def send(self, message: bytes, kind: int = WSMsgType.TEXT) -> None:
        self.send_frame(frame(message, kind))

    def send_frame(self, whole: bytes) -> None:
        """A frame as it goes over the wire. Frames of one turn of the event loop are written at once."""
        if not self.is_open:
            return
        if len(self._outbox) >= self._rules.waiting_most or self._bytes >= _BYTES_MOST:
            self.cut()
            return
        self._outbox.append(whole)
        self._bytes += len(whole)
        if not self._writing:
            self._writing = True
            self._loop.call_soon(self._write)

    def cut(self) -> None:
        """Ends the connection without a word: the peer does not read, or did not answer our pings."""
        self.is_open = False
        self._outbox.clear()
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

    async def shut_down(self, now_ms: int, reason: str) -> None:
        """The server ends the connection: it says so, then closes."""
        if self.farewell is not None:
            self.send(self.farewell(now_ms))
        await self.close(reason, WSCloseCode.GOING_AWAY)

    async def serve(self, on_text: OnText) -> None:
        """Reads until the connection ends; `on_text` gets every text message."""
        tasks = [asyncio.create_task(each) for each in (self._keep_alive(), self._end_of_life())]
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
                    self._ponged(bytes(message.data))
        finally:
            self.is_open = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _ponged(self, payload: bytes) -> None:
        """A pong that nobody asked for is let pass; it does not answer our pings."""
        if payload in self._pings:
            self._pings.clear()
            self._pinged_at = None

    def _too_many(self) -> bool:
        most = self._rules.incoming_per_second
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._received = second, 0
        self._received += 1
        return 0 < most < self._received

    def _write(self) -> None:
        """Hands the transport what waits, until its buffer is full; then looks again a little later."""
        outbox, transport = self._outbox, self._transport
        self._writing = False
        if transport.is_closing():
            outbox.clear()
            return
        while outbox:
            if transport.get_write_buffer_size() > _BUFFER_MOST:
                self._writing = True
                self._loop.call_later(_BUFFER_SECONDS, self._write)
                return
            if len(outbox) <= _FRAMES_A_WRITE:
                transport.write(b"".join(outbox))
                outbox.clear()
                self._bytes = 0
            else:
                some = b"".join([outbox.popleft() for _ in range(_FRAMES_A_WRITE)])
                self._bytes -= len(some)
                transport.write(some)

    async def _flush(self) -> None:
        """Until nothing waits here any more."""
        while self._outbox:
            self._write()
            if self._outbox:
                await asyncio.sleep(_BUFFER_SECONDS)

    async def _end_of_life(self) -> None:
        await asyncio.sleep(self._rules.lives)
        await self.shut_down(time.time_ns() // 1_000_000, "the connection is too old")

    async def _keep_alive(self) -> None:
        clock = time.monotonic
        while True:
            await asyncio.sleep(self._rules.ping_every)
            if self._pinged_at is None:
                self._pinged_at = clock()
            elif clock() - self._pinged_at >= self._rules.pong_within:
                self.cut()
                return
            payload = str(time.time_ns() // 1_000_000).encode()
            self._pings.add(payload)
            self.send(payload, WSMsgType.PING)
