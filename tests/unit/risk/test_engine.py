from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from mm.domain.actions import Action, OpenHalt, RecordRefusal, RecordRisk, RecordState
from mm.domain.book import Book
from mm.domain.order import Side
from mm.domain.quote import QuoteLevel
from mm.domain.risk import TradingState
from mm.domain.snapshot import Snapshot
from mm.risk.circuit_breaker import BreakerState
from mm.risk.engine import RiskEngine
from mm.risk.gate import Approval
from mm.risk.settings import CircuitBreakerSettings
from tests.fakes.snapshots import (
    BASELINE,
    BOOK,
    CAPITAL,
    ETHUSDC,
    NOW,
    SECOND,
    eth,
    held,
    own,
    risk_settings,
    snapshot,
    usdc,
)

HALTED, REDUCING, ACTIVE = TradingState.HALTED, TradingState.REDUCING, TradingState.ACTIVE
BUY = QuoteLevel(Side.BUY, 299_700, 20)
SELL = QuoteLevel(Side.SELL, 300_300, 20)
TIMEOUT = 600 * SECOND


def fresh(accepted: dict[str, int] | None = None, **settings: Any) -> RiskEngine:
    return RiskEngine(risk_settings(**settings), ETHUSDC, CAPITAL, BASELINE, accepted)


def active(**settings: Any) -> RiskEngine:
    risk = fresh(**settings)
    risk.clear("starting")
    return risk


def at(mono: int) -> Snapshot:
    """A quiet market at another moment, its book fresh."""
    return snapshot(mono=mono, book_mono=mono)


def codes(result: Approval) -> list[str]:
    return [refused.refusal.code for refused in result.refused]


def risks(actions: Sequence[Action]) -> list[str]:
    return [action.code for action in actions if isinstance(action, RecordRisk)]


def only(actions: Sequence[Action], kind: type[Action]) -> list[Action]:
    return [action for action in actions if isinstance(action, kind)]


# --- trading state ---------------------------------------------------------------------


def test_nothing_passes_before_recovery_has_finished() -> None:
    risk = fresh()
    assert risk.state is HALTED
    result = risk.approve([BUY], snapshot())
    assert (result.approved, codes(result)) == ([], ["halted"])
    assert result.refused[0].refusal.detail == "starting"
    assert risk.clear("starting") == [
        RecordRisk("cause_cleared", "info", "starting"),
        RecordState(HALTED, ACTIVE, ("starting_cleared",)),
    ]
    assert risk.approve([BUY], snapshot()).approved == [BUY]


@pytest.mark.parametrize("cause", ["unreconciled", "market_stream", "account_stream", "clock_drift"])
def test_a_standing_condition_halts_and_clears_by_itself(cause: str) -> None:
    risk = active()
    assert risk.raise_cause(cause, "why") == [
        RecordRisk("cause_raised", "warning", f"{cause}: why"),
        RecordState(ACTIVE, HALTED, (cause,)),
    ]
    assert risk.raise_cause(cause, "still") == []
    assert codes(risk.approve([BUY, SELL], snapshot(position=held("0.005")))) == ["halted", "halted"]
    risk.clear(cause)
    assert risk.approve([BUY], snapshot()).approved == [BUY]


def test_a_second_cause_is_recorded_without_a_change_of_state() -> None:
    risk = active()
    risk.raise_cause("unreconciled")
    assert only(risk.raise_cause("clock_drift"), RecordState) == []


def test_over_the_position_cap_only_sells_pass() -> None:
    risk = active()
    now = snapshot(position=held("0.01000001", cost="30", cash="70"))
    assert RecordState(ACTIVE, REDUCING, ("position_over_cap",)) in risk.observe(now)
    result = risk.approve([BUY, SELL], now)
    assert (result.approved, codes(result)) == ([SELL], ["reducing"])
    risk.observe(snapshot(position=held("0.01", cost="30", cash="70")))
    assert risk.state is ACTIVE


def test_reductions_pass_position_and_capital_but_still_need_a_sane_market() -> None:
    risk = active()
    over = held("0.05", cost="150", cash="10")
    assert risk.approve([SELL], snapshot(position=over)).approved == [SELL]
    assert codes(risk.approve([SELL], snapshot(position=over, reference_ticks=200_000.0))) == ["price_collar"]
    assert codes(risk.approve([SELL], snapshot(position=over, market_ok=False))) == ["market_down"]
    risk.halt("by_hand", "a person")
    assert codes(risk.approve([SELL], snapshot(position=over))) == ["halted"]


def test_a_stop_is_final() -> None:
    risk = active()
    assert risk.stop("SIGINT") == [RecordRisk("stop", "info", "SIGINT"), RecordState(ACTIVE, HALTED, ("stop",))]
    assert (risk.stop("again"), risk.stop_why) == ([], "SIGINT")
    risk.resume("Ana", "go on", snapshot())
    risk.clear("stop")
    assert codes(risk.approve([BUY], snapshot())) == ["halted"]


# --- approving ---------------------------------------------------------------------------


def test_each_approved_order_counts_towards_the_next() -> None:
    lots = BUY._replace(lots=40)
    result = active().approve([lots, lots, lots], snapshot())
    assert (result.approved, codes(result)) == ([lots, lots], ["max_position"])


def test_a_smaller_order_after_a_refused_one_still_passes() -> None:
    big, small = BUY._replace(lots=101), BUY._replace(lots=100)
    result = active().approve(
        [big, small],
        snapshot(),
    )
    assert (result.approved, codes(result)) == ([small], ["max_position"])


def test_approved_sells_use_up_holdings_and_free_base() -> None:
    now = snapshot(position=held("0.005", cost="15", cash="85"))
    result = active().approve([SELL._replace(lots=30), SELL._replace(lots=20), SELL._replace(lots=17)], now)
    assert (len(result.approved), codes(result)) == (2, ["holdings"])
    locked = snapshot(position=held("0.005", cost="15", cash="85"), free_base_units=eth("0.004"))
    assert codes(active().approve([SELL._replace(lots=20), SELL._replace(lots=21)], locked)) == ["funds"]


def test_approved_buys_use_up_capital_funds_and_slots() -> None:
    lots = BUY._replace(lots=50)  # 14.985
    funds = snapshot(free_quote_units=usdc("29.97"))
    assert codes(active().approve([lots, lots], funds)) == []
    assert codes(active().approve([lots, lots], funds._replace(free_quote_units=usdc("29.96999999")))) == ["funds"]
    bound = snapshot(position=held("0", cost="70.03", cash="100"))
    assert codes(active().approve([lots, lots], bound)) == []
    bound = snapshot(position=held("0", cost="70.03000001", cash="100"))
    assert codes(active().approve([lots, lots], bound)) == ["capital"]
    assert codes(active(max_open_orders=1).approve([BUY, BUY], snapshot())) == ["open_orders"]


def test_orders_of_one_decision_never_cross_each_other() -> None:
    now = snapshot(position=held("0.005", cost="15", cash="85"))
    high = QuoteLevel(Side.BUY, 300_300, 20)
    assert codes(active().approve([SELL, high], now)) == ["self_cross"]
    assert codes(active().approve([BUY, QuoteLevel(Side.SELL, 299_700, 20)], now)) == ["self_cross"]
    assert codes(active().approve([BUY, QuoteLevel(Side.SELL, 299_701, 20)], now)) == []


def test_order_rate_is_a_rolling_minute() -> None:
    risk = active(max_orders_per_minute=2)
    assert codes(risk.approve([BUY], at(NOW))) == []
    assert codes(risk.approve([BUY], at(NOW + 30 * SECOND))) == []
    assert codes(risk.approve([BUY], at(NOW + 60 * SECOND - 1))) == ["order_rate"]
    assert codes(risk.approve([BUY, BUY], at(NOW + 60 * SECOND))) == ["order_rate"]
    assert codes(risk.approve([BUY], at(NOW + 90 * SECOND))) == []


def test_refused_orders_use_up_no_rate() -> None:
    risk = active(max_orders_per_minute=1)
    risk.approve([BUY._replace(lots=1000)] * 5, snapshot())
    assert risk.approve([BUY], snapshot()).approved == [BUY]


def test_equal_refusals_are_recorded_once_in_ten_seconds_and_counted() -> None:
    risk = active()
    big = BUY._replace(lots=101)

    def told(mono: int, order: QuoteLevel = big) -> list[Action]:
        return risk.approve([order], snapshot(mono=mono, book_mono=mono)).actions

    first = RecordRefusal("max_position", Side.BUY, 299_700, 101, "0.01", "0.0101", "ETH")
    assert told(NOW) == [first]
    assert told(NOW + 1) == told(NOW + 10 * SECOND - 1) == []
    assert told(NOW + 5 * SECOND, SELL._replace(lots=20)) != []  # another code and side
    assert told(NOW + 10 * SECOND) == [replace(first, suppressed=2)]
    assert told(NOW + 20 * SECOND) == [replace(first, suppressed=0)]
    assert risk.refusal_counts == {("max_position", Side.BUY): 5, ("holdings", Side.SELL): 1}


# --- watching --------------------------------------------------------------------------------


def test_before_the_first_book_no_age_is_told() -> None:
    assert RecordRisk("cause_raised", "warning", "stale_book: no book yet") in active().observe(snapshot(book_mono=0))


def test_a_stale_book_halts_and_fresh_data_lifts_it() -> None:
    risk = active()
    assert risk.observe(snapshot(book_mono=NOW - 2 * SECOND)) == []
    actions = risk.observe(snapshot(book_mono=NOW - 2 * SECOND - 1))
    assert RecordState(ACTIVE, HALTED, ("stale_book",)) in actions
    risk.observe(snapshot())
    assert risk.state is ACTIVE


@pytest.mark.parametrize(
    ("equity", "halts"),
    [
        ("95", []),
        ("94.99999999", ["daily_loss", "drawdown", "stage_loss_5pct"]),
        ("90", ["daily_loss", "drawdown", "stage_loss_5pct"]),
    ],
)
def test_loss_limits_halt_and_latch(equity: str, halts: list[str]) -> None:
    risk = active()
    actions = risk.observe(snapshot(equity_units=usdc(equity)))
    assert [action.cause for action in actions if isinstance(action, OpenHalt)] == halts
    assert list(risk.halts) == halts
    assert risk.observe(snapshot(equity_units=usdc(equity))) == []  # once is enough
    risk.observe(snapshot(equity_units=usdc("100")))
    assert list(risk.halts) == halts
    assert risk.stop_why == ""


def test_ten_per_cent_stops_for_good() -> None:
    risk = active()
    actions = risk.observe(snapshot(equity_units=usdc("89.99999999")))
    assert "stage_loss_10pct" in risk.halts
    assert "stop" in risks(actions)
    assert risk.stop_why == "stage_loss_10pct"


def test_equity_is_not_judged_on_a_book_that_cannot_be_believed() -> None:
    position = held("0.005", cost="15", cash="85")
    poor = {"position": position, "equity_units": usdc("85")}
    for unfit in (
        {"market_ok": False},
        {"book": Book((), BOOK.asks)},
        {"book": Book(((300_020, 1),), BOOK.asks)},
        {"book_mono": NOW - 3 * SECOND},
    ):
        risk = active()
        risk.observe(snapshot(**poor, **unfit))
        assert risk.halts == {}
    risk = active()
    risk.observe(snapshot(**poor))
    assert "daily_loss" in risk.halts
    flat = active()  # without base there is nothing to mark
    flat.observe(snapshot(equity_units=usdc("85"), market_ok=False))
    assert "daily_loss" in flat.halts


def test_the_peak_follows_equity_but_not_a_bid_beyond_the_collar() -> None:
    position = held("0.005", cost="15", cash="85")

    def peak(bid: int, **changes: Any) -> int:
        risk = active()
        book = Book(((bid, 1_000),), ((bid + 20, 1_000),))
        risk.observe(snapshot(position=position, book=book, equity_units=usdc("103"), **changes))
        return risk.baseline.peak_units

    assert peak(306_000) == usdc("103")
    assert peak(306_001) == usdc("100")
    assert peak(300_000, reference_ticks=0.0) == usdc("100")
    assert peak(300_000, reference_ticks=float("nan")) == usdc("100")


def test_a_new_day_resets_the_daily_loss_and_no_halt() -> None:
    risk = active()
    risk.observe(snapshot(equity_units=usdc("94")))
    assert risks(risk.new_day("2026-11-23", usdc("94"))) == ["new_day"]
    assert (risk.baseline.day, risk.baseline.day_start_units) == ("2026-11-23", usdc("94"))
    assert risk.baseline.stage_start_units == CAPITAL
    assert "daily_loss" in risk.halts


def test_a_deposit_hides_no_loss() -> None:
    risk = active()
    risk.capital_flow(usdc("50"))
    risk.observe(snapshot(equity_units=usdc("144.99999999")))
    assert "daily_loss" in risk.halts


# --- halts and people ------------------------------------------------------------------------


def test_a_halt_is_latched_recorded_once_and_lifted_with_a_note() -> None:
    risk = active()
    assert risk.halt("crashes", "four in an hour") == [
        RecordRisk("crashes", "critical", "four in an hour"),
        OpenHalt("crashes", "four in an hour"),
        RecordState(ACTIVE, HALTED, ("crashes",)),
    ]
    assert risk.halt("crashes", "five") == []
    assert risk.resume("Ana", "looked into it", snapshot()) == [
        RecordRisk("resumed", "info", "Ana lifted crashes: looked into it"),
        RecordState(HALTED, ACTIVE, ("resumed",)),
    ]
    assert risk.resume("Ana", "again", snapshot()) == []


def test_a_halt_that_stands_in_the_record_is_not_opened_twice() -> None:
    risk = fresh()
    assert only(risk.halt("daily_loss", "yesterday", recorded=True), OpenHalt) == []
    risk.clear("starting")
    assert risk.state is HALTED


@pytest.mark.parametrize(("by", "note"), [("", "note"), ("Ana", ""), (" ", "note"), ("Ana", "\t")])
def test_no_resume_without_a_name_and_a_note(by: str, note: str) -> None:
    risk = active()
    risk.halt("crashes", "")
    assert risks(risk.resume(by, note, snapshot())) == ["resume_refused"]
    assert risk.state is HALTED


def test_no_resume_while_the_cause_persists() -> None:
    risk = active()
    risk.halt("unreconciled", "one fill is missing")
    risk.halt("crashes", "")
    risk.raise_cause("unreconciled")
    assert RecordRisk("resume_refused", "warning", "unreconciled still stands") in risk.resume("Ana", "x", snapshot())
    assert set(risk.halts) == {"unreconciled", "crashes"}
    risk.clear("unreconciled")
    risk.resume("Ana", "x", snapshot())
    assert risk.state is ACTIVE


def test_resuming_accepts_a_level_2_loss_until_it_grows_by_another_limit() -> None:
    risk = active()
    now = snapshot(equity_units=usdc("94"))
    risk.observe(now)
    resumed = [action for action in risk.resume("Ana", "fees", now) if isinstance(action, RecordRisk)]
    assert "accepted daily_loss 6.00000000 USDC" in resumed[-1].detail
    assert risk.state is ACTIVE
    assert risk.observe(now) == []
    assert risk.accepted_losses == dict.fromkeys(("daily_loss", "drawdown", "stage_loss_5pct"), usdc("6"))
    restarted = fresh(risk.accepted_losses)
    restarted.clear("starting")
    assert restarted.observe(now) == []
    risk.observe(snapshot(equity_units=usdc("89.99")))
    assert set(risk.halts) == {"day_loss_10pct", "stage_loss_10pct"}


def test_level_3_cannot_be_resumed_while_it_stands() -> None:
    for seen in (True, False):
        risk = fresh()
        risk.clear("starting")
        risk.halt("stage_loss_10pct", "restored", recorded=True)
        position = held("0.005", cost="15", cash="74")
        now = snapshot(equity_units=usdc("89"), position=position, market_ok=seen)
        assert "resume_refused" in risks(risk.resume("Ana", "please", now))
        assert risk.state is HALTED


def test_resuming_leaves_conditions_standing() -> None:
    risk = active()
    risk.halt("crashes", "")
    risk.raise_cause("market_stream")
    assert only(risk.resume("Ana", "ok", snapshot()), RecordState) == []
    assert (risk.state, risk.causes) == (HALTED, ("market_stream",))


# --- circuit breaker --------------------------------------------------------------------------


def test_three_unknown_orders_open_the_breaker_and_a_probe_closes_it() -> None:
    risk = active()
    assert risk.order_unknown(NOW) == risk.order_unknown(NOW) == []
    opened = risk.order_unknown(NOW)
    assert risks(opened) == ["breaker_open", "cause_raised"]
    assert RecordState(ACTIVE, HALTED, ("breaker_open",)) in opened
    assert codes(risk.approve([BUY], at(NOW + TIMEOUT - 1))) == ["halted"]
    half = at(NOW + TIMEOUT)
    assert risks(risk.observe(half)) == ["breaker_half_open", "cause_cleared"]
    assert (risk.state, risk.breaker_state(half.mono)) == (ACTIVE, BreakerState.HALF_OPEN)
    huge = BUY._replace(lots=1000)
    result = risk.approve([huge, BUY, BUY], half)
    assert (result.approved, codes(result)) == ([BUY], ["max_position", "breaker_probe"])
    assert risks(risk.order_ok(half.mono + 1)) == ["breaker_closed"]
    assert risk.approve([BUY, BUY], half).approved == [BUY, BUY]


def test_a_failed_probe_reopens() -> None:
    risk = active()
    for _ in range(3):
        risk.connection_lost(NOW)
    risk.approve([BUY], at(NOW + TIMEOUT))
    assert RecordState(ACTIVE, HALTED, ("breaker_open",)) in risk.connection_lost(NOW + TIMEOUT + 1)
    assert codes(risk.approve([BUY], at(NOW + 2 * TIMEOUT))) == ["halted"]
    assert codes(risk.approve([BUY], at(NOW + 2 * TIMEOUT + 1))) == []


def test_rejections_count_by_their_reason() -> None:
    risk = active(circuit_breaker=CircuitBreakerSettings(threshold=2))
    risk.order_rejected(NOW, "filter")
    risk.order_rejected(NOW, "unknown_symbol")
    assert risk.state is ACTIVE
    risk.order_rejected(NOW, "filter")
    assert risk.state is HALTED


def test_a_breaker_waits_for_nobody_and_a_halt_for_a_person() -> None:
    risk = active()
    for _ in range(3):
        risk.order_unknown(NOW)
    risk.halt("crashes", "")
    risk.observe(at(NOW + TIMEOUT))
    assert risk.causes == ("crashes",)


# --- screens --------------------------------------------------------------------------------------


def test_distances_show_how_much_of_each_limit_is_used() -> None:
    risk = active()
    position = held("0.005", cost="15", cash="85")
    now = snapshot(position=position, own_orders=(own(Side.BUY, 299_000, 20),), equity_units=usdc("99"))
    risk.approve([QuoteLevel(Side.BUY, 298_000, 20)], now)
    shown = {row.name: (str(row.value.normalize()), str(row.share), row.unit) for row in risk.distances(now)}
    assert shown["daily_loss"] == ("1", "0.2000", "USDC")
    assert shown["max_position"] == ("0.007", "0.7000", "ETH")
    assert shown["capital"] == ("20.98", "0.2098", "USDC")
    assert shown["open_orders"] == ("1", "0.0500", "orders")
    assert shown["order_rate"][:1] == ("1",)


def test_the_same_calls_give_the_same_actions() -> None:
    def play() -> list[object]:
        risk = active()
        seen: list[object] = [risk.approve([BUY, SELL, BUY._replace(lots=90)], snapshot())]
        seen += risk.order_unknown(NOW)
        seen += risk.observe(snapshot(equity_units=usdc("94")))
        return seen

    assert play() == play()
