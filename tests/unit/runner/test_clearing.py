"""The way out without the engine: cancel, look, and believe an empty answer only past the fence."""

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.domain.errors import ExchangeError
from mm.domain.order import OrderStatus
from mm.ports import CancelAnswer
from mm.runner.clearing import clear_exchange
from tests.fakes.desk import TAG, intent, renamed, report
from tests.fakes.scripted import ScriptedExchange

FENCE = ScriptedExchange.fence_seconds


def clear(exchange: ScriptedExchange, clock: SimulatedClock) -> tuple[str, ...]:
    return run_virtual(clear_exchange(exchange, "ETHUSDC", TAG, clock), clock=clock)


def obeying(exchange: ScriptedExchange) -> ScriptedExchange:
    async def cancelled(client_id: str) -> CancelAnswer:
        gone = next(order for order in exchange.open if order.client_id == client_id)
        exchange.open.remove(gone)
        return gone

    exchange.cancel_answer = cancelled
    return exchange


def test_an_empty_exchange_is_believed_only_past_the_fence() -> None:
    clock = SimulatedClock(0)
    assert clear(ScriptedExchange(), clock) == ()
    assert FENCE < clock.monotonic() / 1e9 <= FENCE + 1


def test_own_orders_are_cancelled_and_those_of_others_left_alone() -> None:
    exchange = obeying(ScriptedExchange())
    other = report(renamed(intent(1), "by-hand"), OrderStatus.OPEN)
    exchange.open = [report(intent(1), OrderStatus.OPEN), other, report(intent(2), OrderStatus.OPEN)]
    assert clear(exchange, SimulatedClock(0)) == ()
    assert exchange.called("cancel") == ["mm-abcdef-1", "mm-abcdef-2"]
    assert exchange.open == [other]


def test_an_order_that_arrives_late_is_cancelled_too() -> None:
    exchange = obeying(ScriptedExchange())
    reads = 0
    read = exchange.open_orders

    async def open_orders(symbol: str) -> object:
        nonlocal reads
        reads += 1
        if reads == 20:  # ten seconds later: still within the fence
            exchange.open.append(report(intent(3), OrderStatus.OPEN))
        return await read(symbol)

    exchange.open_orders = open_orders  # type: ignore[method-assign, assignment]  # counts its reads
    assert clear(exchange, SimulatedClock(0)) == ()
    assert exchange.called("cancel") == ["mm-abcdef-3"]


def test_orders_that_will_not_go_are_named_in_the_end() -> None:
    exchange = ScriptedExchange()
    exchange.open = [report(intent(1), OrderStatus.OPEN)]
    clock = SimulatedClock(0)
    assert clear(exchange, clock) == ("mm-abcdef-1",)
    assert len(exchange.called("cancel")) > 20
    assert FENCE + 10 < clock.monotonic() / 1e9 <= FENCE + 11


def test_an_exchange_that_cannot_be_read_is_no_empty_one() -> None:
    exchange = ScriptedExchange()
    exchange.errors["open_orders"] = ExchangeError("busy")
    with pytest.raises(ExchangeError):
        clear(exchange, SimulatedClock(0))
