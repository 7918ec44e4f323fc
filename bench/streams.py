"""Stream messages to ten listeners: the venue's market streams and a bare aiohttp fan-out, in turns."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from bench.row import Goal, Judged, Row
from bench.times import Spread

_LISTENERS = 10
_MARK = b'"e":"trade"'
_READ_SECONDS = 60
_PARENT_SECONDS = 10
_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@contextmanager
def _served() -> Iterator[dict[str, int]]:
    """Ports of both servers. Raises RuntimeError when they do not come up."""
    command = [sys.executable, "-m", "bench.stream_served"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own interpreter and module
        try:
            line = child.stdout.readline() if child.stdout else b""
            if not line:
                raise RuntimeError("the bench's stream servers did not start")
            yield json.loads(line)
        finally:
            if child.stdin:
                child.stdin.close()
            child.wait(_PARENT_SECONDS)


class Listener:
    """Counts messages without looking into them: the reader must not be what is measured."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._tail = b""

    async def take(self, messages: int) -> None:
        """Returns once `messages` more have come."""
        left = messages
        async with asyncio.timeout(_READ_SECONDS):
            while left > 0:
                data = self._tail + await self._reader.read(1 << 18)
                left -= data.count(_MARK)
                # A mark cut in two is counted with its second half.
                last = data.rfind(_MARK)
                self._tail = data[max(last + len(_MARK) if last >= 0 else 0, len(data) - len(_MARK) + 1) :]


@contextlib.asynccontextmanager
async def _listeners(port: int, path: str) -> AsyncIterator[list[Listener]]:
    writers, listeners = [], []
    for _ in range(_LISTENERS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        writer.write(_HANDSHAKE.format(path=path).encode())
        await reader.readuntil(b"\r\n\r\n")
        writers.append(writer)
        listeners.append(Listener(reader))
    try:
        yield listeners
    finally:
        for writer in writers:
            writer.close()


async def measure_streams(_folder: Path, messages: int = 1000, turns: int = 10) -> list[Row]:
    rates: dict[str, list[float]] = {"venue": [], "bare": []}
    with _served() as ports:
        async with (
            aiohttp.ClientSession() as session,
            _listeners(ports["venue"], "/ws/ethusdc@trade") as ours,
            _listeners(ports["bare"], "/") as theirs,
        ):

            async def pump(name: str) -> None:
                url = f"http://127.0.0.1:{ports['bare']}/pump/{name}?messages={messages}"
                async with session.get(url) as response:
                    response.raise_for_status()

            for turn in range(turns + 1):
                for name, listeners in (("venue", ours), ("bare", theirs)):
                    began = time.perf_counter()
                    await asyncio.gather(pump(name), *(each.take(messages) for each in listeners))
                    if turn:
                        rates[name].append(messages * _LISTENERS / (time.perf_counter() - began))
    return [
        Row(
            f"stream messages to {_LISTENERS} listeners, all together",
            "/s",
            Spread.of(rates["venue"]),
            "bare aiohttp fan-out",
            Spread.of(rates["bare"]),
            Goal(Judged.RATIO, 1.0, at_least=True),
        )
    ]
