"""Reads captures line by line: `<local receive time> <json>`, gzip, nanoseconds or microseconds.

A JSON is a combined-stream message `{"stream": …, "data": …}` (depth@100ms, bookTicker, trade) or the bare REST
snapshot. Files are streamed, one line in memory at a time.
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import orjson

from mm.domain.errors import ExchangeError
from mm.domain.instrument import to_units

Level = tuple[int, int]


class ReplayBroken(ExchangeError):
    """The recording has a gap, a crossed book, a line that cannot be read, or prices off the symbol's grid."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Sizes in 1e-8 base units at prices in 1e-8 quote units, as in all messages here."""

    last_id: int
    bids: list[Level]
    asks: list[Level]


@dataclass(frozen=True, slots=True)
class Diff:
    first_id: int
    last_id: int
    bids: list[Level]
    asks: list[Level]


@dataclass(frozen=True, slots=True)
class Top:
    update_id: int
    bid: Level
    ask: Level


@dataclass(frozen=True, slots=True)
class RecordedTrade:
    price: int
    size: int
    buyer_is_maker: bool


Message = Snapshot | Diff | Top | RecordedTrade


def read(files: Sequence[Path]) -> Iterator[tuple[int, Message]]:
    """(local receive time in ns, message) of all files in order. Raises ReplayBroken on what cannot be read."""
    for path in files:
        number = 0
        try:
            with gzip.open(path, "rb") as lines:
                for number, line in enumerate(lines, 1):  # noqa: B007 - told when a line fails
                    message = parse(line)
                    if message is not None:
                        yield message
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, IndexError) as error:
            raise ReplayBroken(
                f"{path.name}, line {number + 1 if isinstance(error, OSError | EOFError) else number}: {error!r}",
                "give an undamaged capture in the format of binance_spot_*.raw.gz",
            ) from error


def check(path: Path) -> None:
    """Raises ValueError unless the first line of `path` is a capture's."""
    try:
        with gzip.open(path, "rb") as lines:
            parse(lines.readline())
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{path} is no readable capture ({error})") from error


def parse(line: bytes) -> tuple[int, Message] | None:
    """None for streams the replay has no use for. Raises ValueError, KeyError on malformed lines."""
    stamp, _, body = line.partition(b" ")
    at = stamp_of(stamp)
    parsed = orjson.loads(body)
    if "stream" not in parsed:
        return at, Snapshot(parsed["lastUpdateId"], _levels(parsed["bids"]), _levels(parsed["asks"]))
    kind, data = parsed["stream"].partition("@")[2], parsed["data"]
    if kind.startswith("depth"):
        return at, Diff(data["U"], data["u"], _levels(data["b"]), _levels(data["a"]))
    if kind == "bookTicker":
        bid, ask = (_units(data["b"]), _units(data["B"])), (_units(data["a"]), _units(data["A"]))
        return at, Top(data["u"], bid, ask)
    if kind == "trade":
        return at, RecordedTrade(_units(data["p"]), _units(data["q"]), data["m"])
    return None


def stamp_of(text: bytes) -> int:
    """Nanoseconds; 16 digits or fewer are microseconds. Raises ValueError."""
    return int(text) * (1000 if len(text) <= 16 else 1)


def _levels(rows: list[list[str]]) -> list[Level]:
    return [(_units(price), _units(size)) for price, size in rows]


def _units(text: str) -> int:
    """Binance writes eight decimals, where leaving the point out is the whole conversion."""
    if text[-9:-8] == ".":
        return int(text[:-9] + text[-8:])
    return to_units(Decimal(text))
