"""Ledger against exchange: when it is read, and what a difference leads to."""

from datetime import timedelta

from mm.domain.actions import Reconcile
from mm.domain.events import ResumeRequested, StreamUp
from mm.domain.instrument import UNITS
from mm.domain.order import OrderStatus
from mm.domain.records import BalanceBaseline
from mm.domain.risk import TradingState
from tests.fakes.desk import Desk, cancels, engine_setup, only, places, recovery, risks
from tests.fakes.snapshots import eth, held

ACTIVE, HALTED = TradingState.ACTIVE, TradingState.HALTED


def test_orders_and_balances_are_compared_again_after_each_interval() -> None:
    desk = Desk(engine_setup(reconcile_every=timedelta(seconds=20)))
    desk.quoting()
    assert not only(desk.live(19.75), Reconcile)
    assert only(desk.live(0.25), Reconcile) == [Reconcile("periodic")]
    assert not only(desk.live(60), Reconcile)  # never two at a time
    desk.reconciled()
    assert not only(desk.live(19.75), Reconcile)
    assert only(desk.live(0.25), Reconcile)


def test_only_the_account_stream_asks_for_a_read() -> None:
    desk = Desk()
    assert not only(desk.up("market"), Reconcile)
    assert only(desk.up("account"), Reconcile)
    assert not only(desk.feed(StreamUp, stream="account"), Reconcile)


def test_a_problem_takes_quotes_down_and_is_looked_at_again_soon() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.live(60)
    actions = desk.reconciled("one", "two")
    assert risks(actions) == ["reconcile", "cause_raised"]
    assert "unreconciled: one; two" in str(actions)
    assert cancels(actions) == [(bid.client_id, "halted")]
    desk.seen(bid, OrderStatus.CANCELED)
    assert not only(desk.live(0.75), Reconcile)
    assert only(desk.live(0.25), Reconcile)
    assert not places(desk.reconciled("one"))
    assert only(desk.live(1), Reconcile)
    assert places(desk.reconciled())


def test_a_problem_at_the_start_keeps_the_bot_from_trading() -> None:
    desk = Desk()
    desk.trade()
    desk.up("account")
    desk.book()
    assert not places(desk.reconciled("no"))
    assert "starting" in desk.engine.risk.causes


# --- base that is missing at the exchange -------------------------------------------------


def short(desk: Desk) -> list[str]:
    desk.feed(StreamUp, stream="account")
    return risks(desk.reconciled())


def holder(balances: tuple[BalanceBaseline, ...] = ()) -> Desk:
    desk = Desk(engine_setup(recovery(held("0.005", "15", "85"), balances=balances)))
    desk.start()
    return desk


def test_missing_base_is_told_when_two_reads_agree() -> None:
    desk = Desk(engine_setup(recovery(held("0.005", "15", "85"))))
    desk.balance("ETH", eth("0.005") - 1)
    desk.start()
    assert desk.engine.state is ACTIVE
    actions = desk.feed(StreamUp, stream="account")
    actions = desk.reconciled()
    assert "0.00000001 ETH that the ledger holds are missing at the exchange" in str(actions)
    assert desk.engine.state is HALTED
    desk.balance("ETH", eth("0.005"))
    assert "data_inconsistent" not in short(desk)
    desk.feed(ResumeRequested, by="Ann", note="the deposit came")
    assert desk.engine.state is ACTIVE
    assert "data_inconsistent" not in short(desk)


def test_a_fill_between_two_reads_makes_them_incomparable() -> None:
    desk = holder()
    desk.balance("ETH", eth("0.005"))
    assert "data_inconsistent" not in short(desk)
    bid = next(iter(desk.engine.orders)).intent
    desk.rest(bid)
    desk.fill(bid)
    assert "data_inconsistent" not in short(desk)  # the fill was seen, its balance not yet
    assert "data_inconsistent" not in short(desk)
    assert "data_inconsistent" in short(desk)


def test_what_an_own_sell_locks_is_not_missing() -> None:
    desk = holder()
    desk.balance("ETH", eth("0.001"), locked=eth("0.004"))
    assert all("data_inconsistent" not in short(desk) for _ in range(3))


def test_what_the_account_held_before_is_not_the_bots() -> None:
    desk = holder((BalanceBaseline("ETH", eth("1")),))
    desk.balance("ETH", eth("1.005"))
    assert all("data_inconsistent" not in short(desk) for _ in range(3))
    desk.balance("ETH", eth("1.004"))
    short(desk)
    assert "data_inconsistent" in short(desk)
    assert desk.engine.snapshot().free_base_units <= eth("0.004")


def test_balances_only_ever_lower_what_may_be_spent() -> None:
    desk = Desk()
    desk.trade()
    assert desk.engine.snapshot().free_quote_units == 100 * UNITS
    desk.balance("USDC", 5_000 * UNITS)
    assert desk.engine.snapshot().free_quote_units == 100 * UNITS
    desk.balance("USDC", 30 * UNITS, locked=10 * UNITS)
    assert desk.engine.snapshot().free_quote_units == 40 * UNITS
    desk.balance("ETH", 5 * UNITS)
    assert desk.engine.snapshot().free_base_units == 0


def test_own_orders_hold_funds() -> None:
    desk = holder()
    own = desk.engine.snapshot().own_orders
    assert len(own) == 2
    snapshot = desk.engine.snapshot()
    spent = sum(o.ticks * o.lots * 100 for o in own if o.side == "BUY")
    sold = sum(o.lots * 10_000 for o in own if o.side == "SELL")
    assert snapshot.free_quote_units == 85 * UNITS - spent
    assert snapshot.free_base_units == eth("0.005") - sold


def test_one_outage_counts_once_for_the_breaker_however_often_it_is_dialled_in_vain() -> None:
    desk = Desk()
    desk.start()
    for _ in range(5):
        desk.down("account")
        desk.wait(1)
    assert "breaker_open" not in desk.engine.risk.causes
    for _ in range(2):
        desk.up("account")
        desk.down("account")
    assert "breaker_open" in desk.engine.risk.causes
