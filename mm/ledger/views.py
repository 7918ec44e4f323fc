"""What the ledger tells its readers: exact Decimals, aware UTC times."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from mm.domain.fill import Fill
from mm.domain.fill_json import fill_json


@dataclass(frozen=True, slots=True)
class RunView:
    """A run. `ended`, `outcome` None while it runs or when it was killed; `capital` in quote; `config` JSON."""

    run_id: str
    epoch: int
    account_epoch: int
    account_uid: str
    environment: str
    profile: str
    stage: str
    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    base: str
    quote: str
    capital: Decimal
    scenario: str
    started: datetime
    ended: datetime | None
    outcome: str | None
    clean: bool
    config_hash: str
    code_hash: str
    version: str
    pid: int
    config: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order now: what was meant and what became of it. `executed` in base."""

    client_id: str
    run_id: str
    account_epoch: int
    symbol: str
    side: str
    type: str
    price: Decimal
    size: Decimal
    decided: datetime
    purpose: str
    level: int
    status: str
    exchange_id: str
    executed: Decimal
    updated: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class OrderEventView:
    at: datetime
    run_id: str
    client_id: str
    status: str
    exchange_id: str
    executed_lots: int
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class FillView:
    """A fill. `mid` the mid price when it was seen (None: no book); `fee_quote` the fee's worth in quote."""

    fill: Fill
    run_id: str
    account_epoch: int
    tick_size: Decimal
    lot_size: Decimal
    time: datetime
    recorded: datetime
    side: str
    price: Decimal
    size: Decimal
    quote: Decimal
    fee: Decimal
    fee_asset: str
    fee_quote: Decimal | None
    maker: bool
    mid: Decimal | None

    def as_json(self) -> dict[str, object]:
        """The shape `mm sim trades` prints too."""
        return fill_json(self.fill, self.tick_size, self.lot_size)


@dataclass(frozen=True, slots=True)
class PositionView:
    """After one fill; base in base units, the rest in quote. `third_fees`: paid in a third asset."""

    at: datetime
    run_id: str
    trade_id: int
    base: Decimal
    cash: Decimal
    cost: Decimal
    realised: Decimal
    third_fees: Decimal


@dataclass(frozen=True, slots=True)
class EquityView:
    """A snapshot; money in quote, `base` in base, `drawdown` a fraction of the stage's capital, `spread` in price."""

    at: datetime
    run_id: str
    equity: Decimal
    base: Decimal
    cash: Decimal
    cost: Decimal
    realised: Decimal
    third_fees: Decimal
    bid: Decimal
    ask: Decimal
    day_pnl: Decimal
    peak: Decimal
    drawdown: Decimal
    spread: Decimal


@dataclass(frozen=True, slots=True)
class RiskEventView:
    """`kind`: refusal, state, event, halt or stop. A refusal has side, price, size, limit, would_be and unit;
    a state's `detail` is JSON: before, after, causes."""

    at: datetime
    run_id: str
    kind: str
    code: str
    severity: str
    detail: str
    side: str | None
    price: Decimal | None
    size: Decimal | None
    limit: str | None
    would_be: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class LatencyView:
    at: datetime
    run_id: str
    kind: str
    micros: int


@dataclass(frozen=True, slots=True)
class HeartbeatView:
    at: datetime
    run_id: str
    state: str
    cpu_percent: float
    rss_bytes: int
    lag_ms: float
    open_orders: int
    unknown_orders: int


@dataclass(frozen=True, slots=True)
class CapitalFlowView:
    at: datetime
    run_id: str
    account_epoch: int
    asset: str
    amount: Decimal
    quote_worth: Decimal
    why: str


@dataclass(frozen=True, slots=True)
class BalanceBaselineView:
    account_epoch: int
    asset: str
    amount: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class StatusView:
    """The ledger's last word. `trading_state` of the last state change (HALTED when there was none)."""

    run: RunView
    trading_state: str
    causes: tuple[str, ...]
    equity: EquityView | None
    heartbeat: HeartbeatView | None
    open_orders: int
    pending_orders: int
    unknown_orders: int
    fills: int


@dataclass(frozen=True, slots=True)
class DayPnl:
    """One trading day of one account epoch, in quote.

    `realised` by average cost, fees taken off where they were charged in quote, in the cost where in base, and
    `fees` their worth in all (`unpriced_fees` counts those no price was known for). `flows` capital moved in or out;
    `total` = equity at the end − at the start − flows; `unrealised` = total − realised (change of open profit).
    `partial`: the record begins or ends inside the day.
    """

    day: date
    account_epoch: int
    start: datetime
    end: datetime
    partial: bool
    realised: Decimal
    unrealised: Decimal
    total: Decimal
    fees: Decimal
    unpriced_fees: int
    volume: Decimal
    fills: int
    flows: Decimal
    equity_start: Decimal
    equity_end: Decimal
