"""The server: one port for REST, market streams and the WebSocket API."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.requests import ACCOUNT_STREAM
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.fault_doors import ServerDoors, skewed
from mm.exchange.venue_server.fault_keeper import FaultKeeper
from mm.exchange.venue_server.faulty_api_session import FaultyApiSession
from mm.exchange.venue_server.faulty_requests import FaultyRequests
from mm.exchange.venue_server.faulty_socket import FaultySocket
from mm.exchange.venue_server.faulty_streams import FaultyStreamSession
from mm.exchange.venue_server.files import Flavour
from mm.exchange.venue_server.keyring import Keyring
from mm.exchange.venue_server.limits import ConnectionLimit, WeightLimit
from mm.exchange.venue_server.market import Flow, MarketClock, Markets, NoFlow
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
_http_log = logging.getLogger("mm.venue.http")


def _is_no_garbage(record: logging.LogRecord) -> bool:
    """What is no HTTP is answered 400; a line for each, with what was sent, would only fill the log."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_http_log.addFilter(_is_no_garbage)


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
    """Serves `venue`; `keys` are the keys there are, or HMAC secrets by API key.

    `flow` drives `main_symbol` (None: not said); `others` make the markets of further symbols once somebody looks.
    """

    def __init__(
        self,
        venue: Venue,
        flow: Flow,
        keys: Keyring | dict[str, str],
        options: ServerOptions,
        *,
        main_symbol: str | None = None,
        others: Mapping[str, Callable[[], Flow]] | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        self.venue = venue
        self.flow = flow
        self.options = options
        self.host = options.host
        self.port = options.port
        self.faults = faults
        told_ms = options.now_ms if faults is None else skewed(faults, options.now_ms)
        self.served = Served(
            venue,
            keys if isinstance(keys, Keyring) else Keyring.of_secrets(keys),
            now_ms=told_ms,
            flavour=options.flavour,
            weights=WeightLimit(options.weight_per_minute),
        )
        self.user_data = UserData(self.served)
        self.markets = Markets(flow, others or {}, options.now_ms)
        self.served.wake = self.markets.wake
        self.clock = MarketClock(self.markets, options.now_ms, waits=options.waits)
        self._main_symbol = main_symbol
        self.streams = Streams(venue, symbol_names(self.served), told_ms, self._watched)
        most = options.connections_per_5_minutes
        self._connections = {"websocket api": ConnectionLimit(most), "market streams": ConnectionLimit(most)}
        self._rest = Rest(self.served)
        self._sockets: dict[Socket, None] = {}
        self.runner: web.ServerRunner | None = None
        self.ssl_context: ssl.SSLContext | None = None
        self._market: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    def _watched(self, symbol: str) -> None:
        self.markets.wake(symbol)
        if self._main_symbol in {None, symbol}:
            self.clock.begin()

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
        answer = self._answer
        if self.faults is not None:
            answer = FaultyRequests(self._answer, self.served, self.faults, self.options.now_ms).answer
        runner = web.ServerRunner(web.Server(answer, access_log=None, logger=_http_log), shutdown_timeout=1.0)
        await runner.setup()
        wanted = self.options.port if port is None else port
        try:
            await web.TCPSite(runner, self.options.host, wanted, ssl_context=ssl_context).start()
        except OSError:
            await runner.cleanup()
            raise
        self.runner, self.ssl_context = runner, ssl_context
        self.host, self.port = runner.addresses[0][:2]
        if self.options.self_driven:
            self._market = asyncio.create_task(self.clock.run(self.streams))
        if self.faults is not None:
            self._keeper = asyncio.create_task(FaultKeeper(ServerDoors(self), self.faults, self.options.now_ms).run())

    async def stop(self) -> None:
        for task in (self._market, self._keeper):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        for socket in tuple(self._sockets):
            await socket.shut_down(self.options.now_ms(), "Server is shutting down")
        if self.runner is not None:
            await self.runner.cleanup()
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
        async with self._socket(request, self.options.websocket_api, ACCOUNT_STREAM) as (socket, response):
            tell = asked.get("returnRateLimits", "true").lower() != "false"
            about = (self.user_data, address)
            session = (
                FaultyApiSession(self.served, socket, *about, tell_limits=tell, microseconds=microseconds)
                if isinstance(socket, FaultySocket)
                else ApiSession(self.served, socket, *about, tell_limits=tell, microseconds=microseconds)
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
        async with self._socket(request, self.options.streams, "market") as (socket, response):
            session: StreamSession
            if isinstance(socket, FaultySocket):
                session = FaultyStreamSession(
                    self.streams, socket, self.venue, combined=combined, microseconds=microseconds
                )
            else:
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
        self, request: web.BaseRequest, rules: SocketRules, carries: str
    ) -> AsyncIterator[tuple[Socket, web.WebSocketResponse]]:
        response = web.WebSocketResponse(timeout=1.0, autoping=False, compress=False, max_msg_size=_MESSAGE_MOST)
        await response.prepare(request)
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client left while it was being answered")
        if self.faults is None:
            socket = Socket(response, transport, rules)
        else:
            socket = FaultySocket(
                response, transport, rules, plan=self.faults, true_ms=self.options.now_ms, carries=carries
            )
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
    others: Mapping[str, Callable[[], Flow]] | None = None,
    faults: FaultPlan | None = None,
) -> AsyncIterator[VenueServer]:
    """The server in this process, on a free loopback port; the caller owns (and closes) the venue.

    `secrets`: the keys there are, or HMAC secrets by API key. `faults` hold for all who talk to it; its plan may grow.
    """
    server = VenueServer(venue, flow or NoFlow(), secrets, options or ServerOptions(), others=others, faults=faults)
    await server.start(ssl_context)
    try:
        yield server
    finally:
        await server.stop()
