"""A book that arrives late is a stale book, however fresh its arrival."""

from mm.domain.actions import Action
from mm.domain.events import BookSeen, ClockDrift
from mm.domain.risk import TradingState
from tests.fakes.desk import Desk, book, cancels, places


def late(desk: Desk, lag_ms: int) -> list[Action]:
    return desk.feed(BookSeen, book=book(), exchange_ms=desk.at // 1_000_000 - lag_ms)


def test_quotes_are_pulled_while_the_feed_lags_and_come_back_with_it() -> None:
    desk = Desk()
    bid = desk.quoting()
    assert not late(desk, 1_900)
    assert cancels(late(desk, 2_001)) == [(bid.client_id, "halted")]
    assert desk.engine.risk.causes == ("stale_book",)
    late(desk, 100)
    assert desk.engine.state is TradingState.ACTIVE


def test_nothing_is_placed_on_a_book_of_the_past() -> None:
    desk = Desk()
    desk.trade()
    desk.up("market")
    late(desk, 5_000)
    desk.up("account")
    desk.reconciled()
    assert places(desk.tick()) == []
    late(desk, 50)
    assert len(places(desk.tick())) <= 1
    assert desk.engine.state is TradingState.ACTIVE


def test_the_lag_is_measured_on_the_exchange_s_clock() -> None:
    """The local clock may be ahead by less than halts the bot; and an event from its future is simply new."""
    desk = Desk()
    desk.quoting()
    desk.feed(ClockDrift, drift_ms=-400, round_trip_ms=1.0)
    assert not cancels(late(desk, 2_300))
    desk.feed(ClockDrift, drift_ms=400, round_trip_ms=1.0)
    assert cancels(late(desk, 1_700))
    assert desk.engine.market.book_mono < desk.mono
    late(desk, -1_000)
    assert desk.engine.market.book_mono == desk.mono
