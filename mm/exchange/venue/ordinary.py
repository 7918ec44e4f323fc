"""The calibrated market, and the livelier one made of it.

The figures of `ORDINARY` are what `mm sim calibrate` prints; docs/venue.md has the command and the comparison.
"""

from dataclasses import replace

from mm.exchange.venue.scenario import Scenario

ORDINARY = Scenario(
    name="ordinary",
    kind="real-like",
    description=("generated market calibrated on recordings of ETHUSDT, volatility about 60 % a year"),
    annual_volatility=0.628,
    heat=((0.179, 5.0), (0.3, 120.0), (0.37, 3600.0), (0.402, 173_000.0)),
    moves_per_second=0.613,
    jumps=2.05,
    jump_seconds=0.264,
    jump_shape=3.51,
    tail_degrees=8.0,
    touch_notional=39_900.0,
    depth=(
        (0.5, 7_210.0),
        (1.0, 27_300.0),
        (2.0, 105_000.0),
        (5.0, 595_000.0),
        (10.0, 1_340_000.0),
        (20.0, 3_270_000.0),
    ),
    alert=0.97,
    slow_touch=0.05,
    slow_touch_bps=0.3,
    informed_orders=7.17,
    contrary_share=0.0798,
    bursts_per_minute=73.0,
    burst_orders=1.16,
    small_share=0.602,
    informed_small_share=0.50,
    small=(18.9, 0.9),
    large=(1400.0, 1.4),
    sweeps_per_minute=0.1,
    sweep_reach=(0.0002, 0.0008),
    sweep_lasting=0.7,
)

LIVELY = replace(
    ORDINARY,
    name="lively",
    kind="livelier than real",
    description="kinder and livelier than the real market: fills here say nothing about profit",
    annual_volatility=0.6,
    heat=((0.3, 120.0),),
    swing_volatility=1.6,
    swing_half_life=12.0,
    bursts_per_minute=90.0,
    burst_orders=6.0,
    sweeps_per_minute=12.0,
    sweep_reach=(0.0008, 0.0030),
    sweep_lasting=0.0,
)
