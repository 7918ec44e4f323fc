"""What the strategy wants in the market."""

from typing import NamedTuple

from mm.domain.order import Side


class QuoteLevel(NamedTuple):
    side: Side
    ticks: int
    lots: int
    level: int = 0


class Quote(NamedTuple):
    """The desired resting orders (none is a valid wish) and how they came about.

    `fair_ticks` may lie between ticks. `notes` are short reason codes a person can read,
    e.g. `spread_floor`, `max_inventory`, `no_funds_bid`, `price_band`, `fill_delay`.
    """

    levels: tuple[QuoteLevel, ...]
    fair_ticks: float
    notes: tuple[str, ...] = ()
