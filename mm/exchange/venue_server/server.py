"""The server: one port for REST, market streams, the WebSocket API and the venue's own admin requests."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server.admin import Admin
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.files import Flavour
from mm.exchange.venue_server.keyring import Keyring
from mm.exchange.venue_server.limits import ConnectionLimit, WeightLimit
from mm.exchange.venue_server.market import Flow, MarketClock, NoFlow
from mm.exchange.venue_server.market_data import symbol_names
from mm.exchange.venue_server.rest import Rest
from mm.exchange.venue_server.served import Served, system_clock_ms
from mm.exchange.venue_server.socket import Socket, SocketRules
from mm.exchange.venue_server.stream_session import StreamSession
from mm.exchange.venue_server.streams import Streams
from mm.exchange.venue_server.time_unit import is_microsecond
from mm.exchange.venue_server.user_data import UserData
from mm.exchange.venue_server.websocket_api import CONNECT_WEIGHT, ApiSession

_MESSAGE_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """`port` 0: any free one. `waits`: the flow stands still until the first market stream is subscribed.
    `self_driven` False: nobody advances the flow but the caller (virtual time in tests)."""

    host: str = "127.0.0.1"
    port: int = 0
    flavour: Flavour = "mainnet"
    waits: bool = False
    self_driven: bool = True
    now_ms: Callable[[], int] = system_clock_ms
    streams: SocketRules = field(default_factory=lambda: SocketRules(incoming_per_second=5))
    websocket_api: SocketRules = field(default_factory=SocketRules)
    weight_per_minute: int = 6000
    connections_per_5_minutes: int = 300


class VenueServer:
    """Serves `venue`; `keys` are the keys there are, or HMAC secrets by API key."""

    def __init__(self, venue: Venue, flow: Flow, keys: Keyring | dict[str, str], options: ServerOptions) -> None:
        self.venue = venue
        self.flow = flow
        self.options = options
        self.host = options.host
        self.port = options.port
        self.served = Served(
            venue,
            keys if isinstance(keys, Keyring) else Keyring.of_secrets(keys),
            now_ms=options.now_ms,
            flavour=options.flavour,
            weights=WeightLimit(options.weight_per_minute),
        )
        self.user_data = UserData(self.served)
        self.clock = MarketClock(flow, options.now_ms, waits=options.waits)
        self.streams = Streams(venue, symbol_names(self.served), options.now_ms, self.clock.begin)
        self.admin: Admin | None = None
        most = options.connections_per_5_minutes
        self._connections = {"websocket api": ConnectionLimit(most), "market streams": ConnectionLimit(most)}
        self._rest = Rest(self.served)
        self._sockets: dict[Socket, None] = {}
        self._runner: web.ServerRunner | None = None
        self._market: asyncio.Task[None] | None = None

    @property
    def market(self) -> "asyncio.Task[None] | None":
        """The task that drives the market; it ends only by an error."""
        return self._market

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """Open WebSocket connections, oldest first."""
        return tuple(self._sockets)

    async def start(self, ssl_context: ssl.SSLContext | None = None, port: int | None = None) -> None:
        """Listens on `port`, else on that of the options. Raises OSError when it is taken; may then be tried again."""
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=1.0)
        await runner.setup()
        wanted = self.options.port if port is None else port
        try:
            await web.TCPSite(runner, self.options.host, wanted, ssl_context=ssl_context).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.host, self.port = runner.addresses[0][:2]
        if self.options.self_driven:
            self._market = asyncio.create_task(self.clock.run(self.streams))

    async def stop(self) -> None:
        if self._market is not None:
            self._market.cancel()
            await asyncio.wait([self._market])
        for socket in tuple(self._sockets):
            await socket.shut_down(self.options.now_ms(), "Server is shutting down")
        if self._runner is not None:
            await self._runner.cleanup()
        self.streams.stop()
        self.user_data.stop()

    def account_changed(self, api_key: str, old_uid: int | None) -> None:
        """The key has another account from now on; who listened to the old one is told that it ended."""
        self.served.forget_account(api_key)
        if old_uid is not None:
            self.user_data.terminate(old_uid, self.options.now_ms())

    # --- requests -------------------------------------------------------------------------

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if path.startswith(("/api/", "/sapi/")):
            return await self._rest.answer(request, path, query)
        if path.startswith("/mm/") and self.admin is not None:
            return await self.admin.answer(request, path, query)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            if path == "/ws-api/v3":
                return await self._websocket_api(request, query)
            if path in {"/ws", "/stream"} or path.startswith(("/ws/", "/stream/")):
                return await self._market_streams(request, path, query)
        return web.Response(status=404, text="", content_type="text/html")

    async def _websocket_api(self, request: web.BaseRequest, query: str) -> web.StreamResponse:
        asked = dict(parse_qsl(query))
        address, now_ms = request.remote or "", self.options.now_ms()
        try:
            self._connections["websocket api"].count(address, now_ms)
            self.served.weights.charge(address, CONNECT_WEIGHT, now_ms)
            microseconds = is_microsecond(asked.get("timeUnit", "MILLISECOND"))
        except ApiError as error:
            return _refused(error)
        async with self._socket(request, self.options.websocket_api) as (socket, response):
            session = ApiSession(
                self.served,
                socket,
                self.user_data,
                address,
                tell_limits=asked.get("returnRateLimits", "true").lower() != "false",
                microseconds=microseconds,
            )
            socket.farewell = session.farewell
            try:
                await socket.serve(session.on_text)
            finally:
                session.close()
        return response

    async def _market_streams(self, request: web.BaseRequest, path: str, query: str) -> web.StreamResponse:
        # /stream is combined; /ws and /stream/ws (where ccxt is pointed) send bare events.
        combined = path == "/stream"
        asked = dict(parse_qsl(query))
        address, now_ms = request.remote or "", self.options.now_ms()
        try:
            self.served.weights.check_ban(address, now_ms)
            self._connections["market streams"].count(address, now_ms)
            microseconds = is_microsecond(asked.get("timeUnit", "MILLISECOND"))
        except ApiError as error:
            return _refused(error)
        if combined:
            names = asked.get("streams", "").split("/")
        else:
            names = path.removeprefix("/stream").removeprefix("/ws").strip("/").split("/")
        async with self._socket(request, self.options.streams) as (socket, response):
            session = StreamSession(self.streams, socket, combined=combined, microseconds=microseconds)
            socket.farewell = session.farewell
            session.subscribe_by_path(names)
            try:
                await socket.serve(session.on_text)
            finally:
                session.close()
        return response

    @contextlib.asynccontextmanager
    async def _socket(
        self, request: web.BaseRequest, rules: SocketRules
    ) -> AsyncIterator[tuple[Socket, web.WebSocketResponse]]:
        response = web.WebSocketResponse(timeout=1.0, autoping=False, compress=False, max_msg_size=_MESSAGE_MOST)
        await response.prepare(request)
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client left while it was being answered")
        socket = Socket(response, transport, rules)
        self._sockets[socket] = None
        try:
            yield socket, response
        finally:
            del self._sockets[socket]


def _refused(error: ApiError) -> web.Response:
    """A connection that is not made."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    return web.Response(
        status=error.status, body=orjson.dumps(error.body()), headers=headers, content_type="application/json"
    )


@contextlib.asynccontextmanager
async def running_server(
    venue: Venue,
    flow: Flow | None = None,
    *,
    secrets: Keyring | dict[str, str],
    options: ServerOptions | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> AsyncIterator[VenueServer]:
    """The server in this process, on a free loopback port; the caller owns (and closes) the venue.

    `secrets`: the keys there are, or HMAC secrets by API key.
    """
    server = VenueServer(venue, flow or NoFlow(), secrets, options or ServerOptions())
    await server.start(ssl_context)
    try:
        yield server
    finally:
        await server.stop()
