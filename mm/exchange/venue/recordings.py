"""Recordings as files: which symbol they are of, where they begin, and the market that plays them."""

import gzip
import itertools
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mm.domain.errors import ConfigurationError, ExchangeError
from mm.exchange.venue.bar_replay import BarReplay
from mm.exchange.venue.bars import MINUTE_MS, is_bars, read_bars, symbol_of
from mm.exchange.venue.recorded_book import QueueModel
from mm.exchange.venue.recording import Diff, RecordedTrade, Snapshot, read, stamp_of
from mm.exchange.venue.replay import Replay
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue

_STREAM = re.compile(rb'"stream":\s*"([a-z0-9]+)@')
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recordings:
    """Captures, or one-minute bars. `from_ms` (UTC) and `seed` are for bars: where to begin, and the way inside each
    minute."""

    files: Sequence[Path]
    queue: QueueModel = "conservative"
    from_ms: int | None = None
    seed: int = 1

    @property
    def are_bars(self) -> bool:
        return is_bars(self.files[0])

    def check(self) -> None:
        """Raises ConfigurationError when captures and bars are mixed, or a capture is to begin elsewhere."""
        bars = [is_bars(file) for file in self.files]
        if any(bars) and not all(bars):
            raise ConfigurationError(
                f"cannot replay {self._names}: captures and bars do not mix", "give the one or the other"
            )
        if not any(bars) and self.from_ms is not None:
            raise ConfigurationError(
                f"{self._names} is a capture and begins with its snapshot", "only bars begin elsewhere"
            )

    def market(self, venue: Venue, symbol: str) -> Replay | BarReplay:
        """Put in place of the symbol's market. Raises ConfigurationError when the files cannot be played."""
        self.check()

        def made() -> Replay | BarReplay:
            if not self.are_bars:
                return Replay(venue, symbol, self.files, queue=self.queue)
            rng = random.Random(self.seed)  # noqa: S311 - a market's noise, not a secret
            return BarReplay(venue, symbol, self.files, rng, self.queue, self.from_ms)

        return self._tried(made)

    def begins(self) -> tuple[int, int]:
        """UTC ms of the first line or bar, and the first price in 1e-8 quote. Raises ConfigurationError."""
        self.check()
        return self._tried(self._first_bar if self.are_bars else self._first_price)

    def length_ms(self, most_ms: int | None = None) -> int:
        """How long it plays: a capture from its first line to its last, bars a minute each, counted up to `most_ms`.

        Raises ConfigurationError.
        """

        def captured() -> int:
            stamps = [stamp for path in self.files for stamp in _ends(path)]
            return (stamps[-1] - stamps[0]) // 1_000_000

        def counted() -> int:
            bars = read_bars(self.files, self.from_ms)
            most = None if most_ms is None else -(-most_ms // MINUTE_MS)
            return sum(MINUTE_MS for _ in itertools.islice(bars, most))

        return self._tried(counted if self.are_bars else captured)

    def _first_bar(self) -> tuple[int, int]:
        bar = next(read_bars(self.files, self.from_ms), None)
        if bar is None:
            raise ValueError("there is no bar to play" + ("" if self.from_ms is None else " from that moment on"))
        return bar.open_ms, bar.open

    def _first_price(self) -> tuple[int, int]:
        """The first trade's, else the first bid's of the snapshot."""
        lines = read(self.files)
        first = next(lines, None)
        if first is None:
            raise ValueError("it holds nothing")
        for _, message in itertools.chain([first], lines):
            if isinstance(message, RecordedTrade):
                return first[0] // 1_000_000, message.price
            if isinstance(message, Snapshot | Diff) and message.bids:
                return first[0] // 1_000_000, message.bids[0][0]
        raise ValueError("it holds no price")

    def _tried(self, what: Callable[[], T]) -> T:
        try:
            return what()
        except ConfigurationError:
            raise
        except (OSError, ValueError, EOFError, ExchangeError) as error:
            why = error.message if isinstance(error, ExchangeError) else str(error)
            hint = error.hint if isinstance(error, ExchangeError) else ""
            raise ConfigurationError(f"cannot replay {self._names}: {why}", hint) from error

    @property
    def _names(self) -> str:
        return ", ".join(map(str, self.files))


def _ends(path: Path) -> tuple[int, int]:
    """Receive times (ns) of a capture's first and last line. Raises OSError, EOFError, ValueError."""
    with gzip.open(path) as lines:
        first = last = next(iter(lines), b"")
        for last in lines:  # noqa: B007 - the last one is wanted
            pass
    return stamp_of(first.partition(b" ")[0]), stamp_of(last.partition(b" ")[0])


def replay_symbol(file: Path, serve_as: str | None = None) -> str:
    """The symbol a recording is served as: `serve_as`, else its own, USDT pairs as their USDC twin where that is
    listed.

    Raises ConfigurationError when the file is no recording of a listed symbol, or `serve_as` is not listed.
    """
    rules = default_symbols()
    if serve_as is not None:
        if serve_as not in rules:
            raise ConfigurationError(f"the venue does not list {serve_as}", f"it lists {', '.join(rules)}")
        return serve_as
    symbol = (symbol_of(file) if is_bars(file) else _captured_symbol(file)) or ""
    if not symbol:
        raise ConfigurationError(
            f"{file} is no recording of a known pair",
            "give *.raw.gz captures, or bars whose file name holds the pair, like ethusdt",
        )
    twin = symbol.removesuffix("USDT") + "USDC"
    symbol = twin if symbol.endswith("USDT") and twin in rules else symbol
    if symbol not in rules:
        raise ConfigurationError(
            f"{file} records {symbol}, which the venue does not list", f"it lists {', '.join(rules)}"
        )
    return symbol


def _captured_symbol(file: Path) -> str | None:
    try:
        with gzip.open(file) as lines:
            found = next((match for line in lines if (match := _STREAM.search(line[:200]))), None)
    except (OSError, EOFError) as error:
        raise ConfigurationError(
            f"cannot read the recording {file} ({error})", "give *.raw.gz captures, or bars as .csv, .csv.gz, .parquet"
        ) from error
    return found[1].decode().upper() if found else None
