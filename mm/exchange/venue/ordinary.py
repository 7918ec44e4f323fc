"""The calibrated market, and the livelier one made of it.

The figures of `ORDINARY` are what `mm sim calibrate` prints; docs/venue.md has the command and the comparison.
"""

from dataclasses import replace

from mm.exchange.venue.scenario import Scenario

ORDINARY = Scenario(
    name="ordinary",
    kind="real-like",
    description=(
        "generated market calibrated on recordings of ETHUSDT (2024) and on its bars: volatility about 60 % a year"
    ),
    annual_volatility=0.628,
    heat=((0.174, 5.0), (0.3, 120.0), (0.37, 3600.0), (0.402, 172800.0)),
    moves_per_second=0.622,
    jumps=2.06,
    jump_seconds=0.275,
    jump_shape=3.73,
    tail_degrees=8.0,
    touch_notional=38_200.0,
    depth=(
        (0.5, 6_970.0),
        (1.0, 27_500.0),
        (2.0, 107_000.0),
        (5.0, 600_000.0),
        (10.0, 1_350_000.0),
        (20.0, 3_320_000.0),
    ),
    alert=0.97,
    slow_touch=0.05,
    slow_touch_bps=0.3,
    informed_orders=8.31,
    contrary_share=0.0777,
    bursts_per_minute=70.4,
    burst_orders=1.19,
    small_share=0.603,
    informed_small_share=0.50,
    small=(19.0, 0.9),
    large=(1380.0, 1.41),
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
