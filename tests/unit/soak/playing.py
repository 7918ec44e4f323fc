"""Small soaks, played in this process as the command plays them."""

import functools

import pytest

from mm.cli.soak import played
from mm.soak.result import SoakResult
from mm.soak.spec import SoakSpec


@functools.cache
def sound(seed: int, minutes: float = 20, faults: str = "all") -> SoakResult:
    """Of the bot as it is; for several tests."""
    return played(spec(seed, minutes, faults))


def spec(seed: int, minutes: float, faults: str = "all", scenario: str = "lively") -> SoakSpec:
    return SoakSpec(minutes / 60, "100usdc", seed, faults=faults, scenario=scenario)


def often(monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    """Restarts every few minutes, of these kinds (all, when none is named)."""
    monkeypatch.setattr("mm.soak.restarts._MEAN_HOURS", 0.05)
    if kinds:
        monkeypatch.setattr("mm.soak.restarts.KINDS", kinds)
