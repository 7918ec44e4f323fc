from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("10s", timedelta(seconds=10)),
        ("10m", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("1.5s", timedelta(milliseconds=1500)),
        (" 10s ", timedelta(seconds=10)),
    ],
)
def test_forms_people_write(text: str, value: timedelta) -> None:
    assert parse_duration(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "10", "s", "-1s", "1 s", "1e3s", "nans", "infs", "10S", "1h30m", "٣s", "0.5ms", "1.0005s", "9" * 400 + "d"],
)
def test_everything_else_is_refused_with_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|finer"):
        parse_duration(text)


@given(st.integers(0, 400 * 86_400_000))
def test_format_is_the_inverse(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(value)) == value


def test_the_shortest_exact_form() -> None:
    assert [format_duration(timedelta(seconds=s)) for s in (86_400, 5400, 600, 0.25)] == ["1d", "90m", "10m", "250ms"]
