"""The generated market beside the recording: the table of docs/venue.md, in small, with its sampling errors."""

import math
from decimal import Decimal

import pytest

from mm.exchange.venue.calibration.facts import STATISTICS, Facts, facts_of
from mm.exchange.venue.calibration.fit import START, Ground, as_hot, fitted
from mm.exchange.venue.calibration.generated import generate
from mm.exchange.venue.ordinary import LIVELY, ORDINARY
from mm.exchange.venue.symbol_rules import default_symbols

RULES = default_symbols()["ETHUSDT"]
SEEDS = (11, 12, 13, 14, 15)

RECORDED = {
    "volatility over 0.1 s": (1.01, 0.09),
    "volatility over 1 s": (1.25, 0.11),
    "volatility over 10 s": (1.46, 0.27),
    "mids unchanged after 0.1 s": (0.875, 0.02),
    "mids unchanged after 1 s": (0.40, 0.056),
    "moves in 0.1 s, median": (0.636, 0.059),
    "kurtosis over 0.1 s": (31.5, 12.0),
    "kurtosis over 1 s": (6.3, 1.5),
    "autocorrelation of returns, 1 s": (0.14, 0.064),
    "spread, mean": (0.0384, 0.0003),
    "orders a second": (8.0, 1.8),
    "order size, 50%": (82.0, 27.0),
    "order size, 90%": (4707.0, 640.0),
    "order size, 99%": (28_600.0, 3800.0),
    "time between orders, median": (14.1, 8.2),
    "autocorrelation of orders a second": (0.43, 0.27),
    "autocorrelation of sides, 1 orders later": (0.557, 0.033),
    "autocorrelation of sides, 20 orders later": (0.078, 0.042),
    "touch, median": (29_900.0, 1400.0),
    "depth within 1 bps, mean": (89_200.0, 1900.0),
    "depth within 5 bps, mean": (688_000.0, 38_000.0),
    "depth within 20 bps, mean": (3_685_000.0, 120_000.0),
    "response after 0.1 s": (0.451, 0.073),
    "response after 1 s": (0.653, 0.21),
    "quotes at the touch filled in 10 s": (0.745, 0.016),
    "markout at the touch, 0 s": (-0.79, 0.075),
    "markout at the touch, 10 s": (-1.32, 0.28),
    "quotes 5 bps from mid filled in 10 s": (0.203, 0.041),
    "markout 5 bps from mid, 1 s": (-0.88, 0.31),
}
"""ETHUSDT, 2024-08-08 23:54 to 24:05, and one standard error (`mm sim calibrate`, docs/venue.md)."""


@pytest.fixture(scope="module")
def generated() -> Facts:
    hour = as_hot(ORDINARY, 0.8)
    return facts_of([generate(hour, RULES, Decimal("2683.80"), seed, 160) for seed in SEEDS])


@pytest.mark.parametrize("name", RECORDED)
def test_the_generated_market_has_the_facts_of_the_recording(name: str, generated: Facts) -> None:
    """Within three and a half standard errors of the difference, and a tenth: one hour's figures are no constants."""
    value, error = RECORDED[name]
    found = generated[name]
    assert found.value is not None
    assert found.error is not None
    allowed = 3.5 * math.hypot(error, found.error) + 0.1 * abs(value)
    assert abs(found.value - value) < allowed, f"seeds {SEEDS}: {found.value:.4g} ± {found.error:.2g}, not {value}"


@pytest.mark.parametrize("away", ["at the touch", "5 bps from mid"])
def test_resting_quotes_lose_after_their_fills_as_in_the_recording(away: str, generated: Facts) -> None:
    for seconds in (0, 1, 10):
        worth = generated[f"markout {away}, {seconds} s"].value
        assert worth is not None
        assert -4.0 < worth < -0.2, f"seeds {SEEDS}: {worth:.2f} bps after {seconds} s"


def test_kindness_would_be_seen(generated: Facts) -> None:
    """The same statistics on `lively`'s fading swings: quotes 10 bps away earn, which is what the name warns of."""
    lively = facts_of([generate(LIVELY, RULES, Decimal("2683.80"), seed, 120) for seed in SEEDS[:3]])
    kind, real = lively["markout 10 bps from mid, 10 s"].value, generated["markout at the touch, 10 s"].value
    assert kind is not None
    assert real is not None
    assert kind > 1.0, f"seeds {SEEDS[:3]}: {kind:.2f} bps"
    assert real < 0.0


def test_a_fit_leads_parameters_to_what_made_the_market() -> None:
    """A market that moves more than the start does is found to move more, in two rounds of short runs."""
    busy = as_hot(ORDINARY, 1.2)
    target = facts_of([generate(busy, RULES, Decimal(2683), seed, 60) for seed in (1, 2, 3)])
    said: list[str] = []
    found = fitted(START, target, Ground(RULES, Decimal(2683), (4, 5, 6), 60), 2, said.append)
    assert len(said) == 2
    assert found.annual_volatility > START.annual_volatility
    assert len({statistic.name for statistic in STATISTICS}) == len(STATISTICS), "two statistics of one name"
