"""The generated markets there are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`kind` is `real-like` or `livelier than real`; show `description` wherever the scenario is named."""

    name: str
    kind: str
    description: str


SCENARIOS: dict[str, Scenario] = {}
"""By name: `ordinary`, `lively`."""
