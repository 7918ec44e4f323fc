import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.execution.client_order_id import client_id, is_own, prefix, sequence

BINANCE = re.compile(r"^[a-zA-Z0-9-_]{1,36}$")
TAGS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=6, max_size=6)


@given(TAGS, st.integers(0, 36**26 - 1))
def test_an_id_is_allowed_by_binance_and_gives_its_number_back(tag: str, seq: int) -> None:
    made = client_id(tag, seq)
    assert BINANCE.fullmatch(made)
    assert made.startswith(prefix(tag))
    assert sequence(made) == seq
    assert is_own(made, tag)


@given(TAGS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_different_numbers_give_different_ids(tag: str, one: int, two: int) -> None:
    assert (client_id(tag, one) == client_id(tag, two)) == (one == two)


def test_numbers_are_written_in_base_36() -> None:
    assert client_id("k3x9qa", 0) == "mm-k3x9qa-0"
    assert client_id("k3x9qa", 35) == "mm-k3x9qa-z"
    assert client_id("k3x9qa", 36) == "mm-k3x9qa-10"


@pytest.mark.parametrize("tag", ["", "abc", "abcdefg", "ABCDEF", "abc-ef", "abcde\n", "äbcdef"])
def test_a_tag_is_six_lower_case_letters_or_digits(tag: str) -> None:
    with pytest.raises(ValueError, match="tag"):
        prefix(tag)


@pytest.mark.parametrize("seq", [-1, 36**26])
def test_a_number_out_of_range_is_refused(seq: int) -> None:
    with pytest.raises(ValueError, match=str(seq)):
        client_id("k3x9qa", seq)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mm-k3x9qa-",
        "mm-k3x9qa-01",
        "mm-k3x9qa-Z",
        "mm-k3x9q-1",
        "x-mm-k3x9qa-1",
        "mm-k3x9qa-1\n",
        "web_123",
        "mm-k3x9qa-1-2",
    ],
)
def test_what_the_program_did_not_make_is_not_its_own(text: str) -> None:
    assert not is_own(text, "k3x9qa")
    with pytest.raises(ValueError, match="no client order id"):
        sequence(text)


def test_the_id_of_another_ledger_is_not_own() -> None:
    assert not is_own(client_id("aaaaaa", 7), "bbbbbb")
