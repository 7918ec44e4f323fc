"""What is kept of an account's orders besides its trades: prevented self-trades and amendments. Integers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PreventedMatch:
    """A trade of an account with itself that was prevented. Lots are None for a side that lost nothing."""

    symbol: str
    match_id: int
    uid: int
    taker_order_id: int
    maker_order_id: int
    mode: str
    ticks: int
    taker_lots: int | None
    maker_lots: int | None
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """An order that was made smaller."""

    execution_id: int
    uid: int
    symbol: str
    order_id: int
    old_client_id: str
    new_client_id: str
    old_lots: int
    new_lots: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class Prevention:
    """What a prevented match does to one of its two orders: `lots` go; the trade would have been `matched` lots."""

    match_id: int
    lots: int
    counter_order_id: int
    ticks: int
    matched: int
