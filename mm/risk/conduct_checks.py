"""Checks on how the bot behaves, rather than on what one order is."""

import math
from fractions import Fraction

from mm.domain.order import Side
from mm.domain.quote import QuoteLevel
from mm.risk.refusal import Refusal
from mm.risk.situation import Situation


def message_rate(_: QuoteLevel, now: Situation) -> Refusal | None:
    """Orders and cancels together; only new orders are refused for it, cancels always pass."""
    if now.recent_messages + 1 <= now.limits.max_messages_per_minute:
        return None
    limit, value = str(now.limits.max_messages_per_minute), str(now.recent_messages + 1)
    return Refusal("message_rate", limit, value, "messages/60s", "too many orders and cancels within a minute")


def cancel_to_fill(_: QuoteLevel, now: Situation) -> Refusal | None:
    if now.orders_without_fill + 1 <= now.limits.max_orders_without_fill:
        return None
    limit, value = str(now.limits.max_orders_without_fill), str(now.orders_without_fill + 1)
    return Refusal("cancel_to_fill", limit, value, "orders", "so many orders since the day's last fill, or its start")


def min_edge(order: QuoteLevel, now: Situation) -> Refusal | None:
    """The distance to the own fair price must cover the maker fee and half the edge, less what the skew may take."""
    if not (math.isfinite(now.fair_ticks) and now.fair_ticks > 0):
        return None
    fair = Fraction(now.fair_ticks)
    distance = (fair - order.ticks if order.side is Side.BUY else order.ticks - fair) / fair
    if distance >= now.limits.least_edge:
        return None
    limit, value = (f"{float(share):.6f}" for share in (now.limits.least_edge, distance))
    detail = f"{order.side} at {order.ticks} stands too close to the fair price {now.fair_ticks:.2f}"
    return Refusal("min_edge", limit, value, "share of fair price", detail)
