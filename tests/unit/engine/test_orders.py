"""What the engine makes of the exchange's words on orders and fills."""

from datetime import timedelta

import pytest

from mm.domain.actions import (
    Cancel,
    OpenHalt,
    Query,
    Reconcile,
    RecordEquity,
    RecordFill,
    RecordOrder,
    RecordRisk,
)
from mm.domain.events import (
    CancelRejected,
    CancelUnknown,
    CommitFailed,
    FillSeen,
    IntentsCommitted,
    OrderAbsent,
    OrderNotSent,
    OrderSeen,
    PlaceRejected,
    PlaceUnknown,
    QueryFailed,
)
from mm.domain.instrument import UNITS
from mm.domain.order import OrderIntent, OrderStatus, Side
from mm.domain.risk import TradingState
from mm.risk.settings import CircuitBreakerSettings
from tests.fakes.desk import (
    FENCE,
    Desk,
    cancels,
    engine_setup,
    fill_of,
    intent,
    only,
    places,
    recovery,
    renamed,
    report,
    resting,
    risks,
)
from tests.fakes.snapshots import SECOND, held

HALTED, ACTIVE = TradingState.HALTED, TradingState.ACTIVE


def lost(desk: Desk) -> OrderIntent:
    """An order whose request got no answer."""
    (bid,) = places(desk.start())
    desk.sent(bid)
    desk.wait(1)
    desk.book()
    desk.feed(PlaceUnknown, client_id=bid.client_id, why="time out")
    return bid


def status(desk: Desk, order: OrderIntent) -> OrderStatus:
    known = desk.engine.orders.get(order.client_id)
    assert known is not None
    return known.status


# --- fills -----------------------------------------------------------------------------


def test_a_fill_moves_position_and_equity_and_is_recorded_with_the_mid() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.book(300_010)
    actions = desk.fill(bid, fee=2_000)
    cost = bid.ticks * bid.lots * 100
    position = desk.engine.account.position
    assert position.base_units == bid.lots * 10_000 - 2_000
    assert position.cash_units == 100 * UNITS - cost
    (row,) = only(actions, RecordFill)
    assert row.position == position
    assert row.mid_ticks == 300_010.0
    assert only(actions, RecordOrder) == [
        RecordOrder(bid.client_id, OrderStatus.FILLED, f"x-{bid.client_id}", bid.lots, "stream", "")
    ]
    (equity,) = only(actions, RecordEquity)
    assert equity.equity_units == position.cash_units + position.base_units * 300_000 // 100


def test_a_fill_is_counted_once_however_often_it_is_told() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.fill(bid, 5, trade_id=9)
    once = desk.engine.account.position
    for source in ("stream", "query", "reconcile"):
        assert desk.feed(FillSeen, fill=fill_of(bid, 9, 5), source=source) == []
    assert desk.engine.account.position == once
    assert desk.engine.orders.lots(Side.BUY) == bid.lots - 5


def test_fills_of_the_run_before_are_known() -> None:
    earlier = fill_of(intent(1), 9)
    desk = Desk(engine_setup(recovery(held("0.0018", "5.4", "94.6"), fills=[earlier], last_seq=1)))
    desk.start()
    assert desk.feed(FillSeen, fill=earlier, source="reconcile") == []


def test_fills_in_any_order_with_the_orders_end_leave_the_same() -> None:
    def play(*, end_first: bool) -> Desk:
        desk = Desk()
        bid = desk.quoting()
        if end_first:
            desk.seen(bid, OrderStatus.FILLED, bid.lots)
            assert desk.engine.orders.lots(Side.BUY) == bid.lots  # reserved until its fills are seen
            desk.fill(bid, 9, trade_id=2)
            desk.fill(bid, bid.lots - 9, trade_id=1)
        else:
            desk.fill(bid, bid.lots - 9, trade_id=1)
            desk.fill(bid, 9, trade_id=2)
            desk.seen(bid, OrderStatus.FILLED, bid.lots)
        assert len(desk.engine.orders) == 0
        return desk

    assert play(end_first=True).engine.account.position == play(end_first=False).engine.account.position


def test_an_end_whose_fills_are_missing_is_asked_for() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.seen(bid, OrderStatus.CANCELED, 7)
    assert desk.engine.orders.lots(Side.BUY) == 7
    assert Query(bid.client_id, past_fence=False) in desk.live(2)


def test_orders_and_fills_of_others_change_nothing() -> None:
    desk = Desk()
    desk.quoting()
    before = desk.engine.snapshot()
    foreign = [renamed(intent(1), name) for name in ("by-hand", "mm-zzzzzz-1", "mm-abcdef-1-x", "")]
    for order in foreign:
        assert desk.feed(OrderSeen, report=report(order, OrderStatus.OPEN), source="stream") == []
        assert desk.feed(FillSeen, fill=fill_of(order, 77), source="stream") == []
    assert desk.engine.snapshot() == before


def test_an_own_order_that_the_ledger_does_not_know_is_cancelled_and_told() -> None:
    desk = Desk()
    desk.quoting()
    stranger = intent(999)
    actions = desk.feed(OrderSeen, report=report(stranger, OrderStatus.OPEN), source="reconcile")
    assert cancels(actions) == [(stranger.client_id, "not in the ledger")]
    (told,) = only(actions, RecordRisk)
    assert (told.code, told.severity) == ("unrecorded_order", "critical")
    assert desk.feed(OrderSeen, report=report(stranger, OrderStatus.CANCELED), source="cancel") == []
    # Its fills are the bot's all the same.
    assert only(desk.feed(FillSeen, fill=fill_of(stranger, 5), source="reconcile"), RecordFill)
    assert desk.engine.account.position.base_units == 180_000


# --- placements -------------------------------------------------------------------------


def test_a_commit_that_is_told_changes_nothing() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    assert desk.feed(IntentsCommitted, client_ids=(bid.client_id,)) == []
    assert status(desk, bid) is OrderStatus.PENDING


def test_a_failed_commit_ends_its_orders_and_halts() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    actions = desk.feed(CommitFailed, client_ids=(bid.client_id,), why="disk full")
    assert only(actions, RecordOrder) == [
        RecordOrder(bid.client_id, OrderStatus.NOT_SENT, "", 0, "commit", "disk full")
    ]
    assert only(actions, OpenHalt) == [OpenHalt("ledger", "the ledger could not be written: disk full")]
    assert desk.engine.state is HALTED
    assert not places([*desk.book(), *desk.tick()])


def test_an_unknown_order_keeps_its_exposure_and_its_slot() -> None:
    desk = Desk()
    bid = lost(desk)
    assert status(desk, bid) is OrderStatus.UNKNOWN
    assert desk.engine.orders.lots(Side.BUY) == bid.lots
    actions = [*desk.tick(), *desk.live(11), *desk.book(301_000), *desk.tick()]
    assert not places(actions)
    assert desk.engine.orders.lots(Side.BUY) == bid.lots


def test_an_unknown_order_is_told_and_asked_for_at_growing_intervals() -> None:
    desk = Desk(engine_setup(query_after=timedelta(seconds=1)))
    (bid,) = places(desk.start())
    desk.sent(bid)
    actions = desk.feed(PlaceUnknown, client_id=bid.client_id, why="time out")
    assert only(actions, RecordOrder)[0].status is OrderStatus.UNKNOWN
    assert "order_unknown" in risks(actions)
    sent_at = desk.mono
    asked = []
    while desk.mono < sent_at + 10 * SECOND:
        desk.wait(0.25)
        desk.book()
        for query in only(desk.pulse(), Query):
            asked.append((desk.mono - sent_at) / SECOND)
            desk.feed(QueryFailed, client_id=query.client_id, why="no answer")
    assert asked == [1.0, 3.0, 7.0]


def test_an_unknown_order_is_over_only_when_it_is_absent_past_the_fence_and_nothing_speaks_for_it() -> None:
    desk = Desk()
    bid = lost(desk)
    fence = desk.mono - SECOND + FENCE
    asked: list[Query] = []
    while desk.mono < fence:
        desk.wait(0.25)
        desk.book()
        for query in only(desk.pulse(), Query):
            asked.append(query)
            assert query.past_fence == (desk.mono >= fence)
            desk.feed(OrderAbsent, client_id=bid.client_id, corroborated=False)
    assert status(desk, bid) is OrderStatus.UNKNOWN
    assert asked[-1].past_fence  # the fence itself is a moment to ask
    actions = desk.feed(OrderAbsent, client_id=bid.client_id, corroborated=True)
    assert only(actions, RecordOrder)[0].status is OrderStatus.NOT_PLACED
    assert desk.engine.orders.lots(Side.BUY) == 0


def test_absence_is_not_believed_before_the_fence() -> None:
    desk = Desk()
    bid = lost(desk)
    assert desk.feed(OrderAbsent, client_id=bid.client_id, corroborated=True) == []
    assert status(desk, bid) is OrderStatus.UNKNOWN


def test_an_unknown_order_that_is_found_is_live() -> None:
    desk = Desk()
    bid = lost(desk)
    actions = desk.seen(bid, OrderStatus.OPEN, source="query")
    assert only(actions, RecordOrder)[0].status is OrderStatus.OPEN
    assert not only(desk.live(20), Query)


def test_a_restored_order_is_asked_for_at_once_and_keeps_its_exposure() -> None:
    desk = Desk(engine_setup(recovery(orders=[resting(1)], last_seq=1)))
    assert desk.engine.orders.lots(Side.BUY) == 18
    assert only(desk.pulse(), Query) == [Query("mm-abcdef-1", past_fence=False)]


def test_would_match_is_an_ordinary_answer() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    desk.sent(bid)
    for number in range(5):
        fields = {"code": -2010, "reason": "would_match", "message": "would immediately match"}
        actions = desk.feed(PlaceRejected, client_id=bid.client_id, **fields)
        assert only(actions, RecordOrder)[0].reason == "-2010 would_match"
        assert not risks(actions), number
        desk.wait(10)
        desk.book()
        (bid,) = places(desk.tick())
        desk.sent(bid)
    assert desk.engine.state is ACTIVE


@pytest.mark.parametrize("reason", ["authentication", "geo_blocked"])
@pytest.mark.parametrize("kind", [PlaceRejected, OrderNotSent])
def test_a_refused_key_halts(reason: str, kind: type[PlaceRejected] | type[OrderNotSent]) -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    desk.sent(bid)
    if kind is PlaceRejected:
        actions = desk.feed(kind, client_id=bid.client_id, code=-2015, reason=reason, message="no")
    else:
        actions = desk.feed(kind, client_id=bid.client_id, code=reason, why="no")
    assert [halt.cause for halt in only(actions, OpenHalt)] == [reason]
    assert len(desk.engine.orders) == 0
    assert not places([*desk.live(12), *desk.tick()])


def test_missing_funds_lead_to_one_read_of_the_account_and_no_order_before_it() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    desk.sent(bid)
    refused = {"code": -2010, "reason": "insufficient_balance", "message": "no funds"}
    actions = desk.feed(PlaceRejected, client_id=bid.client_id, **refused)
    assert len(only(actions, Reconcile)) == 1
    assert not places(actions)
    for _ in range(3):
        desk.wait(1)
        actions = [*desk.book(), *desk.pulse(), *desk.tick()]
        assert not places(actions)
        assert not only(actions, Reconcile)
    desk.balance("USDC", 3 * UNITS)
    desk.reconciled()
    desk.book()
    assert not places(desk.tick())  # three USDC buy nothing that could be sold again
    desk.balance("USDC", 100 * UNITS)
    assert places(desk.tick())


def test_missing_funds_during_a_read_lead_to_another_one() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.live(59)
    desk.fill(bid, fee=10)
    assert Reconcile("periodic") in desk.live(2)
    desk.wait(5)
    desk.book()
    (other, *_) = places(desk.tick())
    desk.sent(other)
    refused = {"code": -2010, "reason": "insufficient_balance", "message": "no funds"}
    assert not only(desk.feed(PlaceRejected, client_id=other.client_id, **refused), Reconcile)
    actions = desk.reconciled()
    assert len(only(actions, Reconcile)) == 1
    desk.wait(1)
    desk.book()
    assert not places(desk.tick())
    desk.reconciled()
    desk.book()
    assert places(desk.tick())


# --- the breaker --------------------------------------------------------------------------


def test_repeated_refusals_open_the_breaker_and_one_probe_closes_it() -> None:
    breaker = CircuitBreakerSettings(threshold=2, timeout=timedelta(seconds=30))
    desk = Desk(engine_setup(risk={"circuit_breaker": breaker}, strategy={"levels": 2}))
    first, second = places(desk.start())
    refused = {"code": -1010, "reason": "rejected", "message": "no"}
    for order in (first, second):
        desk.sent(order)
        actions = desk.feed(PlaceRejected, client_id=order.client_id, **refused)
    assert "breaker_open" in risks(actions)
    assert desk.engine.state is HALTED
    assert not places([*desk.live(29), *desk.tick()])
    (probe,) = places(desk.live(1.25))
    assert not places(desk.tick())
    desk.sent(probe)
    actions = desk.seen(probe, OrderStatus.OPEN, source="place")
    assert "breaker_closed" in risks(actions)
    desk.wait(0.25)
    desk.book()
    assert len(places(desk.tick())) == 1


def test_a_failed_probe_opens_the_breaker_again() -> None:
    breaker = CircuitBreakerSettings(threshold=1, timeout=timedelta(seconds=30))
    desk = Desk(engine_setup(risk={"circuit_breaker": breaker}))
    (bid,) = places(desk.start())
    desk.sent(bid)
    desk.feed(PlaceRejected, client_id=bid.client_id, code=-1010, reason="rejected", message="")
    (probe,) = places(desk.live(30.25))
    desk.sent(probe)
    assert "breaker_open" in risks(
        desk.feed(PlaceRejected, client_id=probe.client_id, code=-1010, reason="rejected", message="")
    )
    assert not places([*desk.live(29), *desk.tick()])


@pytest.mark.parametrize("why", ["unknown", "connect", "stream"])
def test_each_kind_of_failure_reaches_the_breaker(why: str) -> None:
    breaker = CircuitBreakerSettings(threshold=1, timeout=timedelta(minutes=5))
    desk = Desk(engine_setup(risk={"circuit_breaker": breaker}))
    (bid,) = places(desk.start())
    if why == "stream":
        actions = desk.down("account")
    elif why == "connect":
        actions = desk.feed(OrderNotSent, client_id=bid.client_id, code="connect", why="refused")
    else:
        desk.sent(bid)
        actions = desk.feed(PlaceUnknown, client_id=bid.client_id, why="time out")
    assert "breaker_open" in risks(actions)


def test_a_full_limiter_is_no_failure() -> None:
    breaker = CircuitBreakerSettings(threshold=1, timeout=timedelta(minutes=5))
    desk = Desk(engine_setup(risk={"circuit_breaker": breaker}))
    (bid,) = places(desk.start())
    assert not risks(desk.feed(OrderNotSent, client_id=bid.client_id, code="limiter", why="wait"))


# --- cancels --------------------------------------------------------------------------------


def test_a_refused_cancel_makes_the_engine_ask_what_became_of_the_order() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.book(300_600)
    actions = desk.feed(CancelRejected, client_id=bid.client_id, code=-2011, reason="unknown_order")
    assert only(actions, Query) == [Query(bid.client_id, past_fence=False)]
    assert only(desk.feed(QueryFailed, client_id=bid.client_id, why="no"), Query) == []
    assert Query(bid.client_id, past_fence=False) in desk.live(2)


def test_an_order_that_a_query_still_finds_open_is_cancelled_again() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.book(300_600)
    desk.feed(CancelUnknown, client_id=bid.client_id, why="time out")
    desk.seen(bid, OrderStatus.OPEN, source="query")
    assert only(desk.pulse(), Cancel) == [Cancel(bid.client_id, "price")]


def test_a_restored_open_order_is_cancelled_before_anything_is_quoted() -> None:
    live = resting(1, ticks=299_835, lots=19)
    desk = Desk(engine_setup(recovery(orders=[live], last_seq=1)))
    assert cancels(desk.trade()) == [("mm-abcdef-1", "halted")]
    assert not places(desk.start())
    assert not places(desk.seen(live.intent, OrderStatus.CANCELED, source="cancel"))
    (bid,) = places(desk.seen(live.intent, OrderStatus.CANCELED, source="stream"))
    assert bid.client_id == "mm-abcdef-2"


def test_a_side_that_an_unknown_order_held_is_quoted_again_when_it_is_proved_absent() -> None:
    desk = Desk()
    bid = lost(desk)
    desk.live(13)
    desk.book()
    assert not places(desk.tick())  # its slot is waited for from here on
    (again,) = places(desk.feed(OrderAbsent, client_id=bid.client_id, corroborated=True))
    assert again.side is Side.BUY
    assert again.client_id != bid.client_id


def test_an_order_that_comes_to_light_as_open_is_not_cancelled_for_it() -> None:
    desk = Desk()
    bid = lost(desk)
    desk.seen(bid, OrderStatus.OPEN, source="query")
    assert not cancels([*desk.pulse(), *desk.book(), *desk.tick()])


def test_free_funds_are_exact() -> None:
    desk = Desk()
    bid = desk.quoting()
    snapshot = desk.engine.snapshot()
    assert snapshot.free_quote_units == 100 * UNITS - bid.ticks * bid.lots * 100
    desk.balance("USDC", 1 * UNITS)
    assert desk.engine.snapshot().free_quote_units == 0


def test_what_is_filled_is_remembered_side_by_side() -> None:
    desk = Desk()
    bid = desk.quoting()
    assert (desk.engine.snapshot().last_buy_mono, desk.engine.snapshot().last_sell_mono) == (0, 0)
    desk.fill(bid, fee=10)
    snapshot = desk.engine.snapshot()
    assert (snapshot.last_buy_mono, snapshot.last_sell_mono) == (desk.mono, 0)
    desk.wait(10)
    desk.book()
    ask = next(order for order in places(desk.tick()) if order.side is Side.SELL)
    desk.rest(ask)
    bought = desk.mono
    desk.wait(1)
    desk.fill(ask)
    snapshot = desk.engine.snapshot()
    assert snapshot.last_sell_mono == desk.mono
    assert snapshot.last_buy_mono == bought - 10 * SECOND


def test_the_end_that_was_told_first_stays() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.seen(bid, OrderStatus.CANCELED)
    assert not only(desk.seen(bid, OrderStatus.EXPIRED), RecordOrder)
    assert not only(desk.seen(bid, OrderStatus.OPEN), RecordOrder)
    assert status(desk, bid) is OrderStatus.CANCELED
