"""The exchange's side: answers the bot's messages from the venue in this process, and says when to kill it."""

import random
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from mm.clock.simulated import SimulatedClock
from mm.domain.errors import MmError
from mm.domain.events import Event
from mm.domain.order import OrderIntent
from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.order import Order
from mm.soak.market import SoakMarket
from scripts.kills.piped_exchange import STEP, Answer, Request

T = TypeVar("T")

INSTANT = "any instant"
LOST = "a request is lost"
LATE = "a request arrives after its sender died"
UNANSWERED = "executed, not answered"
PARTLY = "executed, part of it filled, not answered"
FILLED = "executed and filled, not answered"
ANSWERED = "answered"
KINDS = (INSTANT, LOST, LATE, UNANSWERED, PARTLY, FILLED, ANSWERED)
_REQUESTS = ("place", "place", "place", "cancel", "order", "open_orders", "trades", "account")
_LATEST_SECONDS = 11.9
"""Past its recvWindow and within the exchange's own time-out a request may still be carried out."""


class SteppedClock(SimulatedClock):
    """A sleep ends at the next step of whoever drives the coroutine."""

    def sleep(self, seconds: float) -> "_Pause":  # type: ignore[override]  # awaited as the other is
        return _Pause()


class _Pause:
    def __await__(self) -> Generator[None, None, None]:
        yield


@dataclass(slots=True)
class Killing:
    """How a life ends: at the `nth` request called `method`, or after `seconds` of real time (INSTANT)."""

    kind: str
    method: str
    nth: int
    seconds: float

    @classmethod
    def drawn(cls, rng: random.Random) -> "Killing":
        kind = rng.choice(KINDS)
        method = "place" if kind in (PARTLY, FILLED) else rng.choice(_REQUESTS)
        most = 4 if method in {"place", "cancel"} else 2
        return cls(kind, method, rng.randint(1, most), rng.uniform(0.0, 0.15))


class Desk:
    """`late` requests of dead bots, each with the moment (UTC ns) at which it arrives."""

    def __init__(self, market: SoakMarket, clock: SteppedClock, rng: random.Random) -> None:
        self._market = market
        self._clock = clock
        self._rng = rng
        self._events: list[Event] = []
        self._stream: Coroutine[Any, Any, None] | None = None
        self.late: list[tuple[int, Request]] = []
        self.arrived_late = 0

    def begin(self) -> None:
        """A new bot connects; what the one before was not told it will not be told."""
        self.end()
        self._events.clear()
        self._stream = self._market.exchange.run(self._events.append)

    def end(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def pass_until(self, at: int) -> None:
        """Time passes; requests on their way arrive at their moment."""
        for due, request in sorted(self.late, key=lambda each: each[0]):
            if due <= at:
                self._advance(due)
                self.late.remove((due, request))
                self.arrived_late += 1
                self._carried_out(request)
        self._advance(at)

    def answer(self, request: Request) -> Answer:
        self.pass_until(request.at)
        if request.method == STEP:
            assert self._stream is not None  # noqa: S101 - begun before the bot
            self._stream.send(None)
            value: Any = None
        else:
            value = self._carried_out(request)
        told = tuple(self._events)
        self._events.clear()
        return Answer(value, told)

    def delay(self, request: Request) -> None:
        """It left, and arrives although its sender is dead."""
        self.late.append((request.at + int(self._rng.uniform(0.0, _LATEST_SECONDS) * 1e9), request))

    def fill(self, client_id: str, *, whole: bool) -> None:
        """Somebody takes an order of the bot, or a part of it."""
        order = self._open(client_id)
        if order is None:
            return
        lots = order.remaining if whole else max(1, order.remaining // 2)
        self._market.venue.matching.fill_resting(order, lots, self._market.venue.market(self._market.symbol))
        self._market.venue.commit()

    def _open(self, client_id: str) -> Order | None:
        book = self._market.venue.market(self._market.symbol).book
        for buy in (True, False):
            for order in book.crossed(0 if buy else 1 << 60, buy=buy):  # type: ignore[union-attr]  # a coarse book
                if order.client_id == client_id:
                    return order  # type: ignore[no-any-return]
        return None

    def _advance(self, at: int) -> None:
        if at > self._clock.now():
            self._clock.advance(at - self._clock.now())
            self._market.flow.advance(self._market.venue.now_ms())

    def _carried_out(self, request: Request) -> Any:
        method = getattr(self._market.exchange, request.method)
        try:
            return _driven(method(*request.args))
        except (MmError, VenueError) as error:
            return error


def client_id_of(request: Request) -> str:
    """Of a placement."""
    intent: OrderIntent = request.args[0]
    return intent.client_id


def _driven(work: Coroutine[Any, Any, T]) -> T:
    """The venue in process answers without waiting."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    raise RuntimeError(f"{work} waits")
