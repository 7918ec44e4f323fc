"""A seeded generated market: anonymous orders through the venue's own matching."""

import random
from decimal import Decimal

from mm.exchange.venue.scenarios import Scenario
from mm.exchange.venue.venue import Venue


class Flow:
    """Drives one symbol. The same seed and the same sequence of `advance` calls give the same market.

    The price goes on from the symbol's last price on record, else from `start_price`.
    """

    def __init__(self, venue: Venue, symbol: str, scenario: Scenario, rng: random.Random, start_price: Decimal) -> None:
        raise NotImplementedError

    def advance(self, now_ms: int) -> None:
        """Everything due up to `now_ms` (UTC ms) happens. The first call fills the book."""
        raise NotImplementedError
