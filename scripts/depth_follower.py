"""Follows a symbol's depth as Binance's documentation tells clients to, over HTTP and WebSocket, and judges it.

"How to manage a local order book correctly" (Binance Spot API documentation, web-socket-streams.md): buffer the
stream, take a snapshot that is not older than its first event, drop what the snapshot holds, then every event must
begin right after the one before. Sizes are absolute, zero removes a level.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp

_LIMIT = 5000
_WEIGHT_PAUSE = 0.05


class Broken(AssertionError):
    """The stream has a gap, the book is crossed, or it is not what REST says."""


@dataclass
class Side:
    """Prices to sizes."""

    buy: bool
    sizes: dict[Decimal, Decimal] = field(default_factory=dict)

    def apply(self, rows: list[list[str]]) -> set[Decimal]:
        """The prices that were named."""
        named = set()
        for price_text, size_text in rows:
            price, size = Decimal(price_text), Decimal(size_text)
            named.add(price)
            if size:
                self.sizes[price] = size
            else:
                self.sizes.pop(price, None)
        return named

    @property
    def best(self) -> Decimal | None:
        return (max if self.buy else min)(self.sizes) if self.sizes else None


@dataclass
class DepthFollower:
    """`compare_every` seconds between two looks at REST. `rest` like http://127.0.0.1:9000, `streams` ws://…/ws.

    `events` applied, `compared` snapshots found equal, `too_late` those that the book had passed when they came.
    """

    rest: str
    streams: str
    symbol: str
    compare_every: float = 10.0
    events: int = 0
    compared: int = 0
    too_late: int = 0
    last_id: int = 0
    bids: Side = field(default_factory=lambda: Side(buy=True))
    asks: Side = field(default_factory=lambda: Side(buy=False))
    _asked: dict[str, Any] | None = None
    _wrong: Broken | None = None

    async def run(self) -> None:
        """Until the connection ends or it is cancelled. Raises Broken."""
        name = f"{self.symbol.lower()}@depth@100ms"
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{self.streams}/{name}") as socket:
            early: list[dict[str, Any]] = [await socket.receive_json()]
            snapshot = await self._snapshot(session)
            while snapshot["lastUpdateId"] < early[0]["U"] - 1:
                await asyncio.sleep(_WEIGHT_PAUSE)
                snapshot = await self._snapshot(session)
            self.last_id = snapshot["lastUpdateId"]
            self.bids.apply(snapshot["bids"])
            self.asks.apply(snapshot["asks"])
            async with self._comparing(session):
                is_first = True
                while True:
                    event = early.pop(0) if early else await self._next(socket)
                    if event is None:
                        return
                    if event["u"] <= self.last_id and is_first:
                        continue
                    self._apply(event, is_first=is_first)
                    is_first = False

    async def _next(self, socket: aiohttp.ClientWebSocketResponse) -> Any:
        message = await socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            return None
        event = message.json()
        return event if event.get("e") == "depthUpdate" else await self._next(socket)

    def _apply(self, event: dict[str, Any], *, is_first: bool) -> None:
        if self._wrong is not None:
            raise self._wrong
        first, last = event["U"], event["u"]
        if not (first <= self.last_id + 1 <= last if is_first else first == self.last_id + 1):
            raise Broken(f"a gap: event {first}-{last} follows {self.last_id}")
        named = self.bids.apply(event["b"]), self.asks.apply(event["a"])
        self.last_id = last
        self.events += 1
        bid, ask = self.bids.best, self.asks.best
        if bid is not None and ask is not None and bid >= ask:
            raise Broken(f"crossed after update {last}: bid {bid}, ask {ask}")
        asked, self._asked = self._asked, None
        if asked is None:
            return
        if asked["lastUpdateId"] < first:
            self.too_late += 1
        elif asked["lastUpdateId"] > last:
            self._asked = asked
        else:
            self._compare(asked, named)

    def _compare(self, snapshot: dict[str, Any], named: tuple[set[Decimal], set[Decimal]]) -> None:
        """The snapshot was taken somewhere inside the event just applied: prices it names may be either."""
        for mine, rows, moved in ((self.bids, snapshot["bids"], named[0]), (self.asks, snapshot["asks"], named[1])):
            theirs = {Decimal(price): Decimal(size) for price, size in rows}
            worst = (min if mine.buy else max)(theirs) if len(rows) == _LIMIT else None
            for price in theirs.keys() | mine.sizes.keys():
                if price in moved or (worst is not None and ((price < worst) if mine.buy else (price > worst))):
                    continue
                if theirs.get(price) != mine.sizes.get(price):
                    raise Broken(
                        f"at update {snapshot['lastUpdateId']} REST shows {theirs.get(price)} at {price}, "
                        f"the stream made {mine.sizes.get(price)}"
                    )
        self.compared += 1

    @contextlib.asynccontextmanager
    async def _comparing(self, session: aiohttp.ClientSession) -> AsyncIterator[None]:
        async def ask() -> None:
            while True:
                await asyncio.sleep(self.compare_every)
                if self._asked is None:
                    self._ask(await self._snapshot(session))

        asking = asyncio.create_task(ask())
        try:
            yield
        finally:
            asking.cancel()
            await asyncio.wait([asking])
            if not asking.cancelled():
                asking.result()

    def _ask(self, snapshot: dict[str, Any]) -> None:
        """Judged at once when it is as new as the book, else when the book has come as far. What is wrong is told
        by `run`, at the next event."""
        if snapshot["lastUpdateId"] != self.last_id:
            self._asked = snapshot
            return
        try:
            self._compare(snapshot, (set(), set()))
        except Broken as error:
            self._wrong = error

    async def _snapshot(self, session: aiohttp.ClientSession) -> Any:
        address = f"{self.rest}/api/v3/depth?symbol={self.symbol}&limit={_LIMIT}"
        async with session.get(address) as answer:
            answer.raise_for_status()
            return await answer.json()
