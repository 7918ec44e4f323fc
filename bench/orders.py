"""An order to the venue and back: our gateway, bare aiohttp, and a bare echo server, all in turns."""

import asyncio
import itertools
import time
from decimal import Decimal
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from bench.bare_client import PRICE, SIZE, BareClient
from bench.row import Goal, Judged, Row
from bench.served import KEY, SECRET, SYMBOL, Ports, served
from bench.times import Spread, in_turns
from mm.clock.live import LiveClock
from mm.domain.order import OrderIntent, OrderReport, OrderType, Side
from mm.exchange.ccxt_adapter.connect import VenueEndpoint, build_exchange
from mm.exchange.ccxt_adapter.exchange import CcxtExchange
from mm.exchange.credentials import Credentials
from mm.exchange.settings import ExchangeSettings

_IN_FLIGHT = 8
_BURST = 160
_BURSTS = 8
_UNLIMITED = 10**9


def bench_exchange(port: int, session: aiohttp.ClientSession | None = None) -> CcxtExchange:
    """The adapter with its limiter wide open: the bench sends more in a second than the bot may."""
    settings = ExchangeSettings.model_construct(orders_per_10s=_UNLIMITED, weight_per_minute=_UNLIMITED)
    keys = Credentials(SecretStr(KEY), SecretStr(SECRET))
    return build_exchange("sim", keys, settings, SYMBOL, LiveClock(), VenueEndpoint("127.0.0.1", port), session)


async def measure_orders(folder: Path, rounds: int) -> list[Row]:
    with served(folder) as ports:
        async with aiohttp.ClientSession() as session:
            exchange = bench_exchange(ports.venue)
            try:
                return [await _round_trips(exchange, session, ports, rounds), await _rates(session, ports)]
            finally:
                await exchange.close()


async def _round_trips(exchange: CcxtExchange, session: aiohttp.ClientSession, ports: Ports, rounds: int) -> Row:
    grid = await exchange.instrument(SYMBOL)
    ticks, lots = grid.ticks(Decimal(PRICE)), grid.lots(Decimal(SIZE))
    bare_client = BareClient(session, ports.venue)
    numbers = itertools.count()
    left: list[str] = []

    async def ours() -> None:
        client_id = f"mm-bench0-{next(numbers)}"
        intent = OrderIntent(client_id, SYMBOL, Side.BUY, OrderType.LIMIT_MAKER, ticks, lots, time.time_ns())
        answer = await exchange.place(intent)
        if not isinstance(answer, OrderReport):
            raise TypeError(f"not placed: {answer}")
        left.append(client_id)

    async def bare() -> None:
        client_id = f"mm-bench0-{next(numbers)}"
        await bare_client.place(client_id)
        left.append(client_id)

    async def cancel_both() -> None:
        while left:
            await bare_client.cancel(left.pop())

    own, reference, _ = await in_turns((ours, bare, cancel_both), rounds)
    return Row(
        "order round trip through the gateway, no commit",
        "µs",
        own,
        "bare signed aiohttp POST",
        reference,
        Goal(Judged.RATIO, 1.5),
    )


async def _rates(session: aiohttp.ClientSession, ports: Ports) -> Row:
    """Placing and cancelling, `_IN_FLIGHT` at a time."""
    numbers = itertools.count()
    rates: dict[int, list[float]] = {ports.venue: [], ports.echo: []}

    async def worker(client: BareClient, canceled: str) -> None:
        for _ in range(_BURST // _IN_FLIGHT // 2):
            client_id = f"mm-rates0-{next(numbers)}"
            await client.place(client_id)
            await client.cancel(client_id, canceled)

    for number in range(_BURSTS + 1):
        for port, canceled in ((ports.venue, "CANCELED"), (ports.echo, "NEW")):
            client = BareClient(session, port)
            began = time.perf_counter()
            await asyncio.gather(*(worker(client, canceled) for _ in range(_IN_FLIGHT)))
            if number:
                rates[port].append(_BURST / (time.perf_counter() - began))
    return Row(
        f"signed order requests the venue answers, {_IN_FLIGHT} in flight",
        "/s",
        Spread.of(rates[ports.venue]),
        "bare aiohttp echo",
        Spread.of(rates[ports.echo]),
        Goal(Judged.RATIO, 0.4, at_least=True),
    )
