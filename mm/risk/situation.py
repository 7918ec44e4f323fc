"""What an order is judged in."""

from collections.abc import Callable
from dataclasses import dataclass

from mm.domain.book import Book
from mm.domain.quote import QuoteLevel
from mm.domain.snapshot import Snapshot
from mm.risk.exposure import Exposure
from mm.risk.order_limits import OrderLimits
from mm.risk.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Situation:
    """`others` is the book without own orders; `recent_orders` approved in the last 60 s, `recent_messages` those and
    cancels; `orders_without_fill` approved in the trading day since its last fill; `fair_ticks` the price the quotes
    stand around (0: none, as for level 2's sales)."""

    snapshot: Snapshot
    others: Book
    exposure: Exposure
    limits: OrderLimits
    recent_orders: int
    recent_messages: int = 0
    orders_without_fill: int = 0
    fair_ticks: float = 0.0


Check = Callable[[QuoteLevel, Situation], Refusal | None]
