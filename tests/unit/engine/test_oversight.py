"""Levels, level 2's sales, stop conditions and the breaker's causes, as the engine lives them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mm.domain.actions import Action, OpenHalt, OpenIncident, RecordRefusal, RecordRisk
from mm.domain.events import OrderNotSent, PlaceRejected, ResumeRequested
from mm.domain.order import OrderIntent, OrderStatus, OrderType, Side
from mm.domain.position import Position
from mm.domain.risk import OrderCount, StageHistory, TradingState
from mm.engine.halving import halved
from tests.fakes.desk import Desk, book, cancels, engine_setup, only, places, recovery, risks
from tests.fakes.snapshots import BASELINE, CAPITAL, FEES, eth, usdc

HELD = Position(base_units=eth("0.01"), cash_units=usdc("70"), cost_units=usdc("30"))


def desk(history: StageHistory | None = None, held: Position = HELD, **risk: Any) -> Desk:
    """0.01 ETH and 70 USDC: worth 100 at a bid of 3000."""
    return Desk(engine_setup(recovery(held, history=history or StageHistory()), risk=risk))


def fall_to(found: Desk, middle: int) -> list[Action]:
    """The market has fallen slowly: the reference is there already."""
    found.wait(3600)
    found.trade(middle)
    for _ in range(8):
        found.wait(120)
        found.trade(middle)
    return found.book(middle)


def resume(found: Desk) -> list[Action]:
    return found.feed(ResumeRequested, by="Li", note="seen")


def sale(actions: list[Action]) -> OrderIntent:
    (found,) = places(actions)
    return found


# --- levels ---------------------------------------------------------------------------


def test_level_1_tells_where_the_loss_came_from_and_trading_goes_on() -> None:
    found = desk()
    found.start()
    actions = fall_to(found, 279_000)  # 0.01 × (3000 − 2789.90) = 2.101
    (told,) = (action for action in only(actions, RecordRisk) if action.code == "level_1")
    assert told.severity == "warning"
    assert "-2.1010 USDC = spread captured +0.0000, inventory revaluation -2.1010, fees +0.0000" in told.detail
    assert found.engine.state is TradingState.ACTIVE


def test_while_a_level_stands_it_is_watched_every_15_minutes() -> None:
    found = desk()
    found.start()
    fall_to(found, 279_000)
    assert "watch" not in risks(found.wait(15 * 60 - 1).tick())
    assert "watch" in risks(found.wait(1).tick())
    assert "watch" not in risks(found.wait(60).tick())


def test_a_run_that_begins_at_a_level_says_so_at_once() -> None:
    found = desk(StageHistory(level=1))
    found.start()
    assert "watch" in risks(found.tick())


def test_a_leap_over_levels_tells_each_and_level_3_stops_and_opens_an_incident() -> None:
    found = desk()
    found.start()
    actions = fall_to(found, 199_000)
    codes = [code for code in risks(actions) if code.startswith("level")]
    assert codes == ["level_1", "level_2", "level_3"]
    assert [incident.kind for incident in only(actions, OpenIncident)] == ["level_3"]
    assert "halving" not in risks(actions)
    assert found.engine.is_stopping


# --- level 2 sells half ------------------------------------------------------------------


def at_level_2(**risk: Any) -> Desk:
    found = desk(**risk)
    found.start()
    for bid in list(found.engine.orders):
        found.rest(bid.intent)
    actions = fall_to(found, 247_000)
    assert {"level_2", "halving"} <= set(risks(actions))
    assert found.engine.state is TradingState.HALTED
    for order in list(found.engine.orders):
        found.seen(order.intent, OrderStatus.CANCELED)
    return found


def test_half_the_position_is_sold_through_the_bids_and_then_everything_stands() -> None:
    found = at_level_2()
    order = sale(found.pulse())
    assert (order.side, order.type, order.purpose) == (Side.SELL, OrderType.LIMIT, "reduce")
    assert (order.lots, order.ticks) == (50, 246_990)
    assert places(found.pulse()) == []  # one at a time
    found.rest(order)
    found.fill(order)
    assert "halved" in risks(found.pulse())
    assert places(found.live(30)) == []
    assert found.engine.state is TradingState.HALTED


def test_a_step_is_at_most_the_largest_order_and_goes_on_after_it() -> None:
    found = at_level_2(max_order_notional=Decimal(8))
    order = sale(found.pulse())
    assert order.lots == 32  # 8 USDC at 2469.90
    found.rest(order)
    found.fill(order)
    # 0.0018 are left to sell, less than the exchange's 5 USDC: the least it takes.
    assert sale(found.pulse()).lots == 21


def test_it_goes_as_deep_as_it_needs_and_the_collar_allows() -> None:
    found = at_level_2()
    thin = replace(book(247_000), bids=((246_990, 10), (246_900, 20), (246_800, 100), (246_700, 100)))
    found.book(made=thin)
    assert sale(found.pulse()).ticks == 246_800


def test_no_bid_within_the_collar_is_waited_for() -> None:
    found = at_level_2()
    found.book(245_000)
    assert places(found.pulse()) == []
    found.book(247_000)
    assert places(found.pulse()) != []


def test_what_does_not_fill_is_cancelled_and_priced_anew() -> None:
    found = at_level_2()
    order = sale(found.pulse())
    found.rest(order)
    assert cancels(found.live(9)) == []
    assert (order.client_id, "renewed") in cancels(found.live(2))
    found.seen(order, OrderStatus.CANCELED)
    found.book(246_800)
    assert sale(found.pulse()).ticks == 246_790


def test_another_halt_stops_the_sale() -> None:
    found = at_level_2()
    order = sale(found.pulse())
    found.rest(order)
    assert (order.client_id, "halted") in cancels(list(found.engine.risk.halt("ledger", "broken")) + found.pulse())


def test_after_a_resume_half_is_traded_with_and_the_sale_is_over() -> None:
    found = at_level_2()
    resume(found)
    limits = found.engine.risk.limits
    assert (limits.max_position_units, limits.capital_units) == (eth("0.005"), CAPITAL // 2)
    assert found.engine.state is TradingState.REDUCING  # more than the halved cap is held
    assert all(order.side is Side.SELL and order.purpose == "quote" for order in places(found.live(30)))


def test_a_restart_at_level_2_trades_with_the_half_and_sells_nothing_by_itself() -> None:
    found = desk(StageHistory(level=2), Position(cash_units=CAPITAL))
    (bid,) = places(found.start())
    assert found.engine.risk.limits.capital_units == CAPITAL // 2
    # A spread of 0.33 %, shifted up by the whole lean of an empty inventory: half of half of it.
    assert bid.ticks == int(300_000 * (1 - Decimal("0.00165") + Decimal("0.000825")))


def test_the_spread_that_was_quoted_is_widened_and_thresholds_stay() -> None:
    setup = engine_setup()
    half = halved(setup)
    assert half.strategy.base_spread == (2 * FEES.maker + setup.strategy.min_edge) * Decimal("1.5")
    assert half.strategy.max_inventory == setup.strategy.max_inventory / 2
    assert half.recovery.baseline == BASELINE
    assert half.risk.daily_loss_limit == setup.risk.daily_loss_limit


# --- stop conditions -------------------------------------------------------------------------


@pytest.mark.parametrize(("crashes", "halted"), [(3, False), (4, True)])
def test_more_than_three_crashes_halt_and_open_an_incident(crashes: int, halted: bool) -> None:
    found = desk(StageHistory(crashes=crashes), Position(cash_units=CAPITAL))
    actions = found.start()
    assert ("crashes" in [halt.cause for halt in only(actions, OpenHalt)]) is halted
    assert ("crashes" in [incident.kind for incident in only(actions, OpenIncident)]) is halted
    if halted:
        resume(found)
        assert found.engine.state is TradingState.ACTIVE
        found.reconciled()
        assert found.engine.state is TradingState.ACTIVE  # told once


def test_more_than_a_tenth_of_abnormal_orders_halts() -> None:
    minute = 1_800_000_000 // 60
    found = desk(StageHistory(orders=(OrderCount(minute, 19, 1),)), Position(cash_units=CAPITAL))
    (bid,) = places(found.start())
    actions = found.feed(OrderNotSent, client_id=bid.client_id, code="stale", why="slow disk")
    assert "abnormal_orders" not in found.engine.risk.halts  # 2 of 20
    (bid,) = places(found.tick())
    actions = found.feed(OrderNotSent, client_id=bid.client_id, code="stale", why="slow disk")
    assert [incident.kind for incident in only(actions, OpenIncident)] == ["abnormal_orders"]
    resume(found)
    (bid,) = places(found.tick()) or [order.intent for order in found.engine.orders]
    found.feed(OrderNotSent, client_id=bid.client_id, code="stale", why="slow disk")
    assert found.engine.risk.halts == {}  # counted anew


def test_an_order_held_back_by_a_control_is_not_abnormal() -> None:
    minute = 1_800_000_000 // 60
    found = desk(StageHistory(orders=(OrderCount(minute, 19, 2),)), Position(cash_units=CAPITAL))
    (bid,) = places(found.start())
    found.feed(OrderNotSent, client_id=bid.client_id, code="limiter", why="too many")
    assert found.engine.risk.halts == {}


# --- the breaker's causes, conduct ---------------------------------------------------------------


def answered_after(found: Desk, order: OrderIntent, seconds: float) -> list[Action]:
    found.sent(order)
    found.wait(seconds)
    return found.seen(order, OrderStatus.OPEN, source="place")


@pytest.mark.parametrize(("seconds", "opens"), [(2, False), (2.1, True)])
def test_a_slow_answer_is_a_failure_for_the_breaker(seconds: float, opens: bool) -> None:
    setup = engine_setup(recovery(Position(cash_units=CAPITAL)))
    breaker = setup.risk.circuit_breaker.model_copy(update={"threshold": 1})
    found = Desk(replace(setup, risk=setup.risk.model_copy(update={"circuit_breaker": breaker})))
    (bid,) = places(found.start())
    assert ("breaker_open" in risks(answered_after(found, bid, seconds))) is opens


def test_a_slow_refusal_of_the_markets_own_kind_counts_too() -> None:
    setup = engine_setup(recovery(Position(cash_units=CAPITAL)))
    breaker = setup.risk.circuit_breaker.model_copy(update={"threshold": 1})
    found = Desk(replace(setup, risk=setup.risk.model_copy(update={"circuit_breaker": breaker})))
    (bid,) = places(found.start())
    found.sent(bid)
    found.wait(3)
    refusal = {"client_id": bid.client_id, "code": -2010, "reason": "would_match", "message": "no"}
    assert "breaker_open" in risks(found.feed(PlaceRejected, **refusal))


def test_a_burst_opens_the_breaker_for_its_timeout() -> None:
    found = desk(held=Position(cash_units=CAPITAL))
    found.quoting()
    found.pulse()
    found.wait(1)
    found.book(303_001)
    actions = found.pulse()
    assert "breaker_open" in risks(actions)
    assert found.engine.state is TradingState.HALTED
    found.live(600)
    assert found.engine.risk.causes == ()


def test_repeated_execution_halts() -> None:
    found = desk(held=Position(cash_units=CAPITAL), max_same_side_fills=1, same_side_window=timedelta(seconds=60))
    bid = found.quoting()
    found.fill(bid)
    found.seen(bid, OrderStatus.FILLED, bid.lots)
    again = next(order for _ in range(10) for order in places(found.live(1) + found.tick()) if order.side is Side.BUY)
    found.rest(again)
    actions = found.fill(again)
    assert [halt.cause for halt in only(actions, OpenHalt)] == ["repeated_execution"]


def test_cancels_count_as_messages() -> None:
    found = desk(held=Position(cash_units=CAPITAL), max_messages_per_minute=2)
    bid = found.quoting()
    found.wait(1)
    found.trade(301_000)
    assert cancels(found.book(301_000)) == [(bid.client_id, "price")]
    actions = found.seen(bid, OrderStatus.CANCELED)
    assert [refusal.code for refusal in only(actions, RecordRefusal)] == ["message_rate"]
