"""The other process: a venue's server and a bare echo server, ended with their parent."""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from aiohttp import web

from mm.exchange.venue.store import Store
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder, OrderView
from mm.exchange.venue_server.served import system_clock_ms
from mm.exchange.venue_server.server import running_server

KEY = "K" * 60 + "own1"
SECRET = "S" * 60 + "own1"
SYMBOL = "ETHUSDC"
_OTHER_KEY = "K" * 60 + "oth2"
_FEE = Decimal("0.001")
_NO_LIMIT = 10**9
_PRICES = (Decimal("3000.00"), Decimal("3001.50"))
"""0.05 % apart: further than a quote tolerates, nearer than a quote stands from the middle."""
_HALF_SPREAD = Decimal("0.05")
_PARENT_SECONDS = 10


class SteppingMarket:
    """A flow: one bid and one ask of another account, moved between two prices every `step_ms`; 0 leaves them."""

    def __init__(self, venue: Venue, uid: int, step_ms: int) -> None:
        self._venue = venue
        self._uid = uid
        self._step_ms = step_ms
        self._number = -1
        self._standing: list[OrderView] = []

    def advance(self, now_ms: int) -> None:
        number = now_ms // self._step_ms if self._step_ms else 0
        if number == self._number:
            return
        self._number = number
        for order in self._standing:
            self._venue.cancel(self._uid, SYMBOL, order_id=order.order_id)
        middle = _PRICES[number % len(_PRICES)]
        self._standing = [
            self._venue.place(
                self._uid,
                NewOrder(
                    symbol=SYMBOL,
                    side=side,
                    type="LIMIT_MAKER",
                    quantity=Decimal(1),
                    price=middle + (-_HALF_SPREAD if side == "BUY" else _HALF_SPREAD),
                ),
            )
            for side in ("BUY", "SELL")
        ]


@dataclass(frozen=True, slots=True)
class Ports:
    venue: int
    echo: int


@contextmanager
def served(folder: Path, *, step_ms: int = 0) -> Iterator[Ports]:
    """Both servers, listening. Raises RuntimeError when they do not come up."""
    command = [sys.executable, "-m", "bench.served", str(folder / "venue.db"), str(step_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own interpreter and module
        try:
            line = child.stdout.readline() if child.stdout else b""
            if not line:
                raise RuntimeError("the bench's venue did not start")
            yield Ports(**json.loads(line))
        finally:
            if child.stdin:
                child.stdin.close()
            child.wait(_PARENT_SECONDS)


def echo_of(body: bytes) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Reads what was sent and answers `body`: what any aiohttp server costs at least."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        return web.Response(body=body, content_type="application/json")

    return answer


async def _serve(database: Path, step_ms: int) -> None:
    venue = Venue(default_symbols(), system_clock_ms, Store(database))
    own = venue.open_account({"USDC": Decimal(1000)}, _FEE, _FEE, KEY)
    plenty = {"USDC": Decimal(1_000_000), "ETH": Decimal(1000)}
    other = venue.open_account(plenty, _FEE, _FEE, _OTHER_KEY)
    market = SteppingMarket(venue, other.uid, step_ms)
    try:
        async with running_server(venue, market, secrets={KEY: SECRET}) as server:
            limit = server.served.order_limit(own.uid)
            # Speed is measured here, not Binance's patience.
            limit.ten_seconds.most = limit.day.most = _NO_LIMIT
            echo = web.ServerRunner(web.Server(echo_of(_ANSWER), access_log=None))
            await echo.setup()
            await web.TCPSite(echo, "127.0.0.1", 0).start()
            sys.stdout.write(json.dumps({"venue": server.port, "echo": echo.addresses[0][1]}) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)
            await echo.cleanup()
    finally:
        venue.close()


_ANSWER = (
    b'{"symbol":"ETHUSDC","orderId":3,"orderListId":-1,"clientOrderId":"mm-bench0-1","transactTime":1795377796582,'
    b'"price":"2990.00000000","origQty":"0.01000000","executedQty":"0.00000000","origQuoteOrderQty":"0.00000000",'
    b'"cummulativeQuoteQty":"0.00000000","status":"NEW","timeInForce":"GTC","type":"LIMIT_MAKER","side":"BUY",'
    b'"workingTime":1795377796582,"fills":[],"selfTradePreventionMode":"EXPIRE_MAKER"}'
)

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("step_ms", type=int)
    given = parser.parse_args()
    asyncio.run(_serve(given.database, given.step_ms))
