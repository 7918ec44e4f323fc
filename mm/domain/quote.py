"""What the strategy wants in the market."""

from dataclasses import dataclass

from mm.domain.order import Side


@dataclass(frozen=True, slots=True)
class QuoteLevel:
    side: Side
    ticks: int
    lots: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """The desired resting orders (none is a valid wish) and how they came about.

    `fair_ticks` may lie between ticks. `notes` are short reason codes a person can read,
    e.g. `spread_floor`, `max_inventory`, `no_funds_bid`, `price_band`, `fill_delay`.
    """

    levels: tuple[QuoteLevel, ...]
    fair_ticks: float
    notes: tuple[str, ...] = ()
