"""What is read at the exchange, in which order, and what is made of what is missing."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.domain.errors import ExchangeError
from mm.domain.events import (
    BalanceSeen,
    Event,
    FillSeen,
    OrderAbsent,
    OrderSeen,
    QueryFailed,
    Reconciled,
    RulesRead,
)
from mm.domain.fill import Fill
from mm.domain.order import OrderIntent, OrderStatus
from mm.ports import Balance
from mm.runner.reconciler import Reconciler
from tests.fakes.desk import Desk, engine_setup, fill_of, intent, places, recovery, renamed, report
from tests.fakes.scripted import ScriptedExchange


class Room:
    """A reconciler that tells a real engine what a scripted exchange holds."""

    def __init__(self, desk: Desk | None = None) -> None:
        self.desk = desk or Desk()
        self.exchange = ScriptedExchange()
        self.told: list[Event] = []
        self.reconciler = Reconciler(self.desk.engine, self.exchange, SimulatedClock(0), self._take)

    def _take(self, event: Event) -> None:
        self.told.append(event)
        self.desk.engine.process(event)

    def reconcile(self) -> list[Event]:
        self.told = []
        run_virtual(self.reconciler.reconcile())
        return self.told

    def query(self, order: OrderIntent, *, past_fence: bool = False) -> list[Event]:
        self.told = []
        run_virtual(self.reconciler.query(order.client_id, past_fence=past_fence))
        return self.told

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.told if isinstance(event, kind)]

    def reads(self) -> list[str]:
        return [name for name, _ in self.exchange.calls]

    @property
    def problems(self) -> Sequence[str]:
        last = self.told[-1]
        assert isinstance(last, Reconciled)
        return last.problems


def with_a_bid() -> tuple[Room, OrderIntent]:
    desk = Desk()
    (bid,) = places(desk.start())
    return Room(desk), bid


def foreign(number: int) -> OrderIntent:
    return renamed(intent(1), f"by-hand-{number}")


def test_orders_are_read_before_trades_and_trades_before_balances() -> None:
    room = Room()
    room.exchange.balances = [Balance("ETH", 1, 2), Balance("USDC", 3, 0)]
    room.reconcile()
    assert room.reads() == ["open_orders", "trades", "account"]
    seen = [(e.asset, e.free_units, e.locked_units) for e in room.told if isinstance(e, BalanceSeen)]
    assert seen == [("ETH", 1, 2), ("USDC", 3, 0)]
    assert room.problems == ()


def test_an_account_that_may_not_trade_is_a_problem() -> None:
    room = Room()
    room.exchange.can_trade = False
    room.reconcile()
    assert "may not trade" in room.problems[0]


@pytest.mark.parametrize("what", ["open_orders", "trades", "account"])
def test_a_read_that_fails_is_a_problem_and_no_crash(what: str) -> None:
    room = Room()
    room.exchange.errors[what] = ExchangeError("busy")
    room.reconcile()
    assert room.problems == ("the exchange could not be read: busy",)


def test_an_own_order_that_nobody_recorded_is_told() -> None:
    room = Room()
    stranger = intent(99)
    room.exchange.open = [report(foreign(1), OrderStatus.OPEN), report(stranger, OrderStatus.OPEN)]
    room.reconcile()
    assert [event.report.client_id for event in room.told if isinstance(event, OrderSeen)] == [stranger.client_id]
    assert "mm-abcdef-2r is open at the exchange but not in the ledger" in room.problems[0]


def test_an_order_believed_open_that_is_not_open_is_asked_for() -> None:
    room, bid = with_a_bid()
    room.desk.rest(bid)
    room.exchange.known[bid.client_id] = report(bid, OrderStatus.CANCELED)
    room.reconcile()
    assert room.exchange.called("order") == [bid.client_id]
    assert len(room.desk.engine.orders) == 0
    assert room.problems == ()


def test_an_open_order_that_the_exchange_does_not_know_is_a_problem() -> None:
    room, bid = with_a_bid()
    room.desk.rest(bid)
    room.reconcile()
    assert "the exchange does not know it" in room.problems[0]
    assert room.desk.engine.orders.count(OrderStatus.OPEN) == 1  # its exposure stays reserved


def test_an_order_that_has_not_left_yet_is_not_asked_for() -> None:
    room, _bid = with_a_bid()
    room.reconcile()
    assert room.exchange.called("order") == []
    assert room.problems == ()


def test_the_fills_of_an_order_are_told_before_its_state() -> None:
    room, bid = with_a_bid()
    room.desk.rest(bid)
    room.exchange.open = [report(bid, OrderStatus.OPEN, 5)]
    room.exchange.fills = [fill_of(bid, 7, 5)]
    room.reconcile()
    kinds = [type(event) for event in room.told if isinstance(event, FillSeen | OrderSeen)]
    assert kinds == [FillSeen, OrderSeen]


def test_an_unknown_orders_fills_are_recognised_by_its_number() -> None:
    """The number is learnt from the report, before the trades are read: no extra question is needed."""
    room, bid = with_a_bid()
    room.desk.sent(bid)
    room.exchange.known[bid.client_id] = report(bid, OrderStatus.FILLED, bid.lots)
    room.exchange.fills = [fill_of(bid, 7)]
    room.query(bid)
    assert [type(event) for event in room.told] == [FillSeen, OrderSeen]
    assert room.exchange.called("order_by_exchange_id") == []
    assert room.desk.engine.account.position.base_units == bid.lots * 10_000


def test_trades_of_others_are_skipped_and_each_order_asked_for_once() -> None:
    room = Room()
    stranger = foreign(1)
    room.exchange.known[stranger.client_id] = report(stranger, OrderStatus.FILLED, 18)
    room.exchange.fills = [fill_of(stranger, number, 1) for number in range(600, 610)]
    room.reconcile()
    room.reconcile()
    assert room.of(FillSeen) == []
    assert len(room.exchange.called("order_by_exchange_id")) == 1
    assert room.problems == ()


def test_a_trade_whose_order_is_not_told_is_a_problem_until_it_is() -> None:
    room, bid = with_a_bid()
    late = intent(50)
    room.exchange.fills = [fill_of(late, 7)]
    room.reconcile()
    assert "whose order made trade 7" in room.problems[0]
    room.exchange.known[late.client_id] = report(late, OrderStatus.FILLED, 18)
    room.reconcile()
    assert [event.fill.client_id for event in room.told if isinstance(event, FillSeen)] == [late.client_id]
    assert room.problems == ()
    assert bid.client_id != late.client_id


def test_trades_are_read_page_by_page_without_a_gap() -> None:
    room = Room()
    stranger = foreign(1)
    own = intent(60)
    room.exchange.known = {
        stranger.client_id: report(stranger, OrderStatus.FILLED, 18),
        own.client_id: report(own, OrderStatus.FILLED, 18),
    }
    fills: list[Fill] = [fill_of(stranger, number, 1) for number in range(1, 2500)]
    fills += [fill_of(own, number, 1) for number in (1000, 1001, 2000, 2001, 2500)]
    room.exchange.fills = [fill for fill in fills if not (fill.client_id == stranger.client_id
                           and fill.trade_id in (1000, 1001, 2000, 2001))]  # fmt: skip
    room.reconcile()
    assert room.exchange.called("trades") == [0, 1001, 2001]
    assert [e.fill.trade_id for e in room.told if isinstance(e, FillSeen)] == [1000, 1001, 2000, 2001, 2500]


def test_reading_begins_where_recovery_says_and_counts_known_trades_once() -> None:
    earlier = fill_of(intent(1), 9_000)
    room = Room(Desk(engine_setup(recovery(fills=[earlier], last_seq=1, read_trades_from=8_501))))
    late = fill_of(intent(1), 8_700, 3)
    room.exchange.fills = [fill_of(intent(1), 8_500, 1), late, earlier]
    room.exchange.known["mm-abcdef-1"] = report(intent(1), OrderStatus.FILLED, 18)
    room.reconcile()
    assert room.exchange.called("trades") == [8_501]
    assert [e.fill.trade_id for e in room.told if isinstance(e, FillSeen)] == [8_700]


def test_nobody_is_asked_about_trades_from_long_before_the_account_began() -> None:
    hour = 3_600_000
    room = Room(Desk(engine_setup(recovery(opened_ms=2 * hour))))
    stranger = foreign(1)
    room.exchange.known[stranger.client_id] = report(stranger, OrderStatus.FILLED, 18)
    room.exchange.fills = [replace(fill_of(stranger, 1, 1), time_ms=hour - 1)]
    room.reconcile()
    assert room.exchange.called("order_by_exchange_id") == []
    room.exchange.fills.append(replace(fill_of(stranger, 2, 1), time_ms=hour))
    room.reconcile()
    assert len(room.exchange.called("order_by_exchange_id")) == 1


# --- one order ---------------------------------------------------------------------------


def test_an_absence_before_the_fence_is_told_without_further_reads() -> None:
    room, bid = with_a_bid()
    room.desk.sent(bid)
    (told,) = room.query(bid)
    assert isinstance(told, OrderAbsent)
    assert not told.corroborated
    assert room.reads() == ["order"]


def test_an_absence_past_the_fence_is_corroborated_by_orders_and_trades() -> None:
    room, bid = with_a_bid()
    room.desk.sent(bid)
    (told,) = room.query(bid, past_fence=True)
    assert isinstance(told, OrderAbsent)
    assert told.corroborated
    assert room.reads() == ["order", "open_orders", "trades"]


def test_an_order_among_the_open_ones_is_not_absent() -> None:
    room, bid = with_a_bid()
    room.desk.sent(bid)
    room.exchange.open = [report(bid, OrderStatus.OPEN)]
    (told,) = room.query(bid, past_fence=True)
    assert isinstance(told, OrderAbsent)
    assert not told.corroborated


def test_an_order_with_a_trade_is_not_absent() -> None:
    room, bid = with_a_bid()
    room.desk.sent(bid)
    room.desk.engine.orders.note_exchange_id(f"x-{bid.client_id}", bid.client_id)
    room.exchange.fills = [fill_of(bid, 7, 3)]
    room.query(bid, past_fence=True)
    (told,) = room.of(OrderAbsent)
    assert isinstance(told, OrderAbsent)
    assert not told.corroborated
    assert len(room.of(FillSeen)) == 1


@pytest.mark.parametrize("what", ["order", "open_orders", "trades"])
def test_a_question_that_fails_is_told_as_failed(what: str) -> None:
    room, bid = with_a_bid()
    room.desk.sent(bid)
    room.exchange.errors[what] = ExchangeError("busy")
    (told,) = room.query(bid, past_fence=True)
    assert isinstance(told, QueryFailed)
    assert told.why == "busy"


def rules_read(room: Room) -> RulesRead:
    room.told = []
    run_virtual(room.reconciler.read_rules())
    (read,) = room.told
    assert isinstance(read, RulesRead)
    return read


def test_rules_are_compared_with_those_of_the_run() -> None:
    room = Room()
    assert rules_read(room).changes == ()
    known = room.desk.engine.setup.instrument
    room.exchange.rules = replace(known, min_notional=known.min_notional * 4)
    assert rules_read(room).changes == (f"min_notional was {known.min_notional} and is {known.min_notional * 4}",)


def test_rules_that_cannot_be_read_are_told_as_that() -> None:
    room = Room()
    room.exchange.errors["instrument"] = ExchangeError("no answer")
    assert rules_read(room).error == "no answer"
