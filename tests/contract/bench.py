"""A venue with an account of ours and one of another trader, and whatever Exchange is under test on it."""

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

from mm.domain.events import Event
from mm.domain.order import OrderIntent, OrderType, Side
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder
from mm.ports import Exchange

KEY = "K" * 60 + "own1"
SECRET = "S" * 60 + "own1"
OTHER_KEY = "K" * 60 + "oth2"
SYMBOL = "ETHUSDC"
RULES = SymbolRules(symbol=SYMBOL, base="ETH", quote="USDC", tick_size=Decimal("0.01"), lot_size=Decimal("0.0001"))
T = TypeVar("T")
E = TypeVar("E", bound=Exchange)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs to the end within 60 s; every task and connection must be gone afterwards (warnings are errors)."""
    return asyncio.run(asyncio.wait_for(coroutine, 60))


async def until(condition: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    """Polls `condition` until it holds, or fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not seen in {seconds} s: {what}"
        await asyncio.sleep(0.005)


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(kw_only=True)
class Bench(ABC, Generic[E]):
    """`own` and `other` are account uids on the venue."""

    venue: Venue
    exchange: E
    own: int
    other: int
    events: list[Event] = field(default_factory=list)

    @abstractmethod
    async def amend(self, client_id: str, size: str) -> Mapping[str, Any]:
        """Lowers an order of ours to `size`, keeping its place and its id; no part of the port, but of Binance.
        Answers the amended order in Binance's names."""

    @abstractmethod
    async def replace(self, client_id: str, order: OrderIntent) -> None:
        """Cancels an order of ours and places `order` (a LIMIT_MAKER) in one request; raises when either half fails."""

    def rest(self, side: str, price: str, size: str, client_id: str | None = None) -> Any:
        """The other account rests an order."""
        return self.venue.place(
            self.other,
            NewOrder(
                symbol=SYMBOL,
                side=side,
                type="LIMIT",
                time_in_force="GTC",
                quantity=Decimal(size),
                price=Decimal(price),
                client_id=client_id,
            ),
        )

    def seen(self, kind: type[Event], **wanted: Any) -> list[Any]:
        """Events of `kind` whose attributes equal `wanted`."""
        found = [event for event in self.events if isinstance(event, kind)]
        return [event for event in found if all(getattr(event, name) == value for name, value in wanted.items())]

    @contextlib.asynccontextmanager
    async def streaming(self) -> AsyncIterator[list[Event]]:
        """Streams run into `events` inside the block; an error of theirs is raised at its end."""
        task = asyncio.create_task(self.exchange.run(self.events.append))
        try:
            yield self.events
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

    def quote(self) -> None:
        """The other account quotes 2999.00 / 3001.00 with 1 ETH a side."""
        self.rest("BUY", "2999.00", "1")
        self.rest("SELL", "3001.00", "1")


@dataclass(frozen=True)
class Accounts:
    venue: Venue
    own: int
    other: int


def accounts(deposits: dict[str, str] | None = None) -> Accounts:
    """A venue with one symbol, our account and a rich other one; fees 0.1 %."""
    venue = Venue({SYMBOL: RULES}, wall_ms)
    fees = (Decimal("0.001"), Decimal("0.001"))
    mine = {asset: Decimal(amount) for asset, amount in (deposits or {"USDC": "1000", "ETH": "1"}).items()}
    own = venue.open_account(mine, *fees, KEY).uid
    other = venue.open_account({"USDC": Decimal(1000000), "ETH": Decimal(1000)}, *fees, OTHER_KEY).uid
    return Accounts(venue, own, other)


_sequence = iter(range(1, 10**9))


def intent(
    side: Side = Side.BUY, price: str = "2990.00", size: str = "0.0100", kind: OrderType = OrderType.LIMIT_MAKER
) -> OrderIntent:
    return OrderIntent(
        client_id=f"mm-test01-{next(_sequence)}",
        symbol=SYMBOL,
        side=side,
        type=kind,
        ticks=int(Decimal(price) * 100),
        lots=int(Decimal(size) * 10000),
        decided_at=time.time_ns(),
    )
