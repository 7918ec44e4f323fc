"""The generated markets there are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`kind` is `real-like` or `livelier than real`; show `description` wherever the scenario is named.

    Fair price: `annual_volatility` of its lasting moves (0.6: 60 % a year of 365 days); `swing_volatility` of moves
    that fade with a half-life of `swing_half_life` seconds; `tail_degrees` of freedom of Student's t for the steps;
    `cluster` the standard deviation of log volatility and `cluster_seconds` how long it lasts.
    Aggressors: `bursts_per_minute` of `burst_orders` on average, one side each; `sweeps_per_minute` orders that clear
    one side down to a reach between `sweep_reach` (fractions of the price), of which the share `sweep_lasting` stays.
    """

    name: str
    kind: str
    description: str
    annual_volatility: float
    swing_volatility: float
    swing_half_life: float
    tail_degrees: int
    cluster: float
    cluster_seconds: float
    bursts_per_minute: float
    burst_orders: float
    sweeps_per_minute: float
    sweep_reach: tuple[float, float]
    sweep_lasting: float


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="ordinary",
            kind="real-like",
            description=(
                "generated market with real ETH's volatility (about 60 % a year), clustered and fat-tailed; "
                "not yet calibrated on recordings"
            ),
            annual_volatility=0.58,
            swing_volatility=0.0,
            swing_half_life=1.0,
            tail_degrees=4,
            cluster=0.5,
            cluster_seconds=600.0,
            bursts_per_minute=60.0,
            burst_orders=6.0,
            sweeps_per_minute=0.3,
            sweep_reach=(0.0001, 0.0006),
            sweep_lasting=0.8,
        ),
        Scenario(
            name="lively",
            kind="livelier than real",
            description="kinder and livelier than the real market: fills here say nothing about profit",
            annual_volatility=0.6,
            swing_volatility=1.6,
            swing_half_life=12.0,
            tail_degrees=5,
            cluster=0.3,
            cluster_seconds=120.0,
            bursts_per_minute=90.0,
            burst_orders=6.0,
            sweeps_per_minute=12.0,
            sweep_reach=(0.0008, 0.0030),
            sweep_lasting=0.0,
        ),
    )
}
"""By name: `ordinary`, `lively`."""
