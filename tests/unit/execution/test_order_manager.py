from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.actions import Cancel, Query, RecordOrder
from mm.domain.events import REVIVED
from mm.domain.fill import Fill
from mm.domain.order import OrderIntent, OrderReport, OrderStatus, OrderType, Side
from mm.domain.records import LiveOrder
from mm.execution.order_manager import OrderManager, Pace

PACE = Pace(query_after=500, query_max=4_000, cancel_retry=1_000)
FENCE = 13_000
INTENT = OrderIntent("mm-abcdef-1", "ETHUSDC", Side.BUY, OrderType.LIMIT_MAKER, 300_000, 20, decided_at=7)


def report(status: OrderStatus, executed: int = 0, exchange_id: str = "77") -> OrderReport:
    return OrderReport(
        INTENT.client_id, exchange_id, "ETHUSDC", Side.BUY, "LIMIT_MAKER", status, 300_000, 20, executed, 0, 1
    )


def fill(trade_id: int, lots: int, client_id: str = INTENT.client_id) -> Fill:
    return Fill("ETHUSDC", trade_id, "77", client_id, True, 300_000, lots, 0, 0, "ETH", 0, True, 1)


def sent() -> OrderManager:
    manager = OrderManager(PACE)
    manager.decide(INTENT, 0)
    manager.sent(INTENT.client_id, FENCE)
    return manager


def status(manager: OrderManager) -> OrderStatus:
    order = manager.get(INTENT.client_id)
    assert order is not None
    return order.status


def test_a_decision_reserves_its_whole_size_at_once() -> None:
    manager = OrderManager(PACE)
    manager.decide(INTENT, 0)
    assert manager.lots(Side.BUY) == 20
    assert manager.lots(Side.SELL) == 0
    assert manager.own_orders()[0].status is OrderStatus.PENDING


def test_a_fill_shrinks_what_is_reserved_and_the_last_one_ends_the_order() -> None:
    manager = sent()
    manager.report(report(OrderStatus.OPEN), "place", 1)
    manager.fill(fill(1, 5), "stream")
    assert manager.lots(Side.BUY) == 15
    manager.fill(fill(2, 15), "stream")
    assert manager.lots(Side.BUY) == 0
    assert len(manager) == 0
    assert status(manager) is OrderStatus.FILLED


def test_a_fill_that_comes_before_any_report_tells_the_exchanges_number() -> None:
    manager = sent()
    recorded = manager.fill(fill(1, 20), "stream")
    assert recorded == [RecordOrder(INTENT.client_id, OrderStatus.FILLED, "77", 20, "stream", "")]
    assert manager.client_id_of("77") == INTENT.client_id


def test_a_fill_counts_once_whatever_source_repeats_it() -> None:
    manager = sent()
    assert manager.fill(fill(1, 5), "stream") is not None
    assert manager.fill(fill(1, 5), "reconcile") is None
    assert manager.lots(Side.BUY) == 15


STEPS = (
    ("report", report(OrderStatus.OPEN)),
    ("report", report(OrderStatus.OPEN, 5)),
    ("report", report(OrderStatus.CANCELED, 12)),
    ("fill", fill(1, 5)),
    ("fill", fill(2, 7)),
)


@pytest.mark.parametrize("order", list(permutations(range(len(STEPS)))))
def test_any_order_of_reports_and_fills_ends_in_the_same_state(order: tuple[int, ...]) -> None:
    manager = sent()
    for index in order:
        kind, value = STEPS[index]
        if kind == "report":
            assert isinstance(value, OrderReport)
            manager.report(value, "stream", 1)
        else:
            assert isinstance(value, Fill)
            manager.fill(value, "stream")
    tracked = manager.get(INTENT.client_id)
    assert tracked is not None
    assert (tracked.status, tracked.executed_lots, tracked.filled_lots) == (OrderStatus.CANCELED, 12, 12)
    assert len(manager) == 0


def test_an_ended_order_stays_reserved_until_its_fills_were_seen_and_is_asked_for() -> None:
    manager = sent()
    manager.report(report(OrderStatus.CANCELED, 12), "stream", 1)
    assert manager.lots(Side.BUY) == 12
    assert manager.due(10_000) == [Query(INTENT.client_id, past_fence=False)]
    manager.report(report(OrderStatus.CANCELED, 12), "query", 10_000)
    assert manager.due(10_000) == []
    assert manager.due(20_000) == [Query(INTENT.client_id, past_fence=True)]
    manager.fill(fill(1, 12), "reconcile")
    assert len(manager) == 0


def test_states_only_move_forward() -> None:
    manager = sent()
    manager.report(report(OrderStatus.CANCELED), "stream", 1)
    assert manager.report(report(OrderStatus.OPEN), "stream", 2) == []
    assert status(manager) is OrderStatus.CANCELED


def test_an_unknown_order_is_queried_at_doubling_pauses_and_right_at_the_fence() -> None:
    manager = sent()
    manager.unknown(INTENT.client_id, "timeout", 0)
    asked = []
    for mono in range(0, 20_000, 100):
        for action in manager.due(mono):
            assert isinstance(action, Query)
            asked.append((mono, action.past_fence))
            manager.absent(INTENT.client_id, corroborated=False, mono=mono)
    assert asked == [
        (500, False), (1500, False), (3500, False), (7500, False), (11500, False),
        (13000, True), (17000, True),
    ]  # fmt: skip
    assert manager.lots(Side.BUY) == 20


@pytest.mark.parametrize(
    ("mono", "corroborated", "expected"),
    [
        (FENCE - 1, True, OrderStatus.UNKNOWN),
        (FENCE, False, OrderStatus.UNKNOWN),
        (FENCE, True, OrderStatus.NOT_PLACED),
    ],
)
def test_absence_is_believed_only_past_the_fence_and_corroborated(
    mono: int, corroborated: bool, expected: OrderStatus
) -> None:
    manager = sent()
    manager.unknown(INTENT.client_id, "timeout", 0)
    manager.absent(INTENT.client_id, corroborated=corroborated, mono=mono)
    assert status(manager) is expected


def test_an_order_the_exchange_gave_a_number_is_never_called_absent() -> None:
    manager = sent()
    manager.unknown(INTENT.client_id, "timeout", 0)
    tracked = manager.get(INTENT.client_id)
    assert tracked is not None
    tracked.exchange_id = "77"
    manager.absent(INTENT.client_id, corroborated=True, mono=FENCE + 1)
    assert status(manager) is OrderStatus.UNKNOWN


def test_a_late_word_of_the_exchange_revives_an_order_we_had_given_up() -> None:
    manager = sent()
    manager.unknown(INTENT.client_id, "timeout", 0)
    manager.absent(INTENT.client_id, corroborated=True, mono=FENCE)
    assert len(manager) == 0
    manager.report(report(OrderStatus.OPEN), "stream", FENCE + 1)
    assert status(manager) is OrderStatus.OPEN
    assert manager.lots(Side.BUY) == 20


def test_a_late_fill_of_an_order_we_had_given_up_is_never_dropped() -> None:
    manager = sent()
    manager.end(INTENT.client_id, OrderStatus.REJECTED, "place", "-2010")
    manager.fill(fill(1, 5), "stream")
    assert status(manager) is OrderStatus.OPEN
    assert manager.lots(Side.BUY) == 15


def test_a_rejection_after_a_fill_was_seen_does_not_end_the_order() -> None:
    manager = sent()
    manager.fill(fill(1, 5), "stream")
    assert manager.end(INTENT.client_id, OrderStatus.REJECTED, "place", "") == []
    assert manager.lots(Side.BUY) == 15


def test_cancelling_what_has_not_left_withdraws_it_without_a_request() -> None:
    manager = OrderManager(PACE)
    manager.decide(INTENT, 0)
    assert manager.may_send(INTENT.client_id)
    assert manager.cancel(INTENT.client_id, "halted", 1) == []
    assert not manager.may_send(INTENT.client_id)
    manager.end(INTENT.client_id, OrderStatus.NOT_SENT, "place", "withdrawn")
    assert len(manager) == 0


def test_a_cancel_is_asked_once_and_repeated_until_confirmed() -> None:
    manager = sent()
    manager.report(report(OrderStatus.OPEN), "place", 0)
    assert manager.cancel(INTENT.client_id, "price", 0) == [Cancel(INTENT.client_id, "price")]
    assert manager.cancel(INTENT.client_id, "price", 1) == []
    assert manager.due(999) == []
    assert manager.due(1_000) == [Cancel(INTENT.client_id, "price")]
    manager.report(report(OrderStatus.CANCELED), "stream", 1_100)
    assert manager.due(9_000) == []
    assert len(manager) == 0


def test_a_cancels_own_answer_ends_nothing_until_a_second_word_agrees() -> None:
    manager = sent()
    manager.report(report(OrderStatus.OPEN), "place", 0)
    manager.cancel(INTENT.client_id, "price", 0)
    assert manager.report(report(OrderStatus.CANCELED), "cancel", 100) == []
    assert manager.lots(INTENT.side) == INTENT.lots
    (asked,) = manager.due(100 + PACE.query_after)
    assert isinstance(asked, Query)
    (record,) = manager.report(report(OrderStatus.CANCELED), "query", 700)
    assert isinstance(record, RecordOrder)
    assert record.status is OrderStatus.CANCELED
    assert len(manager) == 0


def test_a_cancels_answer_that_was_not_true_is_followed_by_another_cancel() -> None:
    manager = sent()
    manager.report(report(OrderStatus.OPEN), "place", 0)
    manager.cancel(INTENT.client_id, "price", 0)
    manager.report(report(OrderStatus.CANCELED), "cancel", 100)
    manager.due(100 + PACE.query_after)
    manager.report(report(OrderStatus.OPEN), "query", 700)
    assert manager.due(700) == [Cancel(INTENT.client_id, "price")]


def test_an_ended_order_that_a_later_reading_shows_open_is_live_again_and_cancelled() -> None:
    manager = sent()
    manager.report(report(OrderStatus.OPEN), "place", 0)
    manager.cancel(INTENT.client_id, "price", 0)
    manager.report(report(OrderStatus.CANCELED), "stream", 100)
    assert manager.report(report(OrderStatus.OPEN), "stream", 200) == []  # a late report changes nothing
    assert len(manager) == 0
    (record,) = manager.report(report(OrderStatus.OPEN), REVIVED, 300)
    assert isinstance(record, RecordOrder)
    assert (record.status, record.reason) == (OrderStatus.OPEN, REVIVED)
    assert manager.lots(INTENT.side) == INTENT.lots
    assert manager.cancel(INTENT.client_id, "stop", 400) == [Cancel(INTENT.client_id, "stop")]


def test_a_cancel_of_an_unknown_order_goes_out() -> None:
    manager = sent()
    manager.unknown(INTENT.client_id, "timeout", 0)
    assert manager.cancel(INTENT.client_id, "stop", 1) == [Cancel(INTENT.client_id, "stop")]


def test_a_refused_cancel_asks_what_became_of_the_order() -> None:
    manager = sent()
    manager.report(report(OrderStatus.OPEN), "place", 0)
    manager.cancel(INTENT.client_id, "price", 0)
    manager.cancel_refused(INTENT.client_id, 10)
    assert manager.due(10) == [Query(INTENT.client_id, past_fence=False)]
    # Still open, says the query: the cancel is sent again at once.
    manager.report(report(OrderStatus.OPEN), "query", 20)
    assert manager.due(20) == [Cancel(INTENT.client_id, "price")]


def test_restored_orders_are_unknown_unless_the_exchange_had_confirmed_them() -> None:
    manager = OrderManager(PACE)
    pending = LiveOrder(INTENT, OrderStatus.PENDING, "", 0)
    opened = LiveOrder(replace(INTENT, client_id="mm-abcdef-2"), OrderStatus.OPEN, "78", 5)
    fences = {INTENT.client_id: 100, "mm-abcdef-2": 100}
    manager.restore([pending, opened], [fill(9, 5, "mm-abcdef-2")], 1, fences)
    assert manager.count(OrderStatus.UNKNOWN) == 1
    assert manager.count(OrderStatus.OPEN) == 1
    assert manager.lots(Side.BUY) == 35
    assert manager.has_trade(9)
    assert manager.client_id_of("78") == "mm-abcdef-2"
    assert not manager.may_send(INTENT.client_id)
    assert [type(action) for action in manager.due(1)] == [Query, Query]


@given(
    st.lists(st.sampled_from(["open", "partial", "cancel", "fill", "unknown", "absent", "reject", "ask"]), max_size=30)
)
def test_exposure_never_vanishes_before_an_end_is_certain(steps: list[str]) -> None:
    """Whatever happens, what is reserved plus what was filled covers what the exchange may still execute."""
    manager = sent()
    trade = 0
    for step in steps:
        if step == "open":
            manager.report(report(OrderStatus.OPEN), "stream", 1)
        elif step == "partial":
            manager.report(report(OrderStatus.OPEN, 10), "stream", 1)
        elif step == "cancel":
            manager.report(report(OrderStatus.CANCELED, 10), "stream", 1)
        elif step == "fill" and trade < 20:
            trade += 1
            manager.fill(fill(trade, 1), "stream")
        elif step == "unknown":
            manager.unknown(INTENT.client_id, "timeout", 1)
        elif step == "absent":
            manager.absent(INTENT.client_id, corroborated=False, mono=1)
        elif step == "ask":
            manager.due(1)
        tracked = manager.get(INTENT.client_id)
        assert tracked is not None
        assert tracked.filled_lots == trade
        certain = tracked.status.is_final
        assert manager.lots(Side.BUY) + trade >= (max(tracked.executed_lots, trade) if certain else 20)


def test_records_tell_each_change_once() -> None:
    manager = sent()
    first = manager.report(report(OrderStatus.OPEN), "place", 1)
    assert first == [RecordOrder(INTENT.client_id, OrderStatus.OPEN, "77", 0, "place", "")]
    assert manager.report(report(OrderStatus.OPEN), "stream", 2) == []
