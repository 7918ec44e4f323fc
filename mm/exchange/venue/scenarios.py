"""The generated markets there are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`kind` is `real-like` or `livelier than real`; show `description` wherever the scenario is named.

    `annual_volatility` of the fair price (0.6: 60 % a year of 365 days); `reversion_seconds` half-life with which
    a move away from a slow anchor fades (0: never); `tail_degrees` of freedom of Student's t for the steps;
    `cluster` 0–1, how strongly and `cluster_seconds` how long volatility stays high or low;
    `bursts_per_minute` bursts of aggressors by chance, each of `burst_orders` orders on average on one side,
    `burst_levels` how deep a burst may reach, as a fraction of the price.
    """

    name: str
    kind: str
    description: str
    annual_volatility: float
    reversion_seconds: float
    tail_degrees: int
    cluster: float
    cluster_seconds: float
    bursts_per_minute: float
    burst_orders: float
    burst_reach: float


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="ordinary",
            kind="real-like",
            description=(
                "Generated market with real ETH's volatility (about 60 % a year), clustered and fat-tailed; "
                "not yet calibrated on recordings"
            ),
            annual_volatility=0.60,
            reversion_seconds=0.0,
            tail_degrees=4,
            cluster=0.6,
            cluster_seconds=900.0,
            bursts_per_minute=60.0,
            burst_orders=4.0,
            burst_reach=0.0002,
        ),
        Scenario(
            name="lively",
            kind="livelier than real",
            description="kinder and livelier than the real market: fills here say nothing about profit",
            annual_volatility=3.0,
            reversion_seconds=8.0,
            tail_degrees=5,
            cluster=0.4,
            cluster_seconds=120.0,
            bursts_per_minute=60.0,
            burst_orders=4.0,
            burst_reach=0.0002,
        ),
    )
}
"""By name: `ordinary`, `lively`."""
