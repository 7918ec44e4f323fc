"""What a person may say about the collar, and which calls the fast way understands."""

from decimal import Decimal

import pytest

from mm.cli.emergency import is_emergency
from mm.domain.errors import UsageError
from mm.runner.emergency.collar import parse_collar


@pytest.mark.parametrize(("text", "share"), [("0.5%", "0.005"), ("0.005", "0.005"), ("20%", "0.2"), (" 1% ", "0.01")])
def test_a_share_or_per_cent(text: str, share: str) -> None:
    assert parse_collar(text) == Decimal(share)


@pytest.mark.parametrize("text", ["", "%", "0", "-1%", "nan", "inf", "21%", "0.5 %x", "1e9", "one", "０.５%"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--collar"):
        parse_collar(text)


@pytest.mark.parametrize("collar", [["--collar", "0.5%"], ["--collar=0.5%"], []])
def test_the_fast_way_takes_a_sale(collar: list[str]) -> None:
    assert is_emergency(["stop", "--emergency", "--flatten", *collar, "--sim"])


@pytest.mark.parametrize("rest", [["--collar", "2"], ["--collar"], ["--collar=1%", "--collar=2%", "--flatten"]])
def test_what_is_wrong_with_a_collar_is_told_the_ordinary_way(rest: list[str]) -> None:
    assert not is_emergency(["stop", "--emergency", *rest])


def test_a_collar_without_a_sale_means_nothing() -> None:
    assert not is_emergency(["stop", "--emergency", "--collar", "1%"])
