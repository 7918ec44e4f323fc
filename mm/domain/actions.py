"""Everything the engine may decide. The runner carries actions out in order and never adds its own."""

from dataclasses import dataclass
from decimal import Decimal

from mm.domain.fill import Fill
from mm.domain.order import OrderIntent, OrderStatus, Side
from mm.domain.position import Position
from mm.domain.risk import TradingState


@dataclass(frozen=True, slots=True)
class Action:
    pass


# --- to the exchange ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place(Action):
    """Commit the intent, then send it. Places of one decision are committed in one transaction."""

    intent: OrderIntent


@dataclass(frozen=True, slots=True)
class Cancel(Action):
    client_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Query(Action):
    """Find out what became of an order. `past_fence`: corroborate with open orders and trades."""

    client_id: str
    past_fence: bool


@dataclass(frozen=True, slots=True)
class Reconcile(Action):
    """Read open orders, trades from the last id and balances, then report `Reconciled`."""

    why: str


@dataclass(frozen=True, slots=True)
class ReadRules(Action):
    """Read the symbol's rules again and compare them with the run's, then report `RulesRead`."""

    why: str


# --- to the record ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordOrder(Action):
    """An order of the bot changed."""

    client_id: str
    status: OrderStatus
    exchange_id: str
    executed_lots: int
    source: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecordFill(Action):
    """A fill seen for the first time, with the position after it and the mid at that moment (0: no book)."""

    fill: Fill
    position: Position
    mid_ticks: float


@dataclass(frozen=True, slots=True)
class RecordRefusal(Action):
    """Risk refused a desired order: reason code, the limit, what it would have been, unit.

    The same refusal is recorded once in a while only; `suppressed` like it came in between.
    """

    code: str
    side: Side
    ticks: int
    lots: int
    limit: str
    value: str
    unit: str
    suppressed: int = 0


@dataclass(frozen=True, slots=True)
class RecordState(Action):
    """The trading state changed."""

    before: TradingState
    after: TradingState
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordRisk(Action):
    """A risk event that is no refusal: breaker opened or closed, limit crossed, level reached, fault seen."""

    code: str
    severity: str
    detail: str


@dataclass(frozen=True, slots=True)
class RecordEquity(Action):
    """Equity and position, marked at the best bid; units of 1e-8 quote; drawdown from the stage's peak."""

    equity_units: int
    position: Position
    bid_ticks: int
    ask_ticks: int
    day_pnl_units: int
    peak_units: int
    drawdown: Decimal
    spread_ticks: int


@dataclass(frozen=True, slots=True)
class OpenHalt(Action):
    """Latch: a person must resume. The runner writes it to control.db."""

    cause: str
    detail: str


@dataclass(frozen=True, slots=True)
class OpenIncident(Action):
    """Something happened that a person must explain before the rollout goes on. The runner writes it to control.db."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class StopRun(Action):
    """The engine is done: no own order is live or unknown any more. `why` the first stop's reason."""

    why: str
