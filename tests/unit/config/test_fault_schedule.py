"""Schedules of faults in files: read strictly, refused with file, line and key."""

from pathlib import Path

import pytest

from mm.config.fault_schedule import read_schedule
from mm.domain.errors import ConfigurationError

GOOD = """
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
        ("a:\n  kind: request-lots\n", r":2: a\.kind: .*did you mean request-lost"),
        ("a:\n  kind: hang\n  fro: 3s\n", r"a\.fro: .*did you mean for"),
        ("a:\n  kind: hang\n  for: 3\n", r"a\.for: '3' is no duration"),
        ("a:\n  kind: hang\n  for: 0s\n", r"a\.for: "),
        ("a:\n  kind: request-lost\n  share: .nan\n", r"a\.share: "),
        ("a:\n  kind: request-lost\n  share: 1e308\n", r"a\.share: "),
        ("a:\n  kind: wipe\n  for: 3s\n", r"a\.for: wipe happens at one moment"),
        ("a:\n  kind: rate-limited\n  value: soon\n", r"a\.value: "),
        ("a:\n  kind: [hang]\n", r":2: a\.kind: must be one value"),
        ("a: hang\n", r":1: a: a fault is written as a section"),
        ("a:\n  kind: hang\na:\n  kind: hang\n", r"a is written twice"),
        (
            "a:\n  kind: hang\n  for: 10s\nb:\n  kind: hang\n  in: 9s\n",
            r":5: b\.kind: overlaps a",
        ),
        ("a: &x\n  kind: hang\n", "anchor"),
        ("", "holds no fault"),
        ("a:\n  in: 3s\n", r"a\.kind: is missing"),
    ],
)
def test_nonsense_is_refused_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        read_schedule(written(tmp_path, text))
    assert "faults.yaml" in str(refused.value)
