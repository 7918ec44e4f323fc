"""The other process of the stream bench: a venue's market streams, and a bare aiohttp WebSocket fan-out beside them."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import WSMsgType, web

from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server.served import system_clock_ms
from mm.exchange.venue_server.server import ServerOptions, running_server

SYMBOL = "ETHUSDC"
BURST = 10
"""Trades of one step of the market: they come together, as a sweep's do."""

Pump = Callable[[int], Awaitable[None]]


class VenuePump:
    """Trades of the anonymous market, through tape, commit and streams."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._market = venue.market(SYMBOL)

    async def __call__(self, messages: int) -> None:
        for number in range(messages):
            self._venue.matching.print_recorded(
                self._market, 300_000 + number % 7, 100 + number % 11, buyer_is_maker=number % 3 == 0
            )
            if number % BURST == BURST - 1:
                self._venue.commit()
                await asyncio.sleep(0)
        self._venue.commit()


class BarePump:
    """The least a Python server can do: encode a message once and send it to each socket."""

    def __init__(self) -> None:
        self.sockets: list[web.WebSocketResponse] = []

    async def __call__(self, messages: int) -> None:
        for number in range(messages):
            message = orjson.dumps(
                {
                    "e": "trade",
                    "E": system_clock_ms(),
                    "s": SYMBOL,
                    "t": number,
                    "p": "3000.00000000",
                    "q": "0.01000000",
                    "T": system_clock_ms(),
                    "m": True,
                    "M": True,
                }
            )
            for socket in self.sockets:
                await socket.send_frame(message, WSMsgType.TEXT)
            if number % BURST == BURST - 1:
                await asyncio.sleep(0)


async def _serve() -> None:
    venue = Venue(default_symbols(), system_clock_ms)
    bare = BarePump()
    pumps: dict[str, Pump] = {"/pump/venue": VenuePump(venue), "/pump/bare": bare}

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        pump = pumps.get(request.path)
        if pump is not None:
            await pump(int(request.query["messages"]))
            return web.Response(text="done")
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        bare.sockets.append(socket)
        async for _ in socket:
            pass
        bare.sockets.remove(socket)
        return socket

    try:
        async with running_server(venue, secrets={}, options=ServerOptions(self_driven=False)) as server:
            other = web.ServerRunner(web.Server(answer, access_log=None))
            await other.setup()
            await web.TCPSite(other, "127.0.0.1", 0).start()
            sys.stdout.write(json.dumps({"venue": server.port, "bare": other.addresses[0][1]}) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)
            await other.cleanup()
    finally:
        venue.close()


if __name__ == "__main__":
    asyncio.run(_serve())
