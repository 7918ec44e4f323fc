"""An exchange that knows exactly what a ledger says."""

from dataclasses import replace

from mm.domain.instrument import to_units
from mm.domain.order import OrderReport, OrderStatus, Side
from mm.ledger.history import nanoseconds
from mm.ledger.queries import LedgerQueries
from mm.ledger.views import OrderView
from mm.review.audit import AT_EXCHANGE
from tests.fakes.account_reader import ETHUSDC, FakeReader


def mirror(ledger: LedgerQueries, reader: FakeReader | None = None) -> FakeReader:
    """Fills `reader` (a new one unless given) with the orders and fills of the current account."""
    made = FakeReader() if reader is None else reader
    orders = [_report(view) for view in ledger.orders() if OrderStatus(view.status) in AT_EXCHANGE]
    made.history = tuple(orders)
    made.fills = tuple(replace(view.fill, client_id="", fee_quote_units=None) for view in ledger.fills())
    return made


def _report(view: OrderView) -> OrderReport:
    return OrderReport(
        client_id=view.client_id,
        exchange_id=view.exchange_id,
        symbol=view.symbol,
        side=Side(view.side),
        type=view.type,
        status=OrderStatus(view.status),
        ticks=int(view.price / ETHUSDC.tick_size),
        lots=int(view.size / ETHUSDC.lot_size),
        executed_lots=int(view.executed / ETHUSDC.lot_size),
        quote_units=to_units(view.price * view.executed),
        updated_ms=nanoseconds(view.updated) // 1_000_000,
        created_ms=nanoseconds(view.decided) // 1_000_000 + 3,
    )
