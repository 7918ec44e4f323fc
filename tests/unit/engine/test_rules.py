"""Orders refused by a filter (-1013): the rules are read once, then the symbol is disabled until a person looked."""

from collections.abc import Sequence
from typing import Any

from mm.domain.actions import Action, OpenHalt, ReadRules
from mm.domain.events import Event, PlaceRejected, ResumeRequested, RulesRead
from mm.domain.order import OrderIntent, OrderStatus
from mm.domain.risk import TradingState
from tests.fakes.desk import Desk, only, places

HALTED, ACTIVE = TradingState.HALTED, TradingState.ACTIVE


def refused(desk: Desk, order: OrderIntent) -> list[Action]:
    fields = {"code": -1013, "reason": "filter_notional", "message": "Filter failure: NOTIONAL"}
    return desk.feed(PlaceRejected, client_id=order.client_id, **fields)


def halts(actions: Sequence[Action]) -> list[str]:
    return [action.cause for action in only(actions, OpenHalt)]


def first_refusal(desk: Desk) -> list[Action]:
    (bid,) = places(desk.start())
    desk.sent(bid)
    return refused(desk, bid)


def next_order(desk: Desk, kind: type[Event] = RulesRead, **fields: Any) -> OrderIntent:
    """It may trade again after this event."""
    desk.wait(1)
    desk.book()
    (bid,) = places(desk.feed(kind, **fields))
    desk.sent(bid)
    return bid


def test_nothing_is_quoted_while_the_rules_are_read_and_the_same_rules_let_it_go_on() -> None:
    desk = Desk()
    actions = first_refusal(desk)
    assert len(only(actions, ReadRules)) == 1
    assert desk.engine.state is HALTED
    assert desk.engine.risk.causes == ("rules",)
    assert not places([*desk.live(12), *desk.tick()])
    next_order(desk)
    assert desk.engine.state is ACTIVE


def test_refused_again_under_the_same_rules_the_symbol_is_disabled_until_a_person_looked() -> None:
    desk = Desk()
    first_refusal(desk)
    actions = refused(desk, next_order(desk))
    assert halts(actions) == ["symbol_disabled"]
    assert not only(actions, ReadRules)
    assert not places([*desk.live(12), *desk.tick()])
    bid = next_order(desk, ResumeRequested, by="Li Wei", note="looked at it")
    assert desk.engine.state is ACTIVE
    assert halts(refused(desk, bid)) == ["symbol_disabled"], "and they are not read again and again"


def test_an_order_that_was_taken_between_two_refusals_makes_the_next_one_the_first() -> None:
    desk = Desk()
    first_refusal(desk)
    bid = next_order(desk)
    desk.seen(bid, OrderStatus.OPEN, source="place")
    desk.seen(bid, OrderStatus.CANCELED, source="stream")
    desk.wait(10)
    desk.book()
    (bid,) = places(desk.tick())
    desk.sent(bid)
    actions = refused(desk, bid)
    assert not halts(actions)
    assert len(only(actions, ReadRules)) == 1


def test_orders_that_left_together_are_refused_together_and_read_for_once() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    desk.sent(bid)
    assert len(only(refused(desk, bid), ReadRules)) == 1
    assert not only(refused(desk, bid), ReadRules)
    desk.wait(1)
    desk.feed(RulesRead)
    assert not halts(refused(desk, bid)), "decided before the rules were read: it says nothing about them"


def test_other_rules_wait_for_the_next_start() -> None:
    desk = Desk()
    first_refusal(desk)
    actions = desk.feed(RulesRead, changes=("min_notional was 5 and is 20",))
    (halt,) = only(actions, OpenHalt)
    assert halt.cause == "rules_changed"
    assert "min_notional was 5 and is 20" in halt.detail
    assert "start the bot anew" in halt.detail
    assert not places([*desk.live(12), *desk.tick()])


def test_rules_that_cannot_be_read_disable_the_symbol() -> None:
    desk = Desk()
    first_refusal(desk)
    assert halts(desk.feed(RulesRead, error="HTTP 502")) == ["symbol_disabled"]
    assert desk.engine.risk.causes == ("symbol_disabled",)
