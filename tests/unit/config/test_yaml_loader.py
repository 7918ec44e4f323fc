"""YAML 1.2 scalars, and what is refused whatever it means."""

import time
from decimal import Decimal
from pathlib import Path

import pytest

from mm.config.yaml_loader import MAX_BYTES, ListValue, plain_scalar, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22:00", "22:00"),
        ("no", "no"),
        ("off", "off"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("1e308", Decimal("1e308")),
        ("1_000", "1_000"),
        ("0o17", 15),
        ("017", 17),
        ("0x1f", 31),
        ("-0.5", Decimal("-0.5")),
        (".5", Decimal("0.5")),
        (".nan", ".nan"),
        (".inf", ".inf"),
        ("nan", "nan"),
        ("2024-01-01", "2024-01-01"),
        ("~", None),
        ("", None),
        ("null", None),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    found = plain_scalar(text)
    assert found == value
    assert type(found) is type(value)


def _read(tmp_path: Path, text: str) -> tuple[dict[tuple[str, ...], object], list[str]]:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    document = read_yaml(file)
    return {path: leaf.value for path, leaf in document.leaves.items()}, document.problems


def test_values_keep_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("symbol: ETHUSDC\n\nrisk:\n  # why\n  max_position: 0.01\n  name: '22:00'\n")
    document = read_yaml(file)
    leaf = document.leaves["risk", "max_position"]
    assert (leaf.value, leaf.text, leaf.place) == (Decimal("0.01"), "0.01", f"{file}:5")
    assert document.leaves["risk", "name"].value == "22:00"
    assert document.problems == []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a is written twice (first in line 1)"),
        ("r:\n  x: 1\n  x: 1\n", 3, "r.x is written twice"),
        ("a: &n 1\nb: *n\n", 1, "an anchor"),
        ("b: *n\n", 1, "alias"),
        ("a: !!python/object/apply:os.system ['true']\n", 1, "a tag"),
        ("a: !x 1\n", 1, "a tag"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("- 1\n- 2\n", 1, "sections and keys"),
        ("just words\n", 1, "sections and keys"),
        ("? [a, b]\n: 1\n", 1, "a key must be a word"),
        ("a: [1\nb: 2\n", 2, "is not YAML"),
        ("a:\n\tb: 1\n", 2, "is not YAML"),
        ("a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}\n", 1, "nested deeper"),
        ("a: [[[[[[[[[[1]]]]]]]]]]\n", 1, "nested deeper"),
        ("a: {<<: 1, b: &x {c: 1}}\n", 1, "an anchor"),
    ],
)
def test_refused_with_file_and_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    _, problems = _read(tmp_path, text)
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path / 'c.yaml'}:{line}: ")
    assert said in problems[0]


def test_lists_are_marked_not_kept(tmp_path: Path) -> None:
    values, problems = _read(tmp_path, "a: [1, {b: 2}]\nc: 1\n")
    assert isinstance(values["a",], ListValue)
    assert values["c",] == 1
    assert problems == []


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}\n"])
def test_an_empty_file_says_nothing(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text) == ({}, [])


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 30_000,
        "{" * 60_000,
        "? " * 30_000,
        "- " * 30_000,
        "&a [" * 10_000,
        "".join(f"k{i}: {i}\n" for i in range(6_000)),
        "a: |\n" + " x\n" * 20_000,
        "a: 'x" + "\n" * 60_000,
        'a: "' + "\\x41" * 15_000 + '"',
        "%YAML 9.9\n---\na: 1\n",
        "%TAG ! !!\n" * 5_000,
        "a: " + "9" * 60_000,
    ],
    ids=range(12),
)
def test_bombs_are_read_within_a_moment(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    _read(tmp_path, text)
    assert time.process_time() - began < 1.0


def test_what_is_no_small_text_file_is_refused(tmp_path: Path) -> None:
    big = tmp_path / "big.yaml"
    big.write_text("a: 1\n" * MAX_BYTES)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    control = tmp_path / "control.yaml"
    control.write_bytes(b"a: \x01\n")
    for path, said in (
        (big, "larger than"),
        (binary, "UTF-8"),
        (control, ""),
        (tmp_path, "no regular file"),
        (tmp_path / "none.yaml", "cannot be read"),
    ):
        problems = read_yaml(path).problems
        assert len(problems) == 1
        assert said in problems[0]
        assert str(path) in problems[0]
