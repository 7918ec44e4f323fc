"""Bars as files hold them: read exactly, refused clearly; and the ones on record."""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from mm.exchange.venue.bars import Bar, BarsBroken, is_bars, read_bars, symbol_of

HEAD = "open_time,open,high,low,close,volume\n"
NINE = 1_678_525_200_000  # 2023-03-11T09:00Z
FIRST = Bar(NINE, 9000 * 10**6, 9010 * 10**6, 8990 * 10**6, 9005 * 10**6, 123_456_789)


def csv(folder: Path, text: str, name: str = "a_ethusdc_1m.csv") -> Path:
    path = folder / name
    path.write_text(HEAD + text)
    return path


def table(folder: Path, rows: list[tuple[int, ...]], name: str = "a_ethusdt_1m.parquet") -> Path:
    names = ["open_time_ms", "open_cents", "high_cents", "low_cents", "close_cents", "volume_e8"]
    columns = {each: [row[at] for row in rows] for at, each in enumerate(names)}
    parquet.write_table(pa.table(columns), folder / name, row_group_size=2)
    return folder / name


def test_csv_gzip_and_parquet_hold_the_same_bars(tmp_path: Path) -> None:
    text = "2023-03-11 09:00:00+00:00,90.00,90.10,89.90,90.05,1.23456789\n"
    zipped = tmp_path / "a_ethusdc_1m.csv.gz"
    zipped.write_bytes(gzip.compress((HEAD + text).encode()))
    packed = table(tmp_path, [(NINE, 9000, 9010, 8990, 9005, 123_456_789)])
    for path in (csv(tmp_path, text), zipped, packed):
        assert list(read_bars([path])) == [FIRST]


def test_bars_before_the_moment_asked_for_are_left_out(tmp_path: Path) -> None:
    packed = table(tmp_path, [(NINE + 60_000 * minute, 9000, 9010, 8990, 9005, 5) for minute in range(7)])
    assert [bar.open_ms for bar in read_bars([packed], NINE + 60_000 * 5)] == [NINE + 60_000 * 5, NINE + 60_000 * 6]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2023-03-11 09:00:00,90,89,89,90,1\n", "do not fit together"),
        ("2023-03-11 09:00:00,90,91,0,90,1\n", "do not fit together"),
        ("2023-03-11 09:00:00,90,91,89,90,-1\n", "negative"),
        ("2023-03-11 09:00:00,x,91,89,90,1\n", "a_ethusdc_1m.csv"),
        ("2023-03-11 09:00:00,nan,91,89,90,1\n", "a_ethusdc_1m.csv"),
        ("2023-03-11 09:00:00,90,91\n", "a_ethusdc_1m.csv"),
        ("soon,90,91,89,90,1\n", "a_ethusdc_1m.csv"),
        ("2023-03-11 09:01:00,90,91,89,90,1\n2023-03-11 09:00:00,90,91,89,90,1\n", "comes after"),
    ],
)
def test_what_is_no_bar_is_refused_with_the_files_name(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BarsBroken, match=why):
        list(read_bars([csv(tmp_path, text)]))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    for name, content in (("x_ethusdc.csv.gz", b"\x1f\x8bnothing"), ("x_ethusdc.parquet", b"PAR1")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BarsBroken, match=name):
            list(read_bars([tmp_path / name]))


def test_names_tell_what_a_file_is() -> None:
    assert symbol_of(Path("binance_spot_ethusdt_1m_2020-2024_runs.parquet")) == "ETHUSDT"
    assert symbol_of(Path("binanceus_btcusdc_1m_2023-03-01_21.csv.gz")) == "BTCUSDC"
    assert symbol_of(Path("gemini_ethusd_2021.csv.gz")) is None
    assert is_bars(Path("a.parquet"))
    assert is_bars(Path("a.csv.gz"))
    assert not is_bars(Path("a.raw.gz"))


def test_the_recorded_bars_can_be_read(shared_data: Path) -> None:
    """The depeg of USDC, and the crash of 2024-08-05 out of years of bars."""
    usdc = list(read_bars([shared_data / "binanceus_btcusdc_1m_2023-03-01_21.csv.gz"]))
    assert len(usdc) == 30_240
    crash_ms = 1_722_816_000_000
    eth = read_bars([shared_data / "binance_spot_ethusdt_1m_2020-2024_runs.parquet"], crash_ms)
    day = [next(eth) for _ in range(1440)]
    assert all(bar.open_ms >= crash_ms for bar in day)
