"""Every port of the core on one page. Small roles; the composition root picks who plays them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from mm.domain.actions import Action
from mm.domain.events import Event
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderReport
from mm.domain.records import BalanceBaseline, CapitalFlow, Heartbeat, Latency, Recovery, RunBegun, RunStart
from mm.domain.trading_day import TradingDay

EventSink = Callable[[Event], None]


class Clock(Protocol):
    """Wall time for people, monotonic time for intervals, both in nanoseconds."""

    def now(self) -> int: ...
    def monotonic(self) -> int: ...
    async def sleep(self, seconds: float) -> None: ...


# --- exchange -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rejected:
    """A parsed, known refusal: the order is not at the exchange (for a cancel: was not cancelled by this)."""

    code: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A request left and nothing reliable came back."""

    why: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proved that nothing left this process."""

    code: str
    why: str


PlaceAnswer = OrderReport | Rejected | Unknown | NotSent
CancelAnswer = OrderReport | Rejected | Unknown | NotSent


class OrderGateway(Protocol):
    """Sends. Never raises for an answer of the exchange, never sends twice."""

    @property
    def fence_seconds(self) -> float:
        """recvWindow + the exchange's own time-out + margin: after it a request can no longer execute."""
        ...

    async def place(self, intent: OrderIntent) -> PlaceAnswer: ...
    async def cancel(self, client_id: str) -> CancelAnswer: ...


@dataclass(frozen=True, slots=True)
class Balance:
    asset: str
    free_units: int
    locked_units: int


@dataclass(frozen=True, slots=True)
class Account:
    """`uid` identifies the account; it changes when a sim account is opened anew."""

    uid: str
    can_trade: bool
    balances: tuple[Balance, ...]


@dataclass(frozen=True, slots=True)
class KeyPermissions:
    """Of the API key; None of it is told on testnet."""

    ip_restricted: bool
    reading: bool
    spot_trading: bool
    withdrawals: bool


class AccountReader(Protocol):
    """Reads by REST. Raises ExchangeError (RateLimited, AuthenticationRefused, GeoBlocked)."""

    async def server_time_ms(self) -> int: ...
    async def instrument(self, symbol: str) -> Instrument: ...
    async def fee_rates(self, symbol: str) -> FeeRates: ...
    async def account(self) -> Account: ...
    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        """All open orders of the symbol, also those of others (their client ids differ)."""
        ...

    async def order(self, client_id: str) -> OrderReport | None:
        """None: the exchange said -2013 (no such order)."""
        ...

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None: ...

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        """Orders of the account, open and ended, also those of others, with exchange id ≥ `from_exchange_id`, rising.

        Binance leaves out those that ended without a fill more than 90 days ago.
        """
        ...

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        """Own fills with trade id ≥ `from_id`, rising; `client_id` is empty."""
        ...

    async def last_price(self, symbol: str) -> Decimal: ...
    async def key_permissions(self) -> KeyPermissions | None: ...


class Streams(Protocol):
    """Market and account streams: runs until cancelled, reconnects by itself, tells every gap."""

    async def run(self, sink: EventSink) -> None: ...


class Exchange(OrderGateway, AccountReader, Streams, Protocol):
    async def resync_clock(self) -> tuple[int, float]:
        """Measure and take over the exchange's clock: (exchange minus local in ms, round trip in ms)."""
        ...

    async def close(self) -> None: ...


# --- record -------------------------------------------------------------------


class Ledger(Protocol):
    """The bot's one writer. `commit_intents` is durable when it returns; `record` is batched."""

    async def begin_run(self, run: RunStart, baseline: Sequence[BalanceBaseline]) -> RunBegun:
        """Takes the next epoch and fences older instances. `baseline` is kept when the account epoch is new."""
        ...

    async def recovery(
        self,
        account_epoch: int,
        day: TradingDay,
        stage_since: int | None = None,
        resumed: Mapping[str, int] | None = None,
    ) -> Recovery:
        """After `begin_run`. `day` the trading day now; `stage_since` (UTC ns) when the stage became current;
        `resumed` when a person last lifted a halt, by its cause (UTC ns)."""
        ...

    async def commit_intents(self, intents: Sequence[OrderIntent]) -> None:
        """Raises LedgerError when not durable; then nothing may be sent."""
        ...

    def record(self, at: int, rows: Sequence[Action | Latency | Heartbeat | CapitalFlow]) -> None:
        """Queue rows; they are durable within a fraction of a second or `on_failure` is called."""
        ...

    async def flush(self) -> None:
        """Everything recorded so far is durable; raises LedgerError when it is not."""
        ...

    async def end_run(self, at: int, outcome: str, *, clean: bool) -> None: ...


class Journal(Protocol):
    """What the engine saw and did."""

    def append(self, event: Event, actions: Sequence[Action]) -> None: ...
    def sync(self) -> None:
        """Hand over what waits; called about once a second."""
        ...

    def close(self) -> None: ...


class StopLatch(Protocol):
    """A file name (architecture, decision 6)."""

    def is_armed(self) -> bool: ...

    def beat(self) -> None:
        """Leave a sign of life that needs no disk space."""
        ...


class ControlReader(Protocol):
    """What people and watchers have ordered, read as events."""

    def poll(self) -> Sequence[Event]: ...
