"""The venue's server in this process, and the adapter talking to it over loopback."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from mm.clock.live import LiveClock
from mm.domain.order import OrderIntent
from mm.exchange.ccxt_adapter.connect import VenueEndpoint, build_exchange
from mm.exchange.ccxt_adapter.exchange import CcxtExchange
from mm.exchange.credentials import Credentials
from mm.exchange.settings import ExchangeSettings
from mm.exchange.venue_server.server import ServerOptions, VenueServer, running_server
from tests.contract.bench import KEY, SECRET, SYMBOL, Bench, accounts


def settings(**changes: Any) -> ExchangeSettings:
    return ExchangeSettings(**{"request_timeout": timedelta(seconds=5), **changes})


def credentials(key: str = KEY, secret: str = SECRET) -> Credentials:
    return Credentials(SecretStr(key), SecretStr(secret))


@dataclass(kw_only=True)
class Wired(Bench[CcxtExchange]):
    """A venue, its server, the adapter."""

    server: VenueServer

    async def amend(self, client_id: str, size: str) -> Mapping[str, Any]:
        # ccxt has no method for it; its general request does.
        answer = await self.exchange._calls.client.request(
            "order/amend/keepPriority",
            ["private"],
            "PUT",
            {"symbol": SYMBOL, "origClientOrderId": client_id, "newClientOrderId": client_id, "newQty": size},
        )
        amended: Mapping[str, Any] = answer["amendedOrder"]
        return amended

    async def replace(self, client_id: str, order: OrderIntent) -> None:
        await self.exchange._calls.client.private_post_order_cancelreplace(
            {
                "symbol": SYMBOL,
                "side": order.side.value,
                "type": order.type.value,
                "quantity": f"{order.lots / 10000:.4f}",
                "price": f"{order.ticks / 100:.2f}",
                "newClientOrderId": order.client_id,
                "cancelOrigClientOrderId": client_id,
                "cancelReplaceMode": "STOP_ON_FAILURE",
            }
        )


@contextlib.asynccontextmanager
async def wired(
    *,
    deposits: dict[str, str] | None = None,
    options: ServerOptions | None = None,
    exchange_settings: ExchangeSettings | None = None,
    book: bool = True,
) -> AsyncIterator[Wired]:
    """`book`: the other account quotes (see `Bench.quote`)."""
    made = accounts(deposits)
    async with (
        running_server(made.venue, secrets={KEY: SECRET}, options=options) as server,
        adapter(server, exchange_settings=exchange_settings) as exchange,
    ):
        await exchange.instrument(SYMBOL)
        bench = Wired(venue=made.venue, own=made.own, other=made.other, server=server, exchange=exchange)
        if book:
            bench.quote()
        yield bench
    made.venue.close()


@contextlib.asynccontextmanager
async def adapter(
    server: VenueServer, secret: str = SECRET, exchange_settings: ExchangeSettings | None = None
) -> AsyncIterator[CcxtExchange]:
    """The adapter on the server, with KEY and `secret`."""
    exchange = build_exchange(
        "sim",
        credentials(secret=secret),
        exchange_settings or settings(),
        SYMBOL,
        LiveClock(),
        VenueEndpoint(server.host, server.port),
    )
    try:
        yield exchange
    finally:
        await exchange.close()
