"""A restored order's fence counts on the monotonic clock from the start, whatever the wall clock said before."""

import pytest

from mm.domain.actions import Query
from mm.domain.events import OrderAbsent
from mm.domain.order import OrderStatus
from mm.domain.records import LiveOrder
from tests.fakes.desk import FENCE, START_AT, Desk, engine_setup, intent, only, recovery
from tests.fakes.snapshots import SECOND

HOUR = 3600 * SECOND


@pytest.mark.parametrize("decided_ago", [-HOUR, 0, SECOND, HOUR])
@pytest.mark.parametrize("status", [OrderStatus.PENDING, OrderStatus.UNKNOWN])
def test_absence_is_believed_a_fence_after_the_start_and_neither_sooner_nor_later(
    decided_ago: int, status: OrderStatus
) -> None:
    """Set by an hour between two runs, the wall clock says nothing of when the last request left."""
    order = intent(1, decided_at=START_AT - decided_ago)
    desk = Desk(engine_setup(recovery(orders=[LiveOrder(order, status, "", 0)], last_seq=1)))
    began = desk.mono
    while desk.engine.orders.get(order.client_id) in list(desk.engine.orders):
        assert desk.mono <= began + FENCE + 5 * SECOND
        desk.wait(0.25)
        for query in only(desk.pulse(), Query):
            desk.feed(OrderAbsent, client_id=query.client_id, corroborated=query.past_fence)
    assert desk.mono >= began + FENCE
