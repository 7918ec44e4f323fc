"""A hash over everything that happened: equal runs have equal hashes, in every process and under any PYTHONHASHSEED."""

import hashlib
from collections.abc import Sequence

from mm.domain.actions import Action
from mm.domain.events import BookSeen, Event, MarketTradeSeen, TimerFired


class Trace:
    """Books, public trades and timers, the most of all events, are mixed into one number by Python's hash of integers,
    which no seed changes; everything else is written into SHA-256 as text, with that number in front."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._mixed = 0
        self.events = 0
        self.actions = 0

    def processed(self, event: Event, actions: Sequence[Action]) -> None:
        self.events += 1
        kind = type(event)
        if kind is BookSeen:
            book = event.book  # type: ignore[attr-defined]  # isinstance costs more than the hash
            self._mixed = hash((self._mixed, event.mono, book.bids, book.asks, book.update_id))
        elif kind is MarketTradeSeen:
            trade: MarketTradeSeen = event  # type: ignore[assignment]  # the same
            self._mixed = hash((self._mixed, trade.mono, trade.ticks, trade.lots, trade.buyer_is_maker, trade.trade_id))
        elif kind is TimerFired:
            self._mixed = hash((self._mixed, event.mono, len(event.name)))  # type: ignore[attr-defined]  # the same
        else:
            self.note(event)
        if actions:
            self.actions += len(actions)
            self.note(actions)

    def note(self, what: object) -> None:
        self._digest.update(f"{self._mixed}|{what!r}\n".encode())
        self._mixed = 0

    @property
    def hash(self) -> str:
        whole = self._digest.copy()
        whole.update(str(self._mixed).encode())
        return whole.hexdigest()[:32]
