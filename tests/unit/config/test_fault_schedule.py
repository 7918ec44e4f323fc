"""Schedules of faults in files: read strictly, refused with file, line and key."""

from pathlib import Path

import pytest

from mm.config.fault_schedule import read_schedule
from mm.domain.errors import ConfigurationError

GOOD = """
faults:
  lost orders:
    kind: request-lost
    in: 10s
    for: 1m
    share: 0.5
    target: order.place
  wiped:
    kind: wipe
    in: 2h
  skew:
    kind: clock-skew
    value: "+60ms/s"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "faults.yaml"
    path.write_text(text)
    return path


def test_a_schedule_is_read(tmp_path: Path) -> None:
    found = read_schedule(written(tmp_path, GOOD))
    lost, wiped, skew = (found[name].at(1_000_000) for name in ("lost orders", "wiped", "skew"))
    assert (lost.kind, lost.starts_ms, lost.ends_ms, lost.share, lost.target) == (
        "request-lost",
        1_010_000,
        1_070_000,
        0.5,
        "order.place",
    )
    assert wiped.starts_ms == 8_200_000
    assert skew.value == "+60ms/s"
    assert read_schedule(written(tmp_path, GOOD))["skew"].words()["value"] == "+60ms/s"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("faults:\n  a:\n    kind: request-lots\n", r":3: faults\.a\.kind: .*did you mean request-lost"),
        ("faults:\n  a:\n    kind: hang\n    fro: 3s\n", r"faults\.a\.fro: .*did you mean for"),
        ("faults:\n  a:\n    kind: hang\n    for: 3\n", r"faults\.a\.for: '3' is no duration"),
        ("faults:\n  a:\n    kind: hang\n    for: 0s\n", r"faults\.a\.for: "),
        ("faults:\n  a:\n    kind: request-lost\n    share: .nan\n", r"faults\.a\.share: "),
        ("faults:\n  a:\n    kind: request-lost\n    share: 1e308\n", r"faults\.a\.share: "),
        ("faults:\n  a:\n    kind: wipe\n    for: 3s\n", r"faults\.a\.for: wipe happens at one moment"),
        ("faults:\n  a:\n    kind: rate-limited\n    value: soon\n", r"faults\.a\.value: "),
        ("faults:\n  a:\n    kind: [hang]\n", r":3: faults\.a\.kind: must be one value"),
        ("faults:\n  a: hang\n", r":2: faults\.a: a fault is written as a section"),
        ("fault:\n  a:\n    kind: hang\n", r":3: fault\.a\.kind: there is no such section"),
        ("faults:\n  a:\n    kind: hang\n  a:\n    kind: hang\n", r"faults\.a is written twice"),
        (
            "faults:\n  a:\n    kind: hang\n    for: 10s\n  b:\n    kind: hang\n    in: 9s\n",
            r":6: faults\.b\.kind: overlaps a",
        ),
        ("faults: &x\n  a:\n    kind: hang\n", "anchor"),
        ("", "holds no fault"),
        ("faults:\n  a:\n    in: 3s\n", r"faults\.a\.kind: is missing"),
    ],
)
def test_nonsense_is_refused_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        read_schedule(written(tmp_path, text))
    assert "faults.yaml" in str(refused.value)
