"""Reads one-minute bars: CSV (also gzipped) with open_time,open,high,low,close,volume, or Parquet in cents.

The Parquet files have the columns open_time_ms, open_cents, high_cents, low_cents, close_cents (price × 100) and
volume_e8 (base × 1e8); they need pyarrow. Files are read in pieces, never as a whole.
"""

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from mm.domain.errors import ConfigurationError, ExchangeError
from mm.domain.instrument import to_units

MINUTE_MS = 60_000
_CENT = 10**6
_SUFFIXES = (".parquet", ".csv", ".csv.gz")
_NAMED = re.compile(r"(?<![a-z])([a-z]{2,10}usd[ct])(?![a-z])")
_HOW = "give one-minute bars as .csv, .csv.gz or .parquet: open time, open, high, low, close, volume"


@dataclass(frozen=True, slots=True)
class Bar:
    """One minute from `open_ms` (UTC ms). Prices in 1e-8 quote units, volume in 1e-8 base units."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int

    def __post_init__(self) -> None:
        if not 0 < self.low <= min(self.open, self.close) <= max(self.open, self.close) <= self.high:
            raise ValueError(f"open, high, low, close of {_when(self.open_ms)} do not fit together")
        if self.volume < 0:
            raise ValueError(f"the volume of {_when(self.open_ms)} is negative")


class BarsBroken(ExchangeError):
    """A file of bars holds something that is none."""


def is_bars(path: Path) -> bool:
    """By the name's ending."""
    return path.name.lower().endswith(_SUFFIXES)


def symbol_of(path: Path) -> str | None:
    """The pair named in the file's name: `…_ethusdt_1m_….parquet` gives ETHUSDT. None when it names none."""
    found = _NAMED.search(path.name.lower())
    return found[1].upper() if found else None


def read_bars(files: Sequence[Path], from_ms: int | None = None) -> Iterator[Bar]:
    """Bars of all files in order, from `from_ms` on. A bar not after the one before it is an error, a hole is not.

    Raises BarsBroken on what cannot be read, ConfigurationError when pyarrow is missing for a Parquet file.
    """
    last: int | None = None
    for path in files:
        try:
            for bar in _parquet(path, from_ms) if path.suffix.lower() == ".parquet" else _csv(path):
                if from_ms is not None and bar.open_ms < from_ms:
                    continue
                _check_order(last, bar.open_ms)
                last = bar.open_ms
                yield bar
        except (OSError, EOFError, KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise BarsBroken(f"{path.name}: {error}", _HOW) from error


def _csv(path: Path) -> Iterator[Bar]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            opened_at, high, low, close, volume = (
                to_units(Decimal(row[name])) for name in ("open", "high", "low", "close", "volume")
            )
            yield Bar(_milliseconds(row["open_time"]), opened_at, high, low, close, volume)


def _parquet(path: Path, from_ms: int | None) -> Iterator[Bar]:
    try:
        from pyarrow import parquet  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise ConfigurationError(
            f"{path.name} is a Parquet file, and pyarrow is not installed",
            "install it with: pip install 'mm-rollout[archive]'",
        ) from None
    names = ["open_time_ms", "open_cents", "high_cents", "low_cents", "close_cents", "volume_e8"]
    with parquet.ParquetFile(path) as table:
        for group in range(table.num_row_groups):
            times = table.metadata.row_group(group).column(0).statistics
            if from_ms is not None and times is not None and times.has_min_max and times.max < from_ms:
                continue
            for batch in table.iter_batches(batch_size=10_000, row_groups=[group], columns=names):
                columns = [batch.column(name).to_pylist() for name in names]
                if from_ms is not None and columns[0] and columns[0][-1] < from_ms:
                    continue
                for at, begun, high, low, close, volume in zip(*columns, strict=True):
                    yield Bar(at, begun * _CENT, high * _CENT, low * _CENT, close * _CENT, volume)


def _check_order(last: int | None, open_ms: int) -> None:
    if last is not None and open_ms < last + MINUTE_MS:
        raise ValueError(f"the bar of {_when(open_ms)} comes after that of {_when(last)}")


def _milliseconds(text: str) -> int:
    """ISO 8601 with or without a zone (UTC), or milliseconds since 1970."""
    if text.isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _when(open_ms: int) -> str:
    return datetime.fromtimestamp(open_ms / 1000, tz=UTC).isoformat(timespec="minutes")
