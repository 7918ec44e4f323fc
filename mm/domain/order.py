"""Orders: what the bot meant (intent), what the exchange says (report), what it holds to be true (status)."""

from enum import StrEnum

from mm.domain.fill import Fill
from mm.domain.value import value


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    MARKET = "MARKET"


class OrderStatus(StrEnum):
    """The life of an order. States only move forward (see `rank`).

    PENDING  decided; exposure is reserved, the intent is being committed, nothing has left yet
    UNKNOWN  a request left and its fate is not known; exposure stays reserved
    OPEN     the exchange holds it (partly filled or not)
    FILLED CANCELED EXPIRED REJECTED   final, said by the exchange
    NOT_SENT final: nothing left this process (commit failed, latch, limiter, connection refused)
    NOT_PLACED final: proved absent after the fence
    """

    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    OPEN = "OPEN"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    NOT_PLACED = "NOT_PLACED"

    @property
    def is_final(self) -> bool:
        return self not in _LIVE

    @property
    def rank(self) -> int:
        return _RANKS.get(self, 3)


_PENDING = OrderStatus.PENDING
_RANKS = {OrderStatus.PENDING: 0, OrderStatus.UNKNOWN: 1, OrderStatus.OPEN: 2}
_LIVE = frozenset(_RANKS)


@value(frozen=True, slots=True)
class OrderIntent:
    """One order the bot decided to place. Durable in the ledger before its request leaves.

    `client_id` is unique for ever; `decided_at` UTC nanoseconds; `purpose` why (quote, flatten …).
    """

    client_id: str
    symbol: str
    side: Side
    type: OrderType
    ticks: int
    lots: int
    decided_at: int
    purpose: str = "quote"
    level: int = 0


@value(frozen=True, slots=True)
class OrderReport:
    """What the exchange says of one order, from an answer, the user stream or a query.

    `executed_lots` is cumulative; `quote_units` the cumulative quote filled (1e-8);
    `updated_ms` the exchange's time, `created_ms` when it took the order (0: this answer does not tell).
    `fills` holds those that came with the report.
    """

    client_id: str
    exchange_id: str
    symbol: str
    side: Side
    type: str
    status: OrderStatus
    ticks: int
    lots: int
    executed_lots: int
    quote_units: int
    updated_ms: int
    reason: str = ""
    fills: tuple[Fill, ...] = ()
    created_ms: int = 0


@value(frozen=True, slots=True)
class OwnOrder:
    """An order of the bot as strategy and risk see it; `lots` is what is still to fill."""

    client_id: str
    side: Side
    ticks: int
    lots: int
    status: OrderStatus
    cancelling: bool = False
    level: int = 0
    placed_mono: int = 0

    @property
    def is_in_market(self) -> bool:
        """Whether its size may stand in the book we see: one that has not left yet cannot."""
        return self.status is not _PENDING
