from decimal import Decimal

import pytest

from mm.checklist.expectation import Expectation, expectation, shipped


def expected(capital: str = "100", *, spread: str = "0.0022", fee: str = "0.001", limit: str = "5") -> Expectation:
    return expectation(Decimal(capital), Decimal(limit), Decimal(spread), Decimal(fee))


def test_the_shipped_table_is_that_of_economics() -> None:
    first = shipped().columns[0]
    assert (first.spread, first.fee) == (Decimal("0.002"), Decimal("0.001"))
    assert list(first.periods.values()) == [Decimal(text) for text in ("-1.82", "-2.30", "-3.00", "-1.50")]
    assert len(shipped().columns) == 5


def test_the_plans_quotes_are_expected_to_lose() -> None:
    found = expected()
    assert (found.worst, found.best) == (Decimal("-3.00"), Decimal("-1.50"))
    assert found.is_negative
    assert "-3.00 to -1.50 USDC a day on 100 USDC" in found.line()
    assert "halts at a loss above 5 USDC in a day and stops at a loss above 10 USDC" in found.line()
    assert "2024" in found.line()
    assert "\n" not in found.line()


def test_figures_scale_with_the_tier() -> None:
    found = expected("2000", limit="100")
    assert (found.worst, found.best, found.stop_loss) == (Decimal(-60), Decimal(-30), Decimal(200))


@pytest.mark.parametrize(
    ("fee", "spread", "column"),
    [
        ("0.001", "0.0022", ("0.002", "0.001")),
        ("0.0009", "0.002", ("0.002", "0.001")),
        ("0.0008", "0.002", ("0.002", "0.00075")),
        ("0.0001", "0.002", ("0.002", "0")),
        ("0.001", "0.005", ("0.004", "0.001")),
        ("0.001", "0.02", ("0.008", "0.001")),
    ],
)
def test_the_nearest_fee_is_taken_then_the_nearest_spread(fee: str, spread: str, column: tuple[str, str]) -> None:
    found = expected(fee=fee, spread=spread).column
    assert (found.spread, found.fee) == (Decimal(column[0]), Decimal(column[1]))
