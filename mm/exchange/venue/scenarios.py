"""The generated markets there are."""

from mm.exchange.venue.ordinary import LIVELY, ORDINARY
from mm.exchange.venue.rehearsals import REHEARSALS
from mm.exchange.venue.scenario import Scenario

__all__ = ["SCENARIOS", "Scenario"]

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in (ORDINARY, LIVELY, *REHEARSALS)}
"""By name. `kind`: `ordinary` is real-like, `lively` livelier than real, the others are rehearsals."""
