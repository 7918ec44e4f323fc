"""One public trade as the tape keeps it."""

from typing import NamedTuple


class Print(NamedTuple):
    """In ticks and lots. Trades of one taker at one price share `aggregate_id`."""

    trade_id: int
    ticks: int
    lots: int
    time_ms: int
    buyer_is_maker: bool
    aggregate_id: int
