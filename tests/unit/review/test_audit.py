from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mm.domain.fill import Fill
from mm.domain.order import OrderReport, OrderStatus, Side
from mm.review.audit import Audit, ExchangeSide, Intended, LedgerSide, audit
from mm.review.clock_gap import ClockGap
from tests.fakes.account_reader import ETHUSDC

PREFIX = "mm-abc123-"
AT = 1_800_000_000_000
CLOCKS = ClockGap(drift=3, allowed=505)


def intent(number: int, **changes: Any) -> Intended:
    made = Intended(f"{PREFIX}{number}", Side.BUY, 300_000, 20, AT * 10**6, OrderStatus.CANCELED, f"x{number}", 0)
    return replace(made, **changes)


def report(number: int, **changes: Any) -> OrderReport:
    made = OrderReport(
        client_id=f"{PREFIX}{number}",
        exchange_id=f"x{number}",
        symbol="ETHUSDC",
        side=Side.BUY,
        type="LIMIT_MAKER",
        status=OrderStatus.OPEN,
        ticks=300_000,
        lots=20,
        executed_lots=0,
        quote_units=0,
        updated_ms=AT + 90_000,
        created_ms=AT + 50,
    )
    return replace(made, **changes)


def trade(number: int, order: int = 1, **changes: Any) -> Fill:
    made = Fill(
        symbol="ETHUSDC",
        trade_id=number,
        exchange_id=f"x{order}",
        client_id=f"{PREFIX}{order}",
        buy=True,
        ticks=300_000,
        lots=20,
        quote_units=600_000_000,
        fee_units=200_000,
        fee_asset="ETH",
        fee_quote_units=6_000,
        maker=True,
        time_ms=AT + 100,
    )
    return replace(made, **changes)


def told(fill: Fill) -> Fill:
    """As REST tells it."""
    return replace(fill, client_id="", fee_quote_units=None)


LEDGER = LedgerSide(
    prefix=PREFIX,
    instrument=ETHUSDC,
    intents=(
        intent(1, status=OrderStatus.FILLED, executed_lots=20),
        intent(2, status=OrderStatus.OPEN),
        intent(3, status=OrderStatus.NOT_PLACED, exchange_id=""),
    ),
    fills=(trade(11),),
    flows_base_units=0,
    max_position_units=1_000_000,
)
FILLED = report(1, status=OrderStatus.FILLED, executed_lots=20)
EXCHANGE = ExchangeSide(
    orders=(FILLED, report(2), report(9, client_id="by-hand")),
    trades=(told(trade(11)),),
    trade_orders={},
    clocks=CLOCKS,
)


def found(ledger: LedgerSide = LEDGER, exchange: ExchangeSide = EXCHANGE) -> list[tuple[str, str]]:
    return [(difference.invariant, difference.subject) for difference in audit(ledger, exchange).differences]


def test_two_sides_that_agree_are_clean() -> None:
    # Held 0.002 − 0.002 fee in ETH is 0; an open buy of 20 lots is 0.002 ETH.
    assert audit(LEDGER, EXCHANGE) == Audit(
        intents=3,
        never_placed=1,
        exchange_orders=2,
        fills=1,
        exchange_fills=1,
        exposure_units=200_000,
        max_position_units=1_000_000,
        foreign_orders=1,
        too_old=0,
        clocks=CLOCKS,
        differences=(),
    )


def test_others_orders_and_trades_are_not_the_bots() -> None:
    exchange = replace(EXCHANGE, trades=(*EXCHANGE.trades, told(trade(12, 77))), trade_orders={"x77": "by-hand"})
    assert found(exchange=exchange) == []


ENDS = (OrderStatus.OPEN, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED)


@pytest.mark.parametrize("status", ENDS)
def test_an_order_without_an_intent(status: OrderStatus) -> None:
    exchange = replace(EXCHANGE, orders=(FILLED, report(2), report(5, status=status)))
    assert found(exchange=exchange) == [("I1", f"{PREFIX}5")]


def test_a_filled_order_without_an_intent() -> None:
    exchange = replace(EXCHANGE, trades=(*EXCHANGE.trades, told(trade(12, 5))), trade_orders={"x5": f"{PREFIX}5"})
    assert found(exchange=exchange) == [("I1", f"{PREFIX}5"), ("I3", "trade 12")]


@pytest.mark.parametrize("told", [{}, {"created_ms": 0, "updated_ms": AT + 50}])
def test_an_intent_decided_after_its_order_beyond_what_the_clocks_allow(told: dict[str, int]) -> None:
    exchange = replace(EXCHANGE, orders=(FILLED, report(2, **told)))

    def decided(at_ms: int) -> LedgerSide:
        late = intent(2, status=OrderStatus.OPEN, decided_at=at_ms * 10**6)
        return replace(LEDGER, intents=(LEDGER.intents[0], late))

    assert found(decided(AT + 50 + CLOCKS.allowed), exchange) == []
    assert found(decided(AT + 51 + CLOCKS.allowed), exchange) == [("I1", f"{PREFIX}2")]


def test_an_intent_kept_twice() -> None:
    assert ("I1", f"{PREFIX}2") in found(replace(LEDGER, intents=(*LEDGER.intents, intent(2, status=OrderStatus.OPEN))))


def test_two_orders_of_one_intent() -> None:
    doubled = replace(EXCHANGE, orders=(FILLED, report(2), report(2, exchange_id="x222")))
    assert found(exchange=doubled) == [("I2", f"{PREFIX}2")]


def test_an_id_used_again_after_its_first_order_had_ended() -> None:
    again = report(1, exchange_id="x111", status=OrderStatus.CANCELED)
    assert found(exchange=replace(EXCHANGE, orders=(*EXCHANGE.orders, again))) == [("I2", f"{PREFIX}1")]


def test_an_order_under_another_id_than_the_ledgers() -> None:
    other = replace(EXCHANGE, orders=(FILLED, report(2, exchange_id="x222")))
    assert found(exchange=other) == [("I2", f"{PREFIX}2")]


def test_an_order_that_the_ledger_calls_never_placed() -> None:
    exchange = replace(EXCHANGE, orders=(*EXCHANGE.orders, report(3, status=OrderStatus.CANCELED)))
    assert found(exchange=exchange) == [("I1", f"{PREFIX}3")]


def test_a_refused_order_that_the_exchange_lists_as_refused() -> None:
    ledger = replace(LEDGER, intents=(*LEDGER.intents, intent(4, status=OrderStatus.REJECTED)))
    exchange = replace(EXCHANGE, orders=(*EXCHANGE.orders, report(4, status=OrderStatus.REJECTED)))
    assert found(ledger, exchange) == []


@pytest.mark.parametrize("status", ENDS)
def test_an_order_of_the_ledger_that_the_exchange_does_not_know(status: OrderStatus) -> None:
    ledger = replace(LEDGER, intents=(LEDGER.intents[0], intent(2, status=status)))
    exchange = replace(EXCHANGE, orders=(FILLED,), absent=frozenset({f"{PREFIX}2"}))
    assert found(ledger, exchange) == [("I1", f"{PREFIX}2")]


@pytest.mark.parametrize("status", [OrderStatus.NOT_PLACED, OrderStatus.REJECTED, OrderStatus.UNKNOWN])
def test_an_order_that_neither_side_holds(status: OrderStatus) -> None:
    ledger = replace(LEDGER, intents=(LEDGER.intents[0], intent(2, status=status, exchange_id="")))
    exchange = replace(EXCHANGE, orders=(FILLED,), absent=frozenset({f"{PREFIX}2"}))
    assert found(ledger, exchange) == []


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (OrderStatus.CANCELED, OrderStatus.OPEN),
        (OrderStatus.OPEN, OrderStatus.CANCELED),
        (OrderStatus.CANCELED, OrderStatus.EXPIRED),
        (OrderStatus.EXPIRED, OrderStatus.FILLED),
    ],
)
def test_an_order_whose_end_is_another(here: OrderStatus, there: OrderStatus) -> None:
    ledger = replace(LEDGER, intents=(LEDGER.intents[0], intent(2, status=here)))
    exchange = replace(EXCHANGE, orders=(FILLED, report(2, status=there)))
    assert found(ledger, exchange) == [("I1", f"{PREFIX}2")]


def test_an_ended_order_that_executed_another_size() -> None:
    ledger = replace(LEDGER, intents=(LEDGER.intents[0], intent(2)))
    exchange = replace(EXCHANGE, orders=(FILLED, report(2, status=OrderStatus.CANCELED, executed_lots=3)))
    assert found(ledger, exchange) == [("I3", f"{PREFIX}2")]


def test_an_open_order_may_be_further_on_at_one_side() -> None:
    assert found(exchange=replace(EXCHANGE, orders=(FILLED, report(2, executed_lots=3)))) == []


@pytest.mark.parametrize("changes", [{"side": Side.SELL}, {"ticks": 299_999}, {"lots": 21}])
def test_an_order_other_than_intended(changes: dict[str, Any]) -> None:
    assert found(exchange=replace(EXCHANGE, orders=(FILLED, report(2, **changes)))) == [("I1", f"{PREFIX}2")]
    ended = replace(FILLED, **changes)
    assert found(exchange=replace(EXCHANGE, orders=(ended, report(2)))) == [("I1", f"{PREFIX}1")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("symbol", "BTCUSDC"),
        ("exchange_id", "x2"),
        ("buy", False),
        ("ticks", 300_001),
        ("lots", 21),
        ("quote_units", 600_000_001),
        ("fee_units", 199_999),
        ("fee_asset", "BNB"),
        ("maker", False),
        ("time_ms", AT + 101),
    ],
)
def test_a_fill_that_differs_in_any_field(field: str, value: Any) -> None:
    differing = replace(EXCHANGE, trades=(replace(told(trade(11)), **{field: value}),))
    differences = audit(LEDGER, differing).differences
    assert [(d.invariant, d.subject) for d in differences] == [("I3", "trade 11")]
    assert differences[0].text.startswith(field)


def test_a_fill_missing_in_the_ledger() -> None:
    exchange = replace(EXCHANGE, trades=(*EXCHANGE.trades, told(trade(12))))
    assert found(exchange=exchange) == [("I3", "trade 12")]


def test_a_fill_the_exchange_never_made() -> None:
    ledger = replace(LEDGER, fills=(*LEDGER.fills, trade(12, 2, lots=5)))
    assert ("I3", "trade 12") in found(ledger)


def test_a_fill_recorded_twice() -> None:
    assert ("I3", "trade 11") in found(replace(LEDGER, fills=(trade(11), trade(11))))


def test_an_order_whose_fills_do_not_add_up() -> None:
    ledger = replace(LEDGER, intents=(intent(1, status=OrderStatus.FILLED, executed_lots=19), *LEDGER.intents[1:]))
    exchange = replace(EXCHANGE, orders=(replace(FILLED, executed_lots=19), report(2)))
    assert found(ledger, exchange) == [("I3", f"{PREFIX}1")]


def test_a_fill_of_another_client_id_where_it_is_told() -> None:
    exchange = replace(EXCHANGE, trades=(replace(trade(11), client_id=f"{PREFIX}2"),))
    assert found(exchange=exchange) == [("I3", "trade 11")]


@pytest.mark.parametrize("status", [OrderStatus.OPEN, OrderStatus.UNKNOWN, OrderStatus.PENDING])
def test_open_and_unknown_buys_count_towards_the_cap(status: OrderStatus) -> None:
    earlier = intent(8, status=OrderStatus.OPEN, current=False)
    ledger = replace(LEDGER, intents=(LEDGER.intents[0], intent(2, status=status), earlier))
    at_cap = replace(ledger, max_position_units=200_000)
    assert audit(at_cap, EXCHANGE).exposure_units == 200_000
    assert audit(at_cap, EXCHANGE).intents == 2
    assert found(at_cap) == []
    assert found(replace(ledger, max_position_units=199_999)) == [("I4", "ETHUSDC")]


def test_sells_and_ended_orders_take_no_room() -> None:
    selling = intent(2, side=Side.SELL, status=OrderStatus.OPEN)
    ledger = replace(LEDGER, intents=(LEDGER.intents[0], selling, intent(4)))
    assert audit(ledger, EXCHANGE).exposure_units == 0


def test_a_filled_order_without_an_intent_is_told_once() -> None:
    stray = report(5, status=OrderStatus.FILLED, executed_lots=20)
    exchange = replace(
        EXCHANGE,
        orders=(*EXCHANGE.orders, stray),
        trades=(*EXCHANGE.trades, told(trade(12, 5))),
        trade_orders={"x5": f"{PREFIX}5"},
    )
    assert found(exchange=exchange) == [("I1", f"{PREFIX}5"), ("I3", "trade 12")]


def test_base_brought_in_counts() -> None:
    brought = int(Decimal("0.01") * 10**8)
    assert found(replace(LEDGER, flows_base_units=brought)) == [("I4", "ETHUSDC")]
