"""The venue as an Exchange without a wire, on the wall clock."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

from mm.clock.live import LiveClock
from mm.domain.order import OrderIntent
from mm.exchange.venue.in_process import InProcessExchange
from mm.exchange.venue.views import NewOrder, OrderView
from tests.contract.bench import SYMBOL, Bench, accounts


class InProcessBench(Bench[InProcessExchange]):
    async def amend(self, client_id: str, size: str) -> Mapping[str, Any]:
        view = self.venue.amend(self.own, SYMBOL, Decimal(size), orig_client_id=client_id, new_client_id=client_id)
        return {"orderId": view.order_id, "qty": str(view.quantity), "status": view.status}

    async def replace(self, client_id: str, order: OrderIntent) -> None:
        new = NewOrder(
            symbol=SYMBOL,
            side=order.side,
            type=order.type,
            quantity=Decimal(order.lots) / 10000,
            price=Decimal(order.ticks) / 100,
            client_id=order.client_id,
        )
        done = self.venue.cancel_replace(self.own, new, orig_client_id=client_id, stop_on_failure=True)
        assert isinstance(done.canceled, OrderView), done
        assert isinstance(done.placed, OrderView), done


@contextlib.asynccontextmanager
async def in_process(*, deposits: dict[str, str] | None = None, book: bool = True) -> AsyncIterator[InProcessBench]:
    made = accounts(deposits)
    exchange = InProcessExchange(made.venue, made.own, SYMBOL, clock=LiveClock(), advance=lambda _now_ms: None)
    bench = InProcessBench(venue=made.venue, own=made.own, other=made.other, exchange=exchange)
    if book:
        bench.quote()
    yield bench
    await exchange.close()
    made.venue.close()
