from decimal import Decimal

import pytest
from pydantic import ValidationError

from mm.risk.emergency import Emergency, level_bounds
from mm.risk.settings import LevelSettings
from tests.fakes.snapshots import CAPITAL, usdc

BOUNDS = level_bounds(LevelSettings(), CAPITAL)


def test_the_plans_levels_are_two_five_and_ten_of_a_hundred() -> None:
    assert (usdc("2"), usdc("5"), usdc("10")) == BOUNDS


@pytest.mark.parametrize(("loss", "level"), [("2", 0), ("2.00000001", 1), ("5", 1), ("5.00000001", 2), ("10.01", 3)])
def test_a_level_is_crossed_by_a_greater_loss(loss: str, level: int) -> None:
    emergency = Emergency(BOUNDS)
    emergency.mark(usdc(loss))
    assert emergency.level == level


def test_a_level_stays_when_the_loss_is_gone() -> None:
    emergency = Emergency(BOUNDS)
    emergency.mark(usdc("6"))
    emergency.mark(usdc("-3"))
    assert (emergency.level, emergency.next_units) == (2, usdc("10"))
    emergency.reach(1)
    assert emergency.level == 2


def test_a_restart_goes_on_at_the_level_that_was_reached() -> None:
    emergency = Emergency(BOUNDS, 1)
    emergency.mark(0)
    assert (emergency.level, emergency.next_units) == (1, usdc("5"))


@pytest.mark.parametrize("wider", [{"yellow": "0.03"}, {"orange": "0.06"}, {"red": "0.2"}])
def test_levels_cannot_be_widened(wider: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        LevelSettings(**{name: Decimal(value) for name, value in wider.items()})
