"""Configures ccxt for an environment. The only file of the adapter that knows the word."""

import ssl
from dataclasses import dataclass
from typing import Any

import aiohttp
import certifi

from mm.domain.errors import ConfigurationError
from mm.exchange.ccxt_adapter.account_stream import AccountStream
from mm.exchange.ccxt_adapter.calls import Calls
from mm.exchange.ccxt_adapter.client import BinanceClient
from mm.exchange.ccxt_adapter.clock_sync import ClockSync
from mm.exchange.ccxt_adapter.exchange import CcxtExchange
from mm.exchange.ccxt_adapter.gateway import Gateway
from mm.exchange.ccxt_adapter.limiter import RateLimiter
from mm.exchange.ccxt_adapter.market_stream import MarketStream
from mm.exchange.ccxt_adapter.reader import Reader
from mm.exchange.ccxt_adapter.streams import Streams
from mm.exchange.ccxt_adapter.symbol import Symbol
from mm.exchange.credentials import Credentials
from mm.exchange.settings import ExchangeSettings
from mm.fields import seconds
from mm.ports import Clock
from mm.redaction import register_secret

_EXCHANGE_TIMEOUT = 10.0
"""Binance's own time-out for one request, in seconds (then it answers -1007)."""


@dataclass(frozen=True, slots=True)
class VenueEndpoint:
    """Where the local venue listens."""

    host: str
    port: int


def build_exchange(  # noqa: PLR0917 - one call, in the composition root
    environment: str,
    credentials: Credentials,
    settings: ExchangeSettings,
    symbol: str,
    clock: Clock,
    endpoint: VenueEndpoint | None = None,
    session: aiohttp.ClientSession | None = None,
    *,
    depth: int = 10,
) -> CcxtExchange:
    """The exchange of `sim` (at `endpoint`), `testnet` or `mainnet`. Call it inside the running loop.

    `session` replaces the adapter's own (the caller closes it); `depth` is how many levels a side BookSeen carries.
    Nothing is sent yet. Raises ConfigurationError for an unknown environment, or `sim` without an endpoint.
    """
    client = _client(environment, credentials, settings, endpoint)
    own_session = None
    if session is None:
        session = own_session = open_session(tls=environment != "sim")
    client.own_session = False
    client.session = session
    limiter = RateLimiter(clock, settings.weight_per_minute, settings.orders_per_10s, settings.cancel_reserve)
    client.use(clock, limiter)
    for part in (credentials.api_key, credentials.api_secret):
        register_secret(part.get_secret_value())
    clock_sync = ClockSync(client, clock)
    calls = Calls(client, clock, clock_sync, seconds(settings.request_timeout))
    traded = Symbol(symbol)
    recv_window = round(seconds(settings.recv_window) * 1000)
    reader = Reader(calls, traded, recv_window)
    market = MarketStream(
        calls, limiter, clock, symbol=traded, reader=reader, depth=depth, silence=seconds(settings.silence_after)
    )
    account = AccountStream(calls, limiter, clock, traded, reader)
    return CcxtExchange(
        calls=calls,
        clock_sync=clock_sync,
        gateway=Gateway(calls, traded, limiter, recv_window),
        reader=reader,
        streams=Streams(client, clock, market, account, reader),
        own_session=own_session,
        fence_seconds=seconds(settings.recv_window) + _EXCHANGE_TIMEOUT + seconds(settings.fence_margin),
    )


def open_session(*, tls: bool, connector: aiohttp.BaseConnector | None = None) -> aiohttp.ClientSession:
    """A session that follows no redirect: one would send a signed request, an order even, a second time elsewhere."""
    if connector is None:
        context: ssl.SSLContext | bool = ssl.create_default_context(cafile=certifi.where()) if tls else True
        connector = aiohttp.TCPConnector(ssl=context)
    return aiohttp.ClientSession(connector=connector, middlewares=(_refuse_redirects,))


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientPayloadError("the exchange answered with a redirect, which is never followed")
    return response


def _client(
    environment: str, credentials: Credentials, settings: ExchangeSettings, endpoint: VenueEndpoint | None
) -> BinanceClient:
    timeout_ms = round(seconds(settings.request_timeout) * 1000)
    config: dict[str, Any] = {
        "apiKey": credentials.api_key.get_secret_value(),
        "secret": credentials.api_secret.get_secret_value(),
        "timeout": timeout_ms,
        # The limiter is ours: ccxt's slows orders and knows neither weights of zero nor the count of orders.
        "enableRateLimit": False,
        "rateLimiterAlgorithm": "rollingWindow",
        "streaming": {
            "keepAlive": round(seconds(settings.keep_alive) * 1000),
            "maxPingPongMisses": 2,
            "connectionTimeout": max(1000, timeout_ms),
        },
        "options": {
            "defaultType": "spot",
            "fetchMarkets": {"types": ["spot"]},
            "fetchMargins": False,
            "fetchCurrencies": False,
            "recvWindow": round(seconds(settings.recv_window) * 1000),
            "maxRetriesOnFailure": 0,
            # `parse_market` looks these up; ccxt fills them only when it loads every market.
            "crossMarginPairsData": [],
            "isolatedMarginPairsData": [],
            "ws": {"cost": 0.2},
        },
    }
    if environment == "sim":
        if endpoint is None:
            raise ConfigurationError("the sim environment needs the venue's address", "start it with `mm sim start`")
        config["urls"] = {"api": _venue_urls(endpoint)}
    elif environment not in ("testnet", "mainnet"):
        raise ConfigurationError(f"unknown environment {environment!r}", "choose sim, testnet or mainnet")
    client = BinanceClient(config)
    if environment == "testnet":
        client.set_sandbox_mode(True)
    if environment == "sim":
        # ccxt applies the spot error map to Binance's own hosts only.
        client.exceptions = client.deep_extend(client.exceptions, {"exact": client.exceptions["spot"]["exact"]})
    client.enableLastHttpResponse = client.enableLastResponseHeaders = client.enableLastJsonResponse = False
    client.timeout_on_exit = 0
    return client


def _venue_urls(endpoint: VenueEndpoint) -> dict[str, Any]:
    host = f"{endpoint.host}:{endpoint.port}"
    return {
        "public": f"http://{host}/api/v3",
        "private": f"http://{host}/api/v3",
        "sapi": f"http://{host}/sapi/v1",
        # The address must contain /stream: by that ccxt knows a spot market.
        "ws": {"spot": f"ws://{host}/stream/ws", "ws-api": {"spot": f"ws://{host}/ws-api/v3"}},
    }
