"""I1–I4: the ledger against the exchange, order by order and fill by fill. Pure.

I1  every own order at the exchange has exactly one earlier durable intent in the ledger, and the end it says
I2  at most one order at the exchange per intent (Binance takes a client id again once its first order has ended)
I3  the ledger's fills equal the exchange's, by trade id, in every field
I4  position + open orders + orders in unknown state stay within the cap
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mm.domain.fill import Fill
from mm.domain.instrument import Instrument, from_units
from mm.domain.order import OrderReport, OrderStatus, Side
from mm.domain.position import Position
from mm.review.clock_gap import ClockGap

FILL_FIELDS = (
    "symbol",
    "exchange_id",
    "buy",
    "ticks",
    "lots",
    "quote_units",
    "fee_units",
    "fee_asset",
    "maker",
    "time_ms",
)
NOWHERE = frozenset({OrderStatus.REJECTED, OrderStatus.NOT_SENT, OrderStatus.NOT_PLACED})
"""Ends that say: the exchange never held this order."""
AT_EXCHANGE = frozenset({OrderStatus.OPEN, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED})
"""States that say: the exchange holds, or held, this order."""


@dataclass(frozen=True, slots=True)
class Intended:
    """An intent of the ledger with what the ledger holds of its order. `decided_at` UTC ns; `current` False: of an
    account before the present one."""

    client_id: str
    side: Side
    ticks: int
    lots: int
    decided_at: int
    status: OrderStatus
    exchange_id: str
    executed_lots: int
    current: bool = True


@dataclass(frozen=True, slots=True)
class ExchangeSide:
    """What the exchange told.

    `orders` own and others', open and ended, each once; `trades` of the account since the account epoch began;
    `trade_orders` the client id behind the exchange id of each trade that the ledger does not know (empty text: not
    told); `absent` client ids of which the exchange said that it holds no such order; `clocks` how its times and ours
    compare; `too_old` how many orders ended so long ago that the exchange keeps them no more.
    """

    orders: Sequence[OrderReport]
    trades: Sequence[Fill]
    trade_orders: dict[str, str]
    clocks: ClockGap
    absent: frozenset[str] = frozenset()
    too_old: int = 0


@dataclass(frozen=True, slots=True)
class LedgerSide:
    """What the ledger holds. `intents` of every account epoch, `fills` and `position` of the current one."""

    prefix: str
    instrument: Instrument
    intents: Sequence[Intended]
    fills: Sequence[Fill]
    flows_base_units: int
    max_position_units: int


@dataclass(frozen=True, slots=True)
class Difference:
    invariant: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Audit:
    """Clean when `differences` is empty; the counts say how much was compared.

    `intents` of the present account, `never_placed` those of them that the ledger says never came to be an order;
    `exchange_orders` own ones, `foreign_orders` others' in the same span; `too_old`, `clocks` as the exchange's side.
    """

    intents: int
    never_placed: int
    exchange_orders: int
    fills: int
    exchange_fills: int
    exposure_units: int
    max_position_units: int
    foreign_orders: int
    too_old: int
    clocks: ClockGap
    differences: tuple[Difference, ...]


def audit(ledger: LedgerSide, exchange: ExchangeSide) -> Audit:
    own = [order for order in exchange.orders if order.client_id.startswith(ledger.prefix)]
    exposure = exposure_units(ledger)
    differences = (
        *_first(ledger, exchange, own),
        *_second(ledger, own),
        *_third(ledger, exchange),
        *_status(ledger, exchange, own),
        *_fourth(ledger, exposure),
    )
    return Audit(
        intents=sum(intent.current for intent in ledger.intents),
        never_placed=sum(intent.current and intent.status in NOWHERE for intent in ledger.intents),
        exchange_orders=len({order.exchange_id for order in own}),
        fills=len(ledger.fills),
        exchange_fills=len(exchange.trades),
        exposure_units=exposure,
        max_position_units=ledger.max_position_units,
        foreign_orders=len({o.exchange_id for o in exchange.orders} - {o.exchange_id for o in own}),
        too_old=exchange.too_old,
        clocks=exchange.clocks,
        differences=tuple(dict.fromkeys(differences)),
    )


def exposure_units(ledger: LedgerSide) -> int:
    """The largest position that may come about: held base and every live or unknown buy, in 1e-8 base."""
    position = Position(base_units=ledger.flows_base_units)
    for fill in sorted(ledger.fills, key=lambda each: each.trade_id):
        position = position.after(fill, ledger.instrument)
    buying = sum(
        max(0, intent.lots - intent.executed_lots)
        for intent in ledger.intents
        if intent.current and intent.side is Side.BUY and not intent.status.is_final
    )
    return position.base_units + ledger.instrument.base_units(buying)


def _first(ledger: LedgerSide, exchange: ExchangeSide, own: Sequence[OrderReport]) -> Iterator[Difference]:
    counted = Counter(intent.client_id for intent in ledger.intents)
    decided = {intent.client_id: intent.decided_at for intent in ledger.intents}
    for client_id, times in counted.items():
        if times > 1:
            yield Difference("I1", client_id, f"{times} intents carry this id")
    for order in own:
        if order.client_id not in counted:
            yield Difference("I1", order.client_id, f"order {order.exchange_id} at the exchange has no intent")
        else:
            yield from _younger(order, decided[order.client_id], exchange.clocks)
    told = {order.exchange_id for order in own}
    for exchange_id, client_id in exchange.trade_orders.items():
        if exchange_id not in told and client_id.startswith(ledger.prefix) and client_id not in counted:
            yield Difference("I1", client_id, f"order {exchange_id} was filled at the exchange and has no intent")


def _younger(order: OrderReport, decided_at: int, clocks: ClockGap) -> Iterator[Difference]:
    taken_ms = order.created_ms or order.updated_ms
    late_ms = decided_at // 1_000_000 - taken_ms
    if taken_ms and late_ms > clocks.allowed:
        text = f"decided {late_ms} ms after the exchange took order {order.exchange_id} ({clocks.allowed} ms allowed)"
        yield Difference("I1", order.client_id, text)


def _second(ledger: LedgerSide, own: Iterable[OrderReport]) -> Iterator[Difference]:
    ids: dict[str, set[str]] = defaultdict(set)
    for order in own:
        ids[order.client_id].add(order.exchange_id)
    for intent in ledger.intents:
        if intent.exchange_id:
            ids[intent.client_id].add(intent.exchange_id)
    for client_id, found in ids.items():
        if len(found) > 1:
            yield Difference("I2", client_id, f"several orders for one intent: {', '.join(sorted(found))}")


def _third(ledger: LedgerSide, exchange: ExchangeSide) -> Iterator[Difference]:
    kept: dict[int, Fill] = {}
    for fill in ledger.fills:
        if fill.trade_id in kept:
            yield Difference("I3", f"trade {fill.trade_id}", "recorded twice in the ledger")
        kept[fill.trade_id] = fill
    known_orders = {intent.exchange_id for intent in ledger.intents if intent.exchange_id}
    told: set[int] = set()
    for trade in exchange.trades:
        told.add(trade.trade_id)
        mine = kept.get(trade.trade_id)
        if mine is not None:
            yield from _fields(mine, trade)
        elif _is_own_trade(trade, known_orders, exchange, ledger.prefix):
            yield Difference("I3", f"trade {trade.trade_id}", "at the exchange, missing in the ledger")
    for trade_id in kept:
        if trade_id not in told:
            yield Difference("I3", f"trade {trade_id}", "in the ledger, unknown to the exchange")
    yield from _executed(ledger)


def _is_own_trade(trade: Fill, known: set[str], exchange: ExchangeSide, prefix: str) -> bool:
    return trade.exchange_id in known or exchange.trade_orders.get(trade.exchange_id, "").startswith(prefix)


def _fields(mine: Fill, theirs: Fill) -> Iterator[Difference]:
    for name in FILL_FIELDS:
        ours, told = getattr(mine, name), getattr(theirs, name)
        if ours != told:
            text = f"{name} is {ours} in the ledger, {told} at the exchange"
            yield Difference("I3", f"trade {mine.trade_id}", text)
    if theirs.client_id and mine.client_id != theirs.client_id:
        text = f"client_id is {mine.client_id or 'none'} in the ledger, {theirs.client_id} at the exchange"
        yield Difference("I3", f"trade {mine.trade_id}", text)


def _executed(ledger: LedgerSide) -> Iterator[Difference]:
    """Within the ledger: the executed size of an order is the sum of its fills."""
    sums: dict[str, int] = defaultdict(int)
    for fill in ledger.fills:
        sums[fill.exchange_id] += fill.lots
    for intent in ledger.intents:
        if intent.exchange_id in sums and sums[intent.exchange_id] != intent.executed_lots:
            text = f"executed {intent.executed_lots} lots, its fills are {sums[intent.exchange_id]}"
            yield Difference("I3", intent.client_id, text)


def _status(ledger: LedgerSide, exchange: ExchangeSide, own: Iterable[OrderReport]) -> Iterator[Difference]:
    intents = {intent.client_id: intent for intent in ledger.intents}
    for order in own:
        intent = intents.get(order.client_id)
        if intent is None:
            continue
        if (order.side, order.ticks, order.lots) != (intent.side, intent.ticks, intent.lots):
            yield Difference("I1", order.client_id, "side, price or size at the exchange is not what was intended")
        # Of several orders under one id (I2) the ledger's own row speaks of one only.
        if not intent.exchange_id or order.exchange_id == intent.exchange_id:
            yield from _end(intent, order)
    for intent in ledger.intents:
        if intent.status in AT_EXCHANGE and intent.client_id in exchange.absent:
            text = f"the ledger says {intent.status.value}, the exchange knows no such order"
            yield Difference("I1", intent.client_id, text)


def _end(intent: Intended, order: OrderReport) -> Iterator[Difference]:
    """Two ends must be the same, with the same executed size; an order must not have ended on one side alone."""
    if order.status is not intent.status and intent.status in NOWHERE:
        text = f"the ledger says {intent.status.value}, the exchange holds order {order.exchange_id}"
        yield Difference("I1", order.client_id, text)
    elif order.status is not intent.status and intent.status not in _UNDECIDED:
        text = f"the ledger says {intent.status.value}, the exchange {order.status.value}"
        yield Difference("I1", order.client_id, text)
    if order.status.is_final and intent.status.is_final and order.executed_lots != intent.executed_lots:
        text = f"executed {intent.executed_lots} lots in the ledger, {order.executed_lots} at the exchange"
        yield Difference("I3", order.client_id, text)


_UNDECIDED = frozenset({OrderStatus.PENDING, OrderStatus.UNKNOWN})


def _fourth(ledger: LedgerSide, exposure: int) -> Iterator[Difference]:
    if exposure > ledger.max_position_units:
        base = ledger.instrument.base
        yield Difference(
            "I4",
            ledger.instrument.symbol,
            f"position and open buys make {from_units(exposure)} {base}, "
            f"the cap is {from_units(ledger.max_position_units)} {base}",
        )
