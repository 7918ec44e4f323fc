"""Captures of Binance's streams as a market on record."""

from collections.abc import Sequence
from pathlib import Path

from mm.exchange.venue.calibration.record import GRID_MS, Depth, MarketRecord, Top, depth_of, joined
from mm.exchange.venue.ladder import Ladder
from mm.exchange.venue.recording import Diff, Level, Message, RecordedTrade, Snapshot, read
from mm.exchange.venue.recording import Top as TopMessage

_UNIT = 1e-8
_PER_SECOND = 1000 // GRID_MS
_LEVELS = 2000
"""Levels a side read for the depth: far more than the reach that is measured holds."""


def read_capture(files: Sequence[Path]) -> MarketRecord:
    """All of `files`, captures of one symbol in order. Times are local receive times.

    Raises ReplayBroken on lines that cannot be read, ValueError when there is no book in them.
    """
    reader = _Reader()
    for at_ns, message in read(files):
        reader.take(at_ns / 1e6, message)
    if not reader.tops:
        raise ValueError(f"{', '.join(map(str, files))}: no book ticker follows a snapshot")
    start_ms = reader.start_ms
    stop_ms = start_ms + len(reader.tops) * GRID_MS
    prints = (each for each in reader.prints if start_ms <= each[0] < stop_ms)
    return MarketRecord(start_ms, reader.tops, joined(prints), reader.depths)


class _Reader:
    """Samples the book on the grid while messages pass."""

    def __init__(self) -> None:
        self.start_ms = 0.0
        self.tops: list[Top] = []
        self.depths: list[Depth] = []
        self.prints: list[tuple[float, float, float, bool]] = []
        self._sides = Ladder(buy=False), Ladder(buy=True)
        self._early: list[Diff] | None = []
        self._best: Top | None = None

    def take(self, at_ms: float, message: Message) -> None:
        if self._early is None and self._best is not None:
            self._sample(at_ms, self._best)
        if isinstance(message, TopMessage):
            self._best = Top(message.bid[0] * _UNIT, message.ask[0] * _UNIT)
        elif isinstance(message, RecordedTrade):
            price = message.price * _UNIT
            self.prints.append((at_ms, price, price * message.size * _UNIT, not message.buyer_is_maker))
        elif isinstance(message, Snapshot):
            self._open(message)
        elif self._early is None:
            self._apply(message.bids, message.asks)
        else:
            self._early.append(message)

    def _sample(self, at_ms: float, best: Top) -> None:
        """What stood at the grid points before `at_ms`."""
        self.start_ms = self.start_ms or at_ms
        while self.start_ms + len(self.tops) * GRID_MS < at_ms:
            if len(self.tops) % _PER_SECOND == 0:
                depth = depth_of(_levels(self._sides[True]), _levels(self._sides[False]))
                if depth is None:
                    raise ValueError("a side of the recorded book is empty")
                self.depths.append(depth)
            self.tops.append(best)

    def _open(self, snapshot: Snapshot) -> None:
        if self._early is None:
            return  # one is enough: the diffs go on from it
        self._apply(snapshot.bids, snapshot.asks)
        for diff in self._early:
            if diff.last_id > snapshot.last_id:
                self._apply(diff.bids, diff.asks)
        self._early = None

    def _apply(self, bids: list[Level], asks: list[Level]) -> None:
        for buy, levels in ((True, bids), (False, asks)):
            for price, size in levels:
                self._sides[buy].set(price, size)


def _levels(side: Ladder) -> list[tuple[float, float]]:
    best = zip(side, range(_LEVELS), strict=False)
    return [(price * _UNIT, price * _UNIT * size * _UNIT) for (price, size), _ in best]
