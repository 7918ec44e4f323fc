from fractions import Fraction
from typing import Any

import pytest

from mm.domain.order import Side
from mm.domain.quote import QuoteLevel
from mm.risk.conduct_checks import cancel_to_fill, message_rate, min_edge
from mm.risk.exposure import Exposure
from mm.risk.order_limits import OrderLimits
from mm.risk.refusal import Refusal
from mm.risk.situation import Situation
from tests.fakes.snapshots import CAPITAL, risk_settings, snapshot

BUY = QuoteLevel(Side.BUY, 299_700, 20)


def situation(settings: dict[str, Any] | None = None, **more: Any) -> Situation:
    now = snapshot()
    limits = OrderLimits.of(risk_settings(**(settings or {})), CAPITAL, Fraction(11, 10_000))
    return Situation(now, now.others_book(), Exposure.of(now), limits, 0, **more)


def test_message_rate() -> None:
    limit = {"max_messages_per_minute": 10}
    assert message_rate(BUY, situation(limit, recent_messages=9)) is None
    refusal = message_rate(BUY, situation(limit, recent_messages=10))
    assert refusal == Refusal("message_rate", "10", "11", "messages/60s", "too many orders and cancels within a minute")


def test_cancel_to_fill() -> None:
    limit = {"max_orders_without_fill": 10}
    assert cancel_to_fill(BUY, situation(limit, orders_without_fill=9)) is None
    refusal = cancel_to_fill(BUY, situation(limit, orders_without_fill=10))
    assert refusal is not None
    assert (refusal.code, refusal.limit, refusal.value) == ("cancel_to_fill", "10", "11")


@pytest.mark.parametrize(("side", "at", "beyond"), [(Side.BUY, 299_670, 299_671), (Side.SELL, 300_330, 300_329)])
def test_min_edge(side: Side, at: int, beyond: int) -> None:
    fair = situation(fair_ticks=300_000.0)
    assert min_edge(QuoteLevel(side, at, 20), fair) is None
    refusal = min_edge(QuoteLevel(side, beyond, 20), fair)
    assert refusal is not None
    assert (refusal.code, refusal.limit, refusal.value) == ("min_edge", "0.001100", "0.001097")


def test_min_edge_needs_a_fair_price() -> None:
    assert min_edge(BUY, situation()) is None
