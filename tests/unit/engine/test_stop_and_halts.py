"""Stops that prove themselves, halts that a person lifts, reductions."""

from decimal import Decimal

import pytest

from mm.domain.actions import Action, OpenHalt, Place, Query, Reconcile, RecordEquity, RecordRisk, RecordState, StopRun
from mm.domain.events import (
    CancelRejected,
    CapitalFlowSeen,
    ClockDrift,
    HaltRequested,
    OrderAbsent,
    OrderNotSent,
    PlaceUnknown,
    ResumeRequested,
    StopRequested,
    TimerFired,
)
from mm.domain.instrument import UNITS
from mm.domain.order import OrderStatus, Side
from mm.domain.risk import TradingState
from tests.fakes.desk import FENCE, Desk, cancels, engine_setup, intent, only, places, recovery, risks
from tests.fakes.snapshots import SECOND, held

ACTIVE, HALTED, REDUCING = TradingState.ACTIVE, TradingState.HALTED, TradingState.REDUCING


def halt(desk: Desk) -> list[Action]:
    return desk.feed(HaltRequested, cause="tried", detail="a test")


def resume(desk: Desk, note: str = "seen") -> list[str]:
    return risks(desk.feed(ResumeRequested, by="Ann", note=note))


# --- stop ------------------------------------------------------------------------------


def test_a_stop_cancels_proves_and_ends_once() -> None:
    desk = Desk()
    bid = desk.quoting()
    actions = desk.feed(StopRequested, why="signal")
    assert cancels(actions) == [(bid.client_id, "halted")]
    assert not only(actions, Reconcile)  # an order is live: a read now would prove nothing
    assert desk.engine.is_stopping
    assert not only([*desk.book(), *desk.pulse(), *desk.tick()], Place)
    assert only(desk.seen(bid, OrderStatus.CANCELED), Reconcile) == [Reconcile("stop")]
    actions = desk.reconciled()
    assert only(actions, StopRun) == [StopRun("signal")]
    assert len(only(actions, RecordEquity)) == 1
    later = [*desk.live(3), *desk.tick(), *desk.reconciled(), *desk.feed(StopRequested, why="again")]
    assert not only(later, StopRun)
    assert not only(later, Reconcile)
    assert not places(later)


def test_a_stop_without_orders_proves_it_too() -> None:
    desk = Desk()
    actions = desk.feed(StopRequested, why="signal")
    assert only(actions, Reconcile) == [Reconcile("stop")]
    assert only(desk.reconciled(), StopRun)


def test_a_read_begun_before_the_last_order_ended_is_no_proof() -> None:
    desk = Desk()
    bid = desk.quoting()
    assert Reconcile("periodic") in desk.live(61)
    desk.feed(StopRequested, why="signal")
    desk.seen(bid, OrderStatus.CANCELED)
    actions = desk.reconciled()
    assert not only(actions, StopRun)
    assert only(actions, Reconcile) == [Reconcile("stop")]
    assert only(desk.reconciled(), StopRun)


def test_a_stop_waits_for_an_unknown_order_until_it_is_proved_absent() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    desk.sent(bid)
    desk.feed(PlaceUnknown, client_id=bid.client_id, why="time out")
    desk.feed(StopRequested, why="signal")
    seconds = 0.0
    while seconds < 20:
        desk.wait(0.25)
        seconds += 0.25
        actions = [*desk.book(), *desk.pulse()]
        assert not only(actions, StopRun)
        for query in only(actions, Query):
            actions = desk.feed(OrderAbsent, client_id=bid.client_id, corroborated=query.past_fence)
        if only(actions, Reconcile):
            break
    assert FENCE / SECOND <= seconds < FENCE / SECOND + 5
    assert only(desk.reconciled(), StopRun)


def test_a_withdrawn_order_holds_a_stop_only_until_it_is_dropped() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    actions = desk.feed(StopRequested, why="signal")
    assert not cancels(actions)  # nothing has left that could be cancelled
    assert not desk.engine.orders.may_send(bid.client_id)
    assert only(desk.feed(OrderNotSent, client_id=bid.client_id, code="withdrawn", why=""), Reconcile)


def test_problems_in_the_proof_are_looked_at_again_later() -> None:
    desk = Desk()
    desk.feed(StopRequested, why="signal")
    actions = desk.reconciled("the exchange could not be read")
    assert not only(actions, StopRun)
    assert not only(actions, Reconcile)
    assert not only(desk.live(0.75), Reconcile)
    assert only(desk.live(0.5), Reconcile)
    assert only(desk.reconciled(), StopRun)


def test_an_order_that_comes_to_light_during_the_proof_holds_the_stop() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    desk.sent(bid)
    desk.feed(OrderNotSent, client_id=bid.client_id, code="connect", why="cut")
    desk.feed(StopRequested, why="signal")
    assert cancels(desk.seen(bid, OrderStatus.OPEN, source="reconcile")) == [(bid.client_id, "halted")]
    assert not only(desk.reconciled(), StopRun)
    assert only(desk.seen(bid, OrderStatus.CANCELED), Reconcile)
    assert only(desk.reconciled(), StopRun)


def test_the_first_reason_of_a_stop_stays() -> None:
    desk = Desk()
    desk.quoting()
    desk.feed(StopRequested, why="signal")
    assert desk.feed(StopRequested, why="other") == []
    assert desk.engine.risk.stop_why == "signal"


# --- losses ------------------------------------------------------------------------------


def test_before_the_first_price_nothing_is_a_loss() -> None:
    for position in (None, held("0.005", "15", "85")):
        desk = Desk(engine_setup(recovery(position)))
        actions = [desk.up("account"), desk.pulse(), desk.tick(), desk.reconciled(), desk.tick()]
        assert not [action for seen in actions for action in only(seen, OpenHalt)]
        rows = [row for seen in actions for row in only(seen, RecordEquity)]
        assert [row.equity_units for row in rows] == ([100 * UNITS] * 2 if position is None else [])


def test_a_loss_beyond_the_days_limit_halts_and_cancels() -> None:
    desk = Desk(engine_setup(recovery(held("0.01", "30", "70"))))
    placed = places(desk.start())
    for order in placed:
        desk.rest(order)
    # 70 + 0.01 × 2499.90 = 94.999
    actions = [*desk.trade(250_000), *desk.book(250_000)]
    assert "daily_loss" in [entry.cause for entry in only(actions, OpenHalt)]
    assert sorted(cancels(actions)) == sorted((order.client_id, "halted") for order in placed)
    assert not desk.engine.is_stopping


def test_a_loss_of_a_tenth_stops_the_run() -> None:
    desk = Desk(engine_setup(recovery(held("0.01", "30", "70"))))
    desk.trade()
    desk.up("market")
    actions = desk.book(190_000)
    assert "stop" in risks(actions)
    assert desk.engine.is_stopping
    assert only(actions, Reconcile)
    assert only(desk.reconciled(), StopRun) == [StopRun("stage_loss_10pct")]


def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss() -> None:
    desk = Desk()
    desk.quoting()
    for units in (50 * UNITS, -60 * UNITS):
        desk.feed(CapitalFlowSeen, quote_units=units, why="deposit")
        actions = [*desk.pulse(), *desk.tick(), *desk.book()]
        assert not only(actions, OpenHalt)
        assert only(actions, RecordEquity)[0].day_pnl_units == 0
        assert only(actions, RecordEquity)[0].drawdown == Decimal(0)
    assert desk.engine.account.position.cash_units == 90 * UNITS


# --- halts -------------------------------------------------------------------------------


def test_a_halt_stands_until_a_person_lifts_it_and_then_quotes_at_once() -> None:
    desk = Desk()
    bid = desk.quoting()
    actions = desk.feed(HaltRequested, cause="tried", detail="a test")
    assert only(actions, OpenHalt) == [OpenHalt("tried", "a test")]
    assert cancels(actions) == [(bid.client_id, "halted")]
    desk.seen(bid, OrderStatus.CANCELED)
    desk.live(5)
    assert halt(desk) == []
    assert resume(desk, note=" ") == ["resume_refused"]
    assert not places(desk.tick())
    actions = desk.feed(ResumeRequested, by="Ann", note="seen")
    assert risks(actions) == ["resumed"]
    assert len(places(actions)) == 1


def test_a_stop_is_not_lifted() -> None:
    desk = Desk()
    desk.start()
    desk.feed(StopRequested, why="signal")
    halt(desk)
    resume(desk)
    assert desk.engine.state is HALTED
    assert not places(desk.tick())


# --- reducing ------------------------------------------------------------------------------


def test_reducing_takes_down_buys_only_and_sells_go_on() -> None:
    desk = Desk(engine_setup(recovery(held("0.005", "15", "85"))))
    placed = places(desk.start())
    bid, ask = (next(order for order in placed if order.side is side) for side in (Side.BUY, Side.SELL))
    desk.rest(bid)
    desk.rest(ask)
    # A fill nobody asked for (of an order that came to light late) takes the position over its cap.
    actions = desk.fill(intent(900, lots=60))
    assert only(actions, RecordState)[0].after is REDUCING
    assert cancels(actions) == [(bid.client_id, "reducing")]
    desk.seen(bid, OrderStatus.CANCELED)
    desk.seen(ask, OrderStatus.CANCELED)
    desk.wait(10)
    desk.book()
    assert {order.side for order in places(desk.tick())} == {Side.SELL}


# --- clock, day -----------------------------------------------------------------------------


@pytest.mark.parametrize("drift", [501, -501])
def test_a_clock_that_drifted_halts_until_it_is_right_again(drift: int) -> None:
    desk = Desk()
    bid = desk.quoting()
    assert cancels(desk.feed(ClockDrift, drift_ms=drift, round_trip_ms=1.0)) == [(bid.client_id, "halted")]
    assert desk.engine.risk.causes == ("clock_drift",)
    desk.seen(bid, OrderStatus.CANCELED)
    assert places(desk.feed(ClockDrift, drift_ms=500 if drift > 0 else -500, round_trip_ms=1.0))


def test_a_small_drift_changes_nothing() -> None:
    desk = Desk()
    desk.quoting()
    assert desk.feed(ClockDrift, drift_ms=500, round_trip_ms=1.0) == []
    assert desk.feed(ClockDrift, drift_ms=-500, round_trip_ms=1.0) == []


def test_the_day_begins_at_the_equity_of_its_first_moment() -> None:
    desk = Desk(engine_setup(recovery(held("0.01", "30", "70"))))
    desk.start()
    desk.book(270_000)
    actions = desk.feed(TimerFired, name="day", detail="2026-11-23")
    (closing,) = only(actions, RecordEquity)
    assert closing.day_pnl_units == closing.equity_units - 100 * UNITS < 0
    (told,) = only(actions, RecordRisk)
    assert (told.code, told.detail) == ("new_day", "2026-11-23 starts at 96.99900000 USDC")
    baseline = desk.engine.risk.baseline
    assert (baseline.day, baseline.day_start_units) == ("2026-11-23", 9_699_900_000)
    assert baseline.stage_start_units == 100 * UNITS
    assert only(desk.tick(), RecordEquity)[0].day_pnl_units == 0


def test_a_day_that_begins_before_the_first_price_waits_for_it() -> None:
    desk = Desk(engine_setup(recovery(held("0.01", "30", "70"))))
    assert desk.feed(TimerFired, name="day", detail="2026-11-23") == []
    actions = desk.book(270_000)
    assert risks(actions)[0] == "new_day"
    assert desk.engine.risk.baseline.day_start_units == 9_699_900_000
    assert "new_day" not in risks(desk.book())


def test_a_cancel_that_crosses_a_fill_ends_with_the_fill() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.feed(StopRequested, why="signal")
    desk.feed(CancelRejected, client_id=bid.client_id, code=-2011, reason="unknown_order")
    assert only(desk.fill(bid), Reconcile)
    assert only(desk.reconciled(), StopRun)


def test_a_loss_that_is_already_taken_halts_without_any_price() -> None:
    desk = Desk(engine_setup(recovery(held("0", cash="94.99999999"))))
    assert [halt.cause for halt in only(desk.pulse(), OpenHalt)] == ["daily_loss", "drawdown", "stage_loss_5pct"]
    desk = Desk(engine_setup(recovery(held("0", cash="95"))))
    assert not only(desk.pulse(), OpenHalt)
