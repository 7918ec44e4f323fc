"""Reads both sides of an audit: the exchange first, the ledger after it (which can only know more)."""

from mm.domain.instrument import Instrument, to_units
from mm.domain.order import OrderReport, OrderStatus, Side
from mm.ledger.history import nanoseconds
from mm.ledger.queries import LedgerQueries
from mm.ledger.reading import ANY_EPOCH
from mm.ledger.views import OrderView
from mm.ports import AccountReader
from mm.review.audit import NOWHERE, ExchangeSide, Intended, LedgerSide
from mm.review.reader import instrument_of

PAGE = 1000
MOST_QUERIES = 500
"""Single orders asked for in one audit: the newest that the ledger says were never placed."""


async def read_exchange(
    reader: AccountReader, ledger: LedgerQueries, prefix: str, *, account_epoch: int
) -> ExchangeSide:
    """Raises ExchangeError. Orders asked for singly: those whose end the ledger does not know or says never began,
    and those behind trades that it does not know."""
    run = next(run for run in ledger.runs() if run.account_epoch == account_epoch)
    since_ms = nanoseconds(run.started) // 1_000_000
    open_orders = await reader.open_orders(run.symbol)
    trades = []
    from_id = 0
    while True:
        page = await reader.trades(run.symbol, from_id, PAGE)
        trades += [fill for fill in page if fill.time_ms >= since_ms]
        if len(page) < PAGE:
            break
        from_id = page[-1].trade_id + 1
    orders = list(open_orders)
    open_ids = frozenset(order.client_id for order in open_orders)
    known = ledger.orders(account_epoch=account_epoch)
    absent = await _ask_singly(reader, [view for view in known if view.client_id not in open_ids], orders)
    trade_orders: dict[str, str] = {}
    known_ids = {view.exchange_id for view in known}
    for exchange_id in sorted({fill.exchange_id for fill in trades} - known_ids):
        found = await reader.order_by_exchange_id(exchange_id)
        trade_orders[exchange_id] = found.client_id if found else ""
        if found is not None and found.client_id.startswith(prefix):
            orders.append(found)
    return ExchangeSide(orders, open_ids, tuple(trades), trade_orders, absent)


def read_ledger(ledger: LedgerQueries, prefix: str, max_position_units: int, *, account_epoch: int) -> LedgerSide:
    run = next(run for run in ledger.runs() if run.account_epoch == account_epoch)
    instrument = instrument_of(run)
    with ledger.one_moment():
        orders = ledger.orders(account_epoch=ANY_EPOCH)
        fills = ledger.fills(account_epoch=account_epoch)
        flows = ledger.capital_flows(account_epoch=account_epoch)
    return LedgerSide(
        prefix=prefix,
        instrument=instrument,
        intents=[_intended(view, instrument) for view in orders],
        fills=[view.fill for view in fills],
        flows_base_units=sum(to_units(flow.amount) for flow in flows if flow.asset == instrument.base),
        max_position_units=max_position_units,
    )


async def _ask_singly(reader: AccountReader, views: list[OrderView], orders: list[OrderReport]) -> frozenset[str]:
    """Adds what the exchange holds to `orders`; returns the ids that it does not know."""
    doubtful = [view for view in views if OrderStatus(view.status) in NOWHERE or not OrderStatus(view.status).is_final]
    absent: set[str] = set()
    for view in doubtful[-MOST_QUERIES:]:
        found = await reader.order(view.client_id)
        if found is None:
            absent.add(view.client_id)
        else:
            orders.append(found)
    return frozenset(absent)


def _intended(view: OrderView, instrument: Instrument) -> Intended:
    return Intended(
        client_id=view.client_id,
        side=Side(view.side),
        ticks=int(view.price / instrument.tick_size),
        lots=int(view.size / instrument.lot_size),
        decided_at=nanoseconds(view.decided),
        status=OrderStatus(view.status),
        exchange_id=view.exchange_id,
        executed_lots=int(view.executed / instrument.lot_size),
    )
