"""Recorded market data played at wall-clock pace, served under another symbol's name."""

from collections.abc import Sequence
from pathlib import Path

from mm.exchange.venue.venue import Venue


class Replay:
    """Plays `files` (captures in order) as `symbol`; the first line falls on the first `advance`.

    Raises ValueError when a file is no capture or cannot be read.
    """

    def __init__(self, venue: Venue, symbol: str, files: Sequence[Path]) -> None:
        raise NotImplementedError

    def advance(self, now_ms: int) -> None:
        """Every line due by `now_ms` is played. Raises ReplayBroken on a gap or a crossed book."""
        raise NotImplementedError

    @property
    def finished(self) -> bool:
        """True at the end of the last file; the book then stays."""
        raise NotImplementedError
