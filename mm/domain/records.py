"""Rows the ledger keeps that are no actions of the engine, and what start-up reads back."""

from dataclasses import dataclass, field
from datetime import datetime

from mm.domain.fill import Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderStatus
from mm.domain.position import Position
from mm.domain.risk import RiskBaseline, StageHistory


@dataclass(frozen=True, slots=True)
class RunStart:
    """What a run is: `run_id` unique, `epoch` rises with every start (fences older instances; the ledger gives it,
    0 before), `account_epoch` rises when the exchange's account was wiped or replaced (testnet, sim).

    `capital_units` the profile's capital in quote (1e-8); `config` the whole configuration as JSON, no secrets.
    """

    run_id: str
    epoch: int
    account_epoch: int
    account_uid: str
    environment: str
    profile: str
    stage: str
    symbol: str
    scenario: str
    started: datetime
    config_hash: str
    code_hash: str
    version: str
    pid: int
    instrument: Instrument
    capital_units: int
    config: str = "{}"


@dataclass(frozen=True, slots=True)
class RunBegun:
    """The run as the ledger keeps it. `new_ledger`: no ledger was there; `new_account`: the account epoch is new."""

    run: RunStart
    new_ledger: bool
    new_account: bool


@dataclass(frozen=True, slots=True)
class Latency:
    """One measured interval: `kind` place, cancel, commit, decision, query, clock; microseconds."""

    at: int
    kind: str
    micros: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """`cpu_percent` of one core since the last one, `rss_bytes` resident memory, `lag_ms` event loop lag."""

    at: int
    state: str
    cpu_percent: float
    rss_bytes: int
    lag_ms: float
    open_orders: int
    unknown_orders: int


@dataclass(frozen=True, slots=True)
class CapitalFlow:
    """A deposit or withdrawal outside trading. `asset_units` in `asset`, `quote_units` its worth in quote."""

    at: int
    asset: str
    asset_units: int
    quote_units: int
    why: str


@dataclass(frozen=True, slots=True)
class BalanceBaseline:
    """What the account held beside the bot's capital when the account epoch began; never touched."""

    asset: str
    units: int


@dataclass(frozen=True, slots=True)
class LiveOrder:
    """An order the ledger does not know the end of."""

    intent: OrderIntent
    status: OrderStatus
    exchange_id: str
    executed_lots: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """What start-up knows before it asks the exchange.

    `position` from all fills and flows of the account epoch; `last_trade_id` 0 when none; `last_seq` the highest
    number used in a client order id; `orders` those not final, and ended ones of which fills are missing. Own trades
    are to be read from id `read_trades_from` on; those of them that are on record are in `known_fills`. None is older
    than `opened_ms` (UTC ms), when the account epoch began.
    """

    position: Position
    orders: tuple[LiveOrder, ...]
    last_trade_id: int
    last_seq: int
    baseline: RiskBaseline
    balances: tuple[BalanceBaseline, ...]
    known_fills: tuple[Fill, ...] = ()
    read_trades_from: int = 0
    opened_ms: int = 0
    history: StageHistory = field(default_factory=StageHistory)
