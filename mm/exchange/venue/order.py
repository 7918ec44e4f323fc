"""An order inside the venue: integers only, changed by matching alone."""

from dataclasses import dataclass, field

MARKET_UID = 0
"""The anonymous market: its orders have no account, no balances and no record."""
OPEN = frozenset({"NEW", "PARTIALLY_FILLED", "PENDING_NEW"})
STOPS = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
"""Order types that wait for a last price ("algo" orders)."""


@dataclass(slots=True, eq=False)
class Order:
    """`ticks` 0 for MARKET; `quote_units` what its fills came to; `quote_target` quoteOrderQty (1e-8 units).

    `queue_ahead`: lots of recorded size in front of it, in a replayed market only (-1: book not seen yet).
    `stop_ticks` 0 without a stop price; `iceberg` the lots it shows at most (0: all), `visible` what it shows now.
    `working_ms` -1 until it has been on the book; `held` what it locks (1e-8 units of what it pays with).
    `prevented`: lots that self-trade prevention took from it. `priority` rises with each turn it stands in line for.
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
    stop_ticks: int = 0
    iceberg: int = 0
    visible: int = 0
    list_id: int = -1
    working_ms: int = -1
    held: int = 0
    priority: int = 0
    prevented: int = 0
    prevented_match: int = -1
    expiry: str = ""
    strategy_id: int = -1
    strategy_type: int = -1

    @property
    def remaining(self) -> int:
        """Lots that may still trade."""
        return self.lots - self.executed - self.prevented

    @property
    def displayed(self) -> int:
        """Lots the book shows of it."""
        return self.visible if self.iceberg else self.lots - self.executed - self.prevented

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_waiting(self) -> bool:
        """A stop that has not been triggered, or an order that waits for another of its list."""
        return self.working_ms < 0


@dataclass(frozen=True, slots=True)
class Match:
    """`lots` at `ticks` against `maker` (None: recorded size without an order behind it).

    `prevented`: no trade, the account would have traded with itself.
    """

    maker: Order | None
    ticks: int
    lots: int
    prevented: bool = False


@dataclass(slots=True)
class Plan:
    """What a taker would get now, in the order it happens.

    `exhausted`: the taker wanted more than there was; `short`: lots more that `notional` would have bought.
    """

    matches: list[Match] = field(default_factory=list)
    exhausted: bool = True
    short: int = 0

    @property
    def lots(self) -> int:
        return sum(match.lots for match in self.matches if not match.prevented)

    def asked(self, self_trade: str) -> int:
        """Lots of a taker by `notional`: an order of its own that merely expires (EXPIRE_MAKER) is no part of them."""
        own = self_trade != "EXPIRE_MAKER"
        return sum(match.lots for match in self.matches if own or not match.prevented) + self.short

    @property
    def notional(self) -> int:
        """Ticks × lots; times the symbol's `quote_step` it is 1e-8 quote units."""
        return sum(match.ticks * match.lots for match in self.matches if not match.prevented)


@dataclass(frozen=True, slots=True)
class Appetite:
    """How much a taker wants: `lots`, or as many as `notional` (ticks × lots) buys; down to `limit` (None: any)."""

    uid: int
    buy: bool
    limit: int | None
    lots: int | None
    notional: int | None = None
    self_trade: str = "EXPIRE_MAKER"
