"""Testnet and mainnet without the internet: ccxt's own addresses over TLS, every host name mapped or refused."""

import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import aiohttp
import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from mm.clock.live import LiveClock
from mm.domain.errors import ConfigurationError, ExchangeError
from mm.domain.events import BookSeen, FillSeen
from mm.domain.order import OrderReport, OrderStatus
from mm.exchange.ccxt_adapter.connect import build_exchange, open_session
from mm.exchange.ccxt_adapter.exchange import CcxtExchange
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder
from mm.exchange.venue_server.files import Flavour
from mm.exchange.venue_server.server import ServerOptions, running_server
from mm.ports import NotSent, Rejected
from tests.contract.bench import KEY, OTHER_KEY, RULES, SECRET, SYMBOL, intent, run, until
from tests.contract.venue_through_ccxt import credentials, settings
from tests.integration.test_adapter_streams import streaming

HOSTS = {
    "mainnet": ("api.binance.com", "stream.binance.com", "ws-api.binance.com"),
    "testnet": ("testnet.binance.vision", "stream.testnet.binance.vision", "ws-api.testnet.binance.vision"),
}


class OnlyTheVenue(AbstractResolver):
    """Sends the named hosts to the venue's port on loopback and refuses all others; remembers who was asked for."""

    def __init__(self, hosts: tuple[str, ...], port: int) -> None:
        self._hosts = hosts
        self._port = port
        self.asked: set[str] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.add(host)
        if host not in self._hosts:
            raise OSError(f"{host} is no host of this environment")
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextlib.asynccontextmanager
async def environment(
    name: str, authority: trustme.CA, hosts: tuple[str, ...] | None = None
) -> AsyncIterator[tuple[CcxtExchange, OnlyTheVenue, Venue, int]]:
    flavours: dict[str, Flavour] = {"mainnet": "mainnet", "testnet": "testnet"}
    hosts = HOSTS[name] if hosts is None else hosts
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS[name]).configure_cert(server_tls)
    client_tls = ssl.create_default_context()
    authority.configure_trust(client_tls)
    venue = Venue({SYMBOL: RULES}, lambda: time.time_ns() // 1_000_000)
    rate = Decimal("0.001")
    venue.open_account({"USDC": Decimal(1000), "ETH": Decimal(1)}, rate, rate, KEY)
    other = venue.open_account({"USDC": Decimal(100000), "ETH": Decimal(100)}, rate, rate, OTHER_KEY).uid
    options = ServerOptions(flavour=flavours[name])
    async with running_server(venue, secrets={KEY: SECRET}, options=options, ssl_context=server_tls) as server:
        resolver = OnlyTheVenue(hosts, server.port)
        connector = aiohttp.TCPConnector(resolver=resolver, ssl=client_tls, use_dns_cache=False)
        session = open_session(tls=True, connector=connector)
        exchange = build_exchange(name, credentials(), settings(), SYMBOL, LiveClock(), None, session)
        try:
            yield exchange, resolver, venue, other
        finally:
            await exchange.close()
            await session.close()
    venue.close()


def rest(venue: Venue, uid: int, side: str, price: str, size: str) -> None:
    order = NewOrder(
        symbol=SYMBOL, side=side, type="LIMIT", time_in_force="GTC", quantity=Decimal(size), price=Decimal(price)
    )
    venue.place(uid, order)


@pytest.mark.parametrize("name", ["mainnet", "testnet"])
def test_the_whole_way_over_unchanged_addresses(name: str, authority: trustme.CA) -> None:
    async def case() -> None:
        async with environment(name, authority) as (exchange, resolver, venue, other):
            rest(venue, other, "BUY", "2999.00", "1")
            rest(venue, other, "SELL", "3001.00", "1")
            assert (await exchange.instrument(SYMBOL)).tick_size == Decimal("0.01")
            assert (await exchange.fee_rates(SYMBOL)).maker == Decimal("0.001")
            assert (await exchange.account()).can_trade
            permissions = await exchange.key_permissions()
            assert (permissions is None) == (name == "testnet"), "testnet has no sapi"
            async with streaming(exchange) as seen:
                await until(lambda: seen.ups("account") == 1 and bool(seen.of(BookSeen)), "streams up")
                order = intent(price="3000.00")
                placed = await exchange.place(order)
                assert isinstance(placed, OrderReport), placed
                rest(venue, other, "SELL", "3000.00", "0.0100")
                await until(lambda: bool(seen.of(FillSeen)), "the fill")
                assert seen.of(FillSeen)[0].fill.client_id == order.client_id
            done = await exchange.order(order.client_id)
            assert done is not None
            assert done.status is OrderStatus.FILLED
            refused = await exchange.place(intent(price="3001.00"))
            assert isinstance(refused, Rejected)
            assert refused.reason == "would_match"
            missing = await exchange.cancel("mm-test01-none")
            assert isinstance(missing, Rejected)
            assert missing.code == -2011
            assert resolver.asked == set(HOSTS[name]), "exactly these hosts were contacted"

    run(case())


@pytest.mark.parametrize("name", ["mainnet", "testnet"])
def test_another_host_is_refused(name: str, authority: trustme.CA) -> None:
    """The resolver that proves the test above does refuse: without the host nothing is read and nothing is sent."""

    async def case() -> None:
        async with environment(name, authority, hosts=("localhost",)) as (exchange, resolver, _, _other):
            with pytest.raises(ExchangeError):
                await exchange.instrument(SYMBOL)
            assert isinstance(await exchange.place(intent()), NotSent)
            assert resolver.asked == {HOSTS[name][0]}

    run(case())


def test_a_stranger_certificate_is_refused() -> None:
    async def case() -> None:
        async with environment("mainnet", trustme.CA()) as (exchange, _, venue, _other):
            stranger = ssl.create_default_context()
            connector = aiohttp.TCPConnector(
                resolver=OnlyTheVenue(HOSTS["mainnet"], _port_of(exchange)), ssl=stranger, use_dns_cache=False
            )
            session = open_session(tls=True, connector=connector)
            other = build_exchange("mainnet", credentials(), settings(), SYMBOL, LiveClock(), None, session)
            try:
                with pytest.raises(ExchangeError):
                    await other.server_time_ms()
            finally:
                await other.close()
                await session.close()
            assert venue.accounts()

    run(case())


def _port_of(exchange: CcxtExchange) -> int:
    resolver = exchange._calls.client.session.connector._resolver
    assert isinstance(resolver, OnlyTheVenue)
    return resolver._port


def test_an_unknown_environment_is_refused() -> None:
    async def case() -> None:
        for name in ("sim", "paper"):
            with pytest.raises(ConfigurationError):
                build_exchange(name, credentials(), settings(), SYMBOL, LiveClock(), None)

    run(case())
