"""A venue with its server in this process, a raw signed client, ccxt pointed at it, and polling with a deadline."""

import asyncio
import contextlib
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import aiohttp

from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder
from mm.exchange.venue_server.market import Flow
from mm.exchange.venue_server.server import ServerOptions, VenueServer, running_server

KEY, SECRET = "K" * 64, "S" * 64
OTHER_KEY = "O" * 64
SYMBOL = "ETHUSDC"


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(coroutine, 30))


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def signature(payload: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


async def until(
    condition: Callable[[], bool] | Callable[[], Awaitable[bool]], what: str = "", seconds: float = 10
) -> None:
    """Polls until the condition holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        held = condition()
        if not isinstance(held, bool):
            held = await held
        if held:
            return
        assert time.monotonic() < deadline, f"did not happen in {seconds} s: {what}"
        await asyncio.sleep(0.005)


@dataclass
class Bench:
    """The server under test, its venue, the account of KEY and an account of another trader."""

    server: VenueServer
    session: aiohttp.ClientSession
    uid: int
    other: int
    used_weights: list[int] = field(default_factory=list)

    @property
    def venue(self) -> Venue:
        return self.server.venue

    @property
    def host(self) -> str:
        return f"{self.server.host}:{self.server.port}"

    async def call(
        self, method: str, path: str, query: str = "", body: str | None = None, key: str | None = None
    ) -> tuple[int, Any, Any]:
        """Sends exactly these texts; answers status, JSON (None when it is none) and headers."""
        headers = {} if key is None else {"X-MBX-APIKEY": key}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        from yarl import URL

        url = URL(f"http://{self.host}{path}{'?' + query if query else ''}", encoded=True)
        async with self.session.request(method, url, data=body, headers=headers) as response:
            is_json = "json" in response.headers.get("Content-Type", "")
            return response.status, await response.json() if is_json else None, response.headers

    async def signed(self, method: str, path: str, **parameters: Any) -> tuple[int, Any, Any]:
        """Everything in the query string, signed in the order given."""
        query = urlencode({**parameters, "timestamp": wall_ms()})
        return await self.call(method, path, f"{query}&signature={signature(query)}", key=KEY)

    async def upgrade(self, path: str) -> tuple[int, Any, Any]:
        """Asks for a WebSocket that will be refused; answers status, JSON and headers."""
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        async with self.session.get(f"http://{self.host}{path}", headers=headers) as response:
            return response.status, await response.json(), response.headers

    async def place(self, **changes: Any) -> tuple[int, Any, Any]:
        return await self.signed("POST", "/api/v3/order", **{**ORDER, **changes})

    def other_places(self, side: str, price: str, quantity: str, kind: str = "LIMIT") -> None:
        self.venue.place(
            self.other,
            NewOrder(
                symbol=SYMBOL,
                side=side,
                type=kind,
                price=Decimal(price),
                quantity=Decimal(quantity),
                time_in_force="GTC" if kind == "LIMIT" else None,
            ),
        )

    def ccxt_config(self) -> dict[str, Any]:
        import ccxt

        return {
            "apiKey": KEY,
            "secret": SECRET,
            "timeout": 5000,
            "rateLimiterAlgorithm": "rollingWindow",
            "exceptions": {"exact": ccxt.binance().exceptions["spot"]["exact"]},
            "urls": {
                "api": {
                    "public": f"http://{self.host}/api/v3",
                    "private": f"http://{self.host}/api/v3",
                    "sapi": f"http://{self.host}/sapi/v1",
                    "ws": {
                        "spot": f"ws://{self.host}/stream/ws",
                        "ws-api": {"spot": f"ws://{self.host}/ws-api/v3"},
                    },
                }
            },
            "options": {
                "defaultType": "spot",
                "fetchMarkets": {"types": ["spot"]},
                "fetchMargins": False,
                "fetchCurrencies": False,
                "recvWindow": 2000,
                "ws": {"cost": 0.2},
            },
        }


ORDER = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.0100", "price": "2990.00"}


@contextlib.asynccontextmanager
async def bench(
    flow: Flow | None = None,
    options: ServerOptions | None = None,
    *,
    others: Mapping[str, Callable[[], Flow]] | None = None,
    now_ms: Callable[[], int] = wall_ms,
) -> AsyncIterator[Bench]:
    """KEY holds 1000 USDC and 1 ETH, the other trader plenty; the book is empty. `now_ms` is the venue's clock."""
    venue = Venue(default_symbols(), now_ms)
    fee = Decimal("0.001")
    own = venue.open_account({"USDC": Decimal(1000), "ETH": Decimal(1)}, fee, fee, KEY)
    plenty = {"USDC": Decimal(10_000_000), "ETH": Decimal(1000)}
    other = venue.open_account(plenty, fee, fee, OTHER_KEY)
    try:
        async with (
            running_server(venue, flow, secrets={KEY: SECRET}, options=options, others=others) as server,
            aiohttp.ClientSession() as session,
        ):
            yield Bench(server, session, own.uid, other.uid)
    finally:
        venue.close()
