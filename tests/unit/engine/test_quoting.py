"""When the engine quotes, takes quotes down and renews them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mm.domain.actions import Cancel, Place, Reconcile, RecordEquity, RecordRefusal, RecordState
from mm.domain.book import Book
from mm.domain.events import OrderNotSent
from mm.domain.instrument import UNITS
from mm.domain.order import OrderStatus, OrderType, Side
from mm.domain.risk import TradingState
from tests.fakes.desk import TAG, Desk, book, cancels, engine_setup, only, places, recovery, risks
from tests.fakes.snapshots import held

ACTIVE, HALTED = TradingState.ACTIVE, TradingState.HALTED


def test_nothing_is_placed_before_orders_fills_and_balances_were_read() -> None:
    desk = Desk()
    desk.trade()
    desk.up("market")
    for _ in range(100):
        desk.wait(0.1)
        assert not places([*desk.book(), *desk.pulse(), *desk.tick()])
    assert desk.engine.state is HALTED
    assert only(desk.up("account"), Reconcile) == [Reconcile("account stream is back")]
    assert not places([*desk.book(), *desk.tick()])
    assert len(places(desk.reconciled())) == 1


def test_no_market_no_quote_and_the_first_one_comes_with_the_first_book() -> None:
    desk = Desk()
    desk.trade()
    desk.up("account")
    assert not places(desk.reconciled())
    (bid,) = places(desk.book())
    assert (bid.side, bid.type, bid.level) == (Side.BUY, OrderType.LIMIT_MAKER, 0)
    assert bid.client_id == f"mm-{TAG}-1"
    assert bid.decided_at == desk.at


def test_ids_go_on_where_the_ledger_stood() -> None:
    desk = Desk(engine_setup(recovery(last_seq=35)))
    assert [order.client_id for order in places(desk.start())] == [f"mm-{TAG}-10"]


def test_the_first_quote_follows_strategy_and_its_exposure_is_reserved_at_once() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    # Fair 3000.00; floor 2 × 0.1 % + 0.02 % = 0.22 %, half of it less a quarter of it for the empty inventory.
    assert bid.ticks == 299_835
    assert desk.engine.orders.lots(Side.BUY) == bid.lots
    assert desk.engine.snapshot().free_quote_units == 100 * UNITS - bid.ticks * bid.lots * 100


def test_between_ticks_nothing_new_is_placed() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.fill(bid)
    for _ in range(30):
        desk.wait(0.25)
        assert not only([*desk.book(), *desk.pulse()], Place)
    desk.wait(5)
    desk.book()
    assert places(desk.tick())


def test_a_quote_within_the_tolerance_is_kept_and_one_beyond_is_taken_down_at_once() -> None:
    desk = Desk()
    bid = desk.quoting()
    # The tolerance is 0.03 % of the fair value: 90 ticks at 3000.00.
    assert not cancels(desk.book(300_090))
    assert not cancels(desk.tick())
    desk.book(300_000)
    assert cancels(desk.book(300_095)) == [(bid.client_id, "price")]


def test_the_replacement_waits_until_the_cancel_is_proved() -> None:
    desk = Desk()
    bid = desk.quoting()
    assert cancels(desk.book(300_600))
    for _ in range(3):
        desk.wait(0.25)
        actions = [*desk.book(), *desk.pulse(), *desk.tick()]
        assert not only(actions, Place)
        assert not only(actions, Cancel)
    (other,) = places(desk.seen(bid, OrderStatus.CANCELED))
    assert other.ticks > bid.ticks
    assert other.client_id != bid.client_id
    assert desk.engine.orders.lots(Side.BUY) == other.lots


def test_a_cancel_without_an_answer_is_repeated_after_its_pause() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.book(300_600)
    desk.wait(0.75)
    desk.book()
    assert not cancels(desk.pulse())
    desk.wait(0.25)
    desk.book()
    assert cancels(desk.pulse()) == [(bid.client_id, "price")]


def test_a_stale_book_takes_quotes_down_and_none_are_placed_until_data_comes() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.wait(2)
    assert not cancels(desk.pulse())
    desk.wait(0.25)
    actions = desk.pulse()
    assert cancels(actions) == [(bid.client_id, "halted")]
    assert only(actions, RecordState)[0].causes == ("stale_book",)
    desk.seen(bid, OrderStatus.CANCELED)
    assert not places(desk.tick())
    assert places(desk.book())
    assert desk.engine.state is ACTIVE


@pytest.mark.parametrize("made", [book(300_000, half=0), book(300_000, half=-5)])
def test_a_locked_or_crossed_book_takes_quotes_down(made: Book) -> None:
    desk = Desk()
    bid = desk.quoting()
    assert cancels(desk.book(made=made)) == [(bid.client_id, "unwanted")]
    assert not places(desk.seen(bid, OrderStatus.CANCELED))
    assert not places(desk.tick())
    desk.book()
    assert places(desk.tick())


def test_a_book_with_one_side_takes_quotes_down() -> None:
    desk = Desk()
    bid = desk.quoting()
    assert cancels(desk.book(made=Book(book().bids, ()))) == [(bid.client_id, "unwanted")]


def test_the_market_stream_down_takes_quotes_down_until_a_book_comes() -> None:
    desk = Desk()
    bid = desk.quoting()
    actions = desk.down("market")
    assert risks(actions)[0] == "stream_down"
    assert cancels(actions) == [(bid.client_id, "halted")]
    desk.seen(bid, OrderStatus.CANCELED)
    desk.wait(1)
    assert not places([*desk.up("market"), *desk.tick()])
    assert places(desk.book())


def test_the_account_stream_down_takes_quotes_down_until_the_account_was_read_anew() -> None:
    desk = Desk()
    bid = desk.quoting()
    assert cancels(desk.down("account")) == [(bid.client_id, "halted")]
    desk.seen(bid, OrderStatus.CANCELED)
    desk.live(2)
    assert only(desk.up("account"), Reconcile)
    assert not places([*desk.book(), *desk.tick()])
    assert places(desk.reconciled())


def test_a_reconciliation_while_the_account_stream_is_down_does_not_allow_quotes() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.down("account")
    desk.seen(bid, OrderStatus.CANCELED)
    actions = desk.live(61)
    assert Reconcile("periodic") in actions
    assert not places(desk.reconciled())
    assert desk.engine.risk.causes == ("account_stream",)


def test_a_reconciliation_begun_before_the_stream_came_back_is_followed_by_another() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.live(58)
    desk.down("account")
    desk.seen(bid, OrderStatus.CANCELED)
    assert Reconcile("periodic") in desk.live(3)
    assert not only(desk.up("account"), Reconcile)
    actions = desk.reconciled()
    assert only(actions, Reconcile) == [Reconcile("account stream is back")]
    assert not places(actions)
    assert places(desk.reconciled())


def test_a_filled_side_waits_for_its_delay_and_the_tick() -> None:
    desk = Desk(engine_setup(strategy={"fill_delay": timedelta(seconds=5)}))
    bid = desk.quoting()
    desk.fill(bid)
    desk.wait(4.9)
    desk.book()
    assert not [order for order in places(desk.tick()) if order.side is Side.BUY]
    desk.wait(0.2)
    desk.book()
    assert [order.side for order in places(desk.tick())] == [Side.BUY]


def test_what_was_bought_is_offered_and_never_more() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.fill(bid, fee=1000)
    desk.wait(10)
    desk.book()
    asks = [order for order in places(desk.tick()) if order.side is Side.SELL]
    assert len(asks) == 1
    assert asks[0].lots == bid.lots - 1  # the fee was taken in base, and a lot is not whole any more


def test_an_old_quote_is_renewed() -> None:
    desk = Desk(engine_setup(strategy={"max_order_age": timedelta(seconds=30)}))
    bid = desk.quoting()
    actions = desk.live(30)
    assert not cancels(actions)
    actions = desk.live(0.25)
    assert cancels(actions) == [(bid.client_id, "age")]
    assert places(desk.seen(bid, OrderStatus.CANCELED))


def test_an_order_that_was_not_sent_frees_its_slot_for_the_next_tick() -> None:
    desk = Desk()
    (bid,) = places(desk.start())
    desk.feed(OrderNotSent, client_id=bid.client_id, code="limiter", why="too many")
    assert desk.engine.orders.lots(Side.BUY) == 0
    desk.wait(1)
    assert not places(desk.book())
    (again,) = places(desk.tick())
    assert again.client_id != bid.client_id


def test_each_tick_records_equity_with_the_spread_that_stood() -> None:
    desk = Desk(engine_setup(recovery(held("0.005", "15", "85"))))
    ask, bid = sorted(places(desk.start()), key=lambda order: order.side, reverse=True)
    desk.rest(bid)
    desk.rest(ask)
    desk.wait(1)
    desk.book(300_000)
    (row,) = only(desk.tick(), RecordEquity)
    assert row.spread_ticks == abs(ask.ticks - bid.ticks)
    assert (row.bid_ticks, row.ask_ticks) == (299_990, 300_010)
    # 85 + 0.005 × 2999.90
    assert row.equity_units == 9_999_950_000
    assert row.day_pnl_units == -50_000
    assert row.peak_units == 100 * UNITS
    assert row.drawdown == Decimal("0.000005")


def test_one_side_alone_has_no_spread() -> None:
    desk = Desk()
    desk.quoting()
    (row,) = only(desk.tick(), RecordEquity)
    assert (row.spread_ticks, row.drawdown, row.equity_units) == (0, Decimal(0), 100 * UNITS)


def test_a_refused_wish_is_recorded_and_not_placed() -> None:
    desk = Desk(engine_setup(risk={"max_order_notional": Decimal(1)}))
    actions = desk.start()
    assert not places(actions)
    assert [refused.code for refused in only(actions, RecordRefusal)] == ["order_notional"]
    assert len(desk.engine.orders) == 0


def test_prices_far_from_the_last_trades_are_refused() -> None:
    desk = Desk()
    desk.trade(200_000)
    desk.up("market")
    desk.book()
    desk.up("account")
    actions = desk.reconciled()
    assert [refused.code for refused in only(actions, RecordRefusal)] == ["price_collar"]


def test_several_levels_are_placed_in_one_decision() -> None:
    desk = Desk(engine_setup(strategy={"levels": 3}))
    made = places(desk.start())
    assert [order.level for order in made] == [0, 1, 2]
    assert len({order.client_id for order in made}) == 3
    assert [order.ticks for order in made] == sorted((order.ticks for order in made), reverse=True)


def test_own_size_in_the_book_is_not_taken_for_the_market() -> None:
    desk = Desk()
    bid = desk.quoting()
    mine = Book(((bid.ticks, bid.lots), (299_500, 1000)), ((300_010, 1000),))
    desk.book(made=mine)
    assert desk.engine.snapshot().others_book().best_bid == 299_500
    assert desk.engine.account.equity_units == 100 * UNITS


def test_an_own_order_that_ended_is_no_longer_taken_out_of_the_same_book() -> None:
    desk = Desk()
    bid = desk.quoting()
    desk.book(made=Book(((bid.ticks, bid.lots + 7), (299_500, 1000)), ((300_010, 1000),)))
    assert desk.engine.snapshot().others_book().bids[0] == (bid.ticks, 7)
    desk.engine.orders.end(bid.client_id, OrderStatus.NOT_PLACED, "query", "absent past the fence")
    assert desk.engine.snapshot().others_book().bids[0] == (bid.ticks, bid.lots + 7)
