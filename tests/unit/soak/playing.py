"""Small soaks, played in this process as the command plays them."""

import pytest

from mm.soak.pace import Pace
from mm.soak.spec import SoakSpec


def spec(seed: int, minutes: float, faults: str = "all", scenario: str = "lively") -> SoakSpec:
    return SoakSpec(minutes / 60, "100usdc", seed, faults=faults, scenario=scenario)


def often(monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    """Faults every minute and restarts every two, of these kinds (all, when none is named)."""
    monkeypatch.setattr("mm.soak.spec.DAYS", Pace(restart_mean=72.0, restart_least=20.0))
    monkeypatch.setattr("mm.soak.fault_plan.MEAN_PAUSE", 40.0)
    if kinds:
        monkeypatch.setattr("mm.soak.restarts.KINDS", kinds)
