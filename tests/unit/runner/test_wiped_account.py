"""A testnet wiped, or a key given another account, while the bot runs: no quoting goes on as if nothing had been."""

from dataclasses import replace

from mm.domain.events import FillSeen, QueryFailed
from mm.domain.order import OrderStatus
from tests.fakes.desk import Desk, engine_setup, fill_of, intent, recovery, report
from tests.unit.runner.test_reconciler import Room, with_a_bid


def test_another_account_behind_the_key_is_a_problem_until_the_first_is_back() -> None:
    room = Room()
    problems = []
    for uid in ("7", "8", "7"):
        room.exchange.uid = uid
        room.reconcile()
        problems.append(room.problems)
    assert problems == [(), ("the key belongs to account 8 now, not to 7: start anew",), ()]


def test_a_trade_that_was_read_and_is_gone_is_a_problem() -> None:
    room, bid = with_a_bid()
    room.exchange.known[bid.client_id] = report(bid, OrderStatus.OPEN, executed=3)
    room.exchange.fills = [fill_of(bid, 70_000, lots=3)]
    room.reconcile()
    assert len(room.of(FillSeen)) == 1
    anew = fill_of(bid, 12, lots=2)
    room.exchange.fills = [anew]
    room.reconcile()
    assert "trade 70000 any more" in room.problems[0]
    room.query(bid)  # asks for its trades as well
    room.exchange.known[bid.client_id] = report(bid, OrderStatus.OPEN, executed=5)
    room.query(bid)
    assert len(room.of(QueryFailed)) == 1


def test_the_last_trade_of_the_ledger_must_still_be_known() -> None:
    order = intent(1)
    known = fill_of(order, 70_000)
    setup = engine_setup(replace(recovery(fills=[known]), read_trades_from=69_501))
    room = Room(Desk(setup))
    room.exchange.fills = [replace(known, client_id="")]
    room.reconcile()
    before = room.problems
    room.exchange.fills = []
    room.reconcile()
    assert before == ()
    assert "trade 70000 any more" in str(room.problems)
