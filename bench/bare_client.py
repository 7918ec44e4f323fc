"""Signed requests by aiohttp alone: the least that an order can cost a Python process."""

import hashlib
import hmac
import time
from urllib.parse import urlencode

import aiohttp
import orjson
from yarl import URL

from bench.served import KEY, SECRET, SYMBOL

_HEADERS = {"X-MBX-APIKEY": KEY, "Content-Type": "application/x-www-form-urlencoded"}
PRICE = "2900.00"
SIZE = "0.0100"


class BareClient:
    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{port}/api/v3/order"

    async def place(self, client_id: str) -> None:
        """Raises RuntimeError when the order was not taken."""
        body = _signed(
            {
                "symbol": SYMBOL,
                "side": "BUY",
                "type": "LIMIT_MAKER",
                "quantity": SIZE,
                "newClientOrderId": client_id,
                "newOrderRespType": "FULL",
                "recvWindow": 2000,
                "timestamp": time.time_ns() // 1_000_000,
                "price": PRICE,
            }
        )
        async with self._session.post(self._url, data=body.encode(), headers=_HEADERS) as response:
            _require(orjson.loads(await response.read()), "NEW")

    async def cancel(self, client_id: str, status: str = "CANCELED") -> None:
        """Raises RuntimeError when the answer is not of `status`."""
        query = _signed(
            {
                "symbol": SYMBOL,
                "origClientOrderId": client_id,
                "recvWindow": 2000,
                "timestamp": time.time_ns() // 1_000_000,
            }
        )
        url = URL(f"{self._url}?{query}", encoded=True)
        async with self._session.delete(url, headers={"X-MBX-APIKEY": KEY}) as response:
            _require(orjson.loads(await response.read()), status)


def _signed(parameters: dict[str, str | int]) -> str:
    text = urlencode(parameters)
    return f"{text}&signature={hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()}"


def _require(answer: dict[str, object], status: str) -> None:
    if answer.get("status") != status:
        raise RuntimeError(f"not {status}: {answer}")
