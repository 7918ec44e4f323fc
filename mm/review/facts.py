"""What a review is computed from: rows of one trading day, in the bot's own integers. Pure nouns.

Times are UTC nanoseconds, money 1e-8 units, prices ticks, sizes lots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mm.domain.fill import Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderStatus, Side


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run. `ended` None: it runs still, or died without a word; `live` tells which.

    `last_seen` its last sign of life (heartbeat, snapshot; its start when there is none).
    """

    run_id: str
    account_epoch: int
    environment: str
    profile: str
    stage: str
    scenario: str
    capital_units: int
    started: int
    ended: int | None
    clean: bool
    outcome: str
    last_seen: int
    live: bool = False

    @property
    def crashed(self) -> bool:
        """Neither ended in order nor running: killed, died, or stopped without proof that no order is left."""
        return not self.live and not (self.ended is not None and self.clean)


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One intent and its end. `exchange_id` empty: the exchange never told one. `run_id` the run that decided it."""

    client_id: str
    run_id: str
    side: Side
    ticks: int
    lots: int
    decided_at: int
    status: OrderStatus
    exchange_id: str
    executed_lots: int
    reason: str


@dataclass(frozen=True, slots=True)
class FillFacts:
    """A fill with the mid when it was recorded (0: no book then)."""

    fill: Fill
    account_epoch: int
    mid_ticks: float


@dataclass(frozen=True, slots=True)
class EquityFacts:
    """A snapshot: equity marked at the best bid, own quoted spread in ticks (0: not quoting both sides)."""

    at: int
    account_epoch: int
    equity_units: int
    base_units: int
    bid_ticks: int
    ask_ticks: int
    spread_ticks: int
    drawdown: Decimal


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """A deposit or withdrawal, `quote_units` its worth."""

    at: int
    account_epoch: int
    quote_units: int


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """A risk event: `kind` refusal, state, event …; `code` its stable reason."""

    at: int
    kind: str
    code: str
    severity: str


@dataclass(frozen=True, slots=True)
class LatencyFacts:
    kind: str
    micros: int


@dataclass(frozen=True, slots=True)
class BeatFacts:
    at: int
    cpu_percent: float
    rss_bytes: int
    lag_ms: float


@dataclass(frozen=True, slots=True)
class DayFacts:
    """Everything known of [start, end); `until` is where knowledge ends (now, for a day that still runs).

    `fills` holds all fills of the account epochs seen in the day, the earlier ones too (average cost needs them);
    `equity` the day's snapshots; `opening` where equity stood when the day began, one of each account epoch, and
    `origin` where it stood when the epoch or, later, the stage began (the capital, where no snapshot is earlier);
    `flows` all flows of those epochs. `first_day`: the ledger holds nothing from before `start`.
    """

    start: int
    end: int
    until: int
    instrument: Instrument
    first_day: bool = False
    runs: Sequence[RunFacts] = ()
    orders: Sequence[OrderFacts] = ()
    fills: Sequence[FillFacts] = ()
    equity: Sequence[EquityFacts] = ()
    opening: Sequence[EquityFacts] = ()
    origin: Sequence[EquityFacts] = ()
    flows: Sequence[FlowFacts] = ()
    risk: Sequence[RiskFacts] = ()
    latencies: Sequence[LatencyFacts] = ()
    beats: Sequence[BeatFacts] = ()
