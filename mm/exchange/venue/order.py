"""An order inside the venue: integers only, changed by matching alone."""

from dataclasses import dataclass, field

MARKET_UID = 0
"""The anonymous market: its orders have no account, no balances and no record."""


@dataclass(slots=True, eq=False)
class Order:
    """`ticks` 0 for MARKET; `quote_units` what its fills came to; `quote_target` quoteOrderQty (1e-8 units).

    `queue_ahead`: lots of recorded size in front of it, in a replayed market only (-1: book not seen yet).
    """

    order_id: int
    uid: int
    symbol: str
    client_id: str
    buy: bool
    type: str
    time_in_force: str
    ticks: int
    lots: int
    created_ms: int
    updated_ms: int
    self_trade: str = "EXPIRE_MAKER"
    quote_target: int = 0
    executed: int = 0
    quote_units: int = 0
    status: str = "NEW"
    queue_ahead: int = field(default=0, repr=False)

    @property
    def remaining(self) -> int:
        return self.lots - self.executed

    @property
    def is_open(self) -> bool:
        return self.status in {"NEW", "PARTIALLY_FILLED"}


@dataclass(frozen=True, slots=True)
class Match:
    """`lots` at `ticks` against `maker` (None: recorded size without an order behind it)."""

    maker: Order | None
    ticks: int
    lots: int


@dataclass(slots=True)
class Plan:
    """What a taker would get now, best price first, and whom self-trade prevention expires."""

    matches: list[Match] = field(default_factory=list)
    prevented: list[Order] = field(default_factory=list)
    taker_expires: bool = False

    @property
    def lots(self) -> int:
        return sum(match.lots for match in self.matches)

    @property
    def notional(self) -> int:
        """Ticks × lots; times the symbol's `quote_step` it is 1e-8 quote units."""
        return sum(match.ticks * match.lots for match in self.matches)


@dataclass(frozen=True, slots=True)
class Appetite:
    """How much a taker wants: `lots`, or as many as `notional` (ticks × lots) buys; down to `limit` (None: any)."""

    uid: int
    buy: bool
    limit: int | None
    lots: int | None
    notional: int | None = None
    self_trade: str = "EXPIRE_MAKER"

    def accepts(self, ticks: int) -> bool:
        if self.limit is None:
            return True
        return ticks <= self.limit if self.buy else ticks >= self.limit
