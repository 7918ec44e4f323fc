"""Everything the engine may know. Each event is journalled with the actions it led to, before those are carried out.

`at` is UTC nanoseconds (for people and days), `mono` monotonic nanoseconds (for intervals: a clock step
neither fires nor skips anything). Both are stamped where the event enters the process.
"""

from mm.domain.book import Book
from mm.domain.fill import Fill
from mm.domain.order import OrderReport
from mm.domain.value import value


@value(frozen=True, slots=True, kw_only=True)
class Event:
    at: int
    mono: int


# --- market -----------------------------------------------------------------


@value(frozen=True, slots=True, kw_only=True)
class BookSeen(Event):
    """The top levels changed. `exchange_ms` is the exchange's event time (0: not told)."""

    book: Book
    exchange_ms: int = 0


@value(frozen=True, slots=True, kw_only=True)
class MarketTradeSeen(Event):
    """A public trade; `buyer_is_maker` True when the aggressor sold."""

    ticks: int
    lots: int
    buyer_is_maker: bool
    trade_id: int
    exchange_ms: int = 0


@value(frozen=True, slots=True, kw_only=True)
class StreamUp(Event):
    """`stream` is `market` or `account`. Account up: what happened meanwhile must be read by REST."""

    stream: str


@value(frozen=True, slots=True, kw_only=True)
class StreamDown(Event):
    """The stream closed, gapped or went silent; `why` in a few words."""

    stream: str
    why: str


# --- own orders ---------------------------------------------------------------


REVIVED = "revived"
"""Source of a report: a reading begun after the order's end shows it open, so that the end was not true."""


@value(frozen=True, slots=True, kw_only=True)
class OrderSeen(Event):
    """The exchange's word on an order. `source`: place, cancel, stream, query, reconcile, revived."""

    report: OrderReport
    source: str


@value(frozen=True, slots=True, kw_only=True)
class FillSeen(Event):
    fill: Fill
    source: str


@value(frozen=True, slots=True, kw_only=True)
class IntentsCommitted(Event):
    client_ids: tuple[str, ...]


@value(frozen=True, slots=True, kw_only=True)
class OrderSent(Event):
    """The request is about to leave: from here on its fate may be unknown until `fence_mono`."""

    client_id: str
    fence_mono: int


@value(frozen=True, slots=True, kw_only=True)
class OrderNotSent(Event):
    """Proved: nothing left this process. `code` names the reason: commit, stopped, limiter, connect …"""

    client_id: str
    code: str
    why: str


@value(frozen=True, slots=True, kw_only=True)
class PlaceRejected(Event):
    """A parsed, known rejection. `code` Binance's number, `reason` the stable name of the error map."""

    client_id: str
    code: int
    reason: str
    message: str


@value(frozen=True, slots=True, kw_only=True)
class PlaceUnknown(Event):
    client_id: str
    why: str


@value(frozen=True, slots=True, kw_only=True)
class CancelRejected(Event):
    """-2011 and kin: the order may have filled; it must be queried."""

    client_id: str
    code: int
    reason: str


@value(frozen=True, slots=True, kw_only=True)
class CancelUnknown(Event):
    client_id: str
    why: str


@value(frozen=True, slots=True, kw_only=True)
class OrderAbsent(Event):
    """The order query said -2013. `corroborated`: open orders and trades, read after it, agree."""

    client_id: str
    corroborated: bool


@value(frozen=True, slots=True, kw_only=True)
class QueryFailed(Event):
    client_id: str
    why: str


# --- account ------------------------------------------------------------------


@value(frozen=True, slots=True, kw_only=True)
class BalanceSeen(Event):
    """Whole balances of one asset in 1e-8 units, as the exchange tells them."""

    asset: str
    free_units: int
    locked_units: int


@value(frozen=True, slots=True, kw_only=True)
class CapitalFlowSeen(Event):
    """A deposit (positive) or withdrawal (negative) of the quote asset that is no profit or loss."""

    quote_units: int
    why: str


@value(frozen=True, slots=True, kw_only=True)
class Reconciled(Event):
    """Orders, fills and balances were read and agree with the ledger (`problems` empty) or not."""

    problems: tuple[str, ...] = ()


# --- time, people, faults -------------------------------------------------------


@value(frozen=True, slots=True, kw_only=True)
class TimerFired(Event):
    """`tick` every strategy.tick_interval; `pulse` four times a second; `day` at the trading day's close
    with the day's local date in `detail`."""

    name: str
    detail: str = ""


@value(frozen=True, slots=True, kw_only=True)
class StopRequested(Event):
    """Stop for good: no new orders, own orders cancelled. From a signal, a command, a latch or a fault."""

    why: str


@value(frozen=True, slots=True, kw_only=True)
class HaltRequested(Event):
    """Someone or something outside the engine demands a halt that a person must lift."""

    cause: str
    detail: str


@value(frozen=True, slots=True, kw_only=True)
class ResumeRequested(Event):
    """A person lifted the halts with a note."""

    by: str
    note: str


@value(frozen=True, slots=True, kw_only=True)
class CommitFailed(Event):
    """The ledger could not be written: what cannot be persisted is not sent."""

    client_ids: tuple[str, ...]
    why: str


@value(frozen=True, slots=True, kw_only=True)
class ClockDrift(Event):
    """Exchange time minus local time, as measured, in milliseconds."""

    drift_ms: int
    round_trip_ms: float


@value(frozen=True, slots=True, kw_only=True)
class RulesRead(Event):
    """The symbol's rules were read again: each that is not as the run knows it, or why they could not be read."""

    changes: tuple[str, ...] = ()
    error: str = ""
