"""The coarse market beside the full one: docs/soak.md's table holds in small, and the soak says what it shows."""

import math
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from mm.exchange.venue.calibration.facts import Row
from mm.exchange.venue.calibration.fit import as_hot
from mm.exchange.venue.calibration.statistic import Estimate
from mm.exchange.venue.coarse_flow import COARSENESS
from mm.exchange.venue.scenarios import SCENARIOS
from scripts.coarse_facts import FACTS, Played, compare, play, table

SEEDS = range(501, 513)
SECONDS = 160
WRITTEN_SECONDS = 24 * 30 * 60
IN_SMALL = (
    "volatility over 1 s",
    "volatility over 10 s",
    "kurtosis over 1 s",
    "autocorrelation of |returns|, 1 s",
    "quotes at the touch filled in 10 s",
    "markout at the touch, 1 s",
    "orders at the touch filled in 10 s",
    "markout of orders at the touch, 1 s",
    "orders 5 bps from mid filled in 10 s",
)
"""Those that half an hour says something about."""


class Written(NamedTuple):
    """A line of the table; `apart`: coarse less full in standard errors."""

    full: tuple[float, float]
    coarse: tuple[float, float]
    apart: float


def written() -> dict[str, Written]:
    """By name."""
    found = {}
    for line in (Path(__file__).parents[5] / "docs" / "soak.md").read_text().splitlines():
        cells = [cell.strip().replace("&#124;", "|") for cell in line.split("|")]
        if len(cells) == 8 and "±" in cells[3] and "±" in cells[4]:
            full, coarse = (tuple(float(each) for each in cell.split("±")) for cell in cells[3:5])
            found[cells[1]] = Written((full[0], full[1]), (coarse[0], coarse[1]), float(cells[6]))
    return found


@pytest.fixture(scope="module")
def coarse() -> list[Played]:
    ordinary = SCENARIOS["ordinary"]
    still = as_hot(ordinary, ordinary.annual_volatility)
    return [play(still, seed, SECONDS, coarse=True) for seed in SEEDS]


def test_the_table_has_every_statistic() -> None:
    assert list(written()) == [each.name for each in FACTS]


@pytest.mark.parametrize("name", IN_SMALL)
def test_the_coarse_column_holds_in_small(name: str, coarse: list[Played]) -> None:
    """Within three standard errors, which grow as the root of the time is shorter. The full one: `test_facts`."""
    expected, error = written()[name].coarse
    allowed = 3 * error * math.sqrt(1 + WRITTEN_SECONDS / (len(SEEDS) * SECONDS))
    found = next(each for each in FACTS if each.name == name).of(coarse).value
    assert found is not None
    assert abs(found - expected) < allowed, f"seeds {SEEDS}: {found:.3g}, not {expected:.3g} ± {allowed:.2g}"


def test_both_markets_are_measured_alike() -> None:
    rows = {row.name: row for row in compare(SCENARIOS["ordinary"], (1, 2, 3), 60)}
    assert list(rows) == [each.name for each in FACTS]
    moves, quotes = rows["volatility over 1 s"], rows["orders at the touch filled in 10 s"]
    for row in (moves, quotes):
        assert row.recorded != row.generated
        assert row.recorded.value
        assert row.generated.value


def test_what_the_soak_says_of_its_market_is_what_the_table_shows() -> None:
    lines = written()
    agreeing = [name for name in lines if "touch" not in name and name != "autocorrelation of returns, 1 s"]
    assert len(agreeing) == 24
    assert all(abs(lines[name].apart) < 2 for name in agreeing), "'agree'"
    orders = lines["orders at the touch filled in 10 s"]
    assert f"({orders.coarse[0] * 100:.0f} % filled in 10 s instead of {orders.full[0] * 100:.0f} %" in COARSENESS
    marks = [line for name, line in lines.items() if re.match("markout .*at the touch", name)]
    assert len(marks) == 6
    assert all(line.apart < -2 for line in marks), "'harder'"
    after = lines["markout of orders at the touch, 1 s"]
    assert f"{after.full[0] - after.coarse[0]:.1f} bps less after 1 s" in COARSENESS


def test_a_line_says_both_figures_and_how_far_they_are_apart() -> None:
    row = Row("a |size|", "bps", Estimate(1.0, 0.3), Estimate(2.0, 0.4))
    few = Row("seldom", "", Estimate(1.0, None), Estimate(None, None))
    lines = table([row, few]).splitlines()
    assert lines[2] == "| a &#124;size&#124; | bps | 1 ± 0.3 | 2 ± 0.4 | +1 ± 0.5 | +2.0 |"
    assert "too few" in lines[3]
