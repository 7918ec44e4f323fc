from fractions import Fraction

import pytest

from mm.strategy.inventory import deviation, quote_shift


@pytest.mark.parametrize(
    ("held", "target", "most", "expected"),
    [
        (0, 50, 100, Fraction(-1)),
        (25, 50, 100, Fraction(-1, 2)),
        (50, 50, 100, Fraction(0)),
        (75, 50, 100, Fraction(1, 2)),
        (100, 50, 100, Fraction(1)),
        (150, 50, 100, Fraction(1)),
        (-10, 50, 100, Fraction(-1)),
        (0, 20, 100, Fraction(-1)),
        (60, 20, 100, Fraction(1, 2)),
        (0, 0, 100, Fraction(0)),
        (50, 0, 100, Fraction(1, 2)),
        (50, 100, 100, Fraction(-1, 2)),
        (101, 100, 100, Fraction(1)),
    ],
)
def test_full_deviation_is_reached_at_both_ends(held: int, target: int, most: int, expected: Fraction) -> None:
    assert deviation(held, Fraction(target), most) == expected


def test_too_much_held_moves_quotes_down_by_the_share_of_the_half_spread() -> None:
    assert quote_shift(Fraction(1), Fraction(1, 2), Fraction(1, 1000)) == Fraction(-1, 2000)
    assert quote_shift(Fraction(-1), Fraction(1, 2), Fraction(1, 1000)) == Fraction(1, 2000)
    assert quote_shift(Fraction(1), Fraction(0), Fraction(1, 1000)) == 0
