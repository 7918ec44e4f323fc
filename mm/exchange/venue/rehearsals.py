"""Scenarios for what happens seldom: the calibrated market with something added. Times count from the start."""

from dataclasses import replace

from mm.exchange.venue.ordinary import ORDINARY
from mm.exchange.venue.scenario import Scenario

_KIND = "rehearsal"


def _thinner(by: float) -> tuple[tuple[float, float], ...]:
    return tuple((bps, notional / by) for bps, notional in ORDINARY.depth)


REHEARSALS: tuple[Scenario, ...] = (
    replace(
        ORDINARY,
        name="calm",
        kind=_KIND,
        description="a third of ordinary volatility and less trading, throughout",
        annual_volatility=0.2,
        heat=((0.17, 5.0), (0.3, 120.0)),
        moves_per_second=0.2,
        bursts_per_minute=40.0,
        sweeps_per_minute=0.02,
    ),
    replace(
        ORDINARY,
        name="trend-up",
        kind=_KIND,
        description="ordinary, and the price rises 6 % an hour throughout",
        path=((3600.0, 0.06),),
        repeats=True,
        sell_share=0.4,
    ),
    replace(
        ORDINARY,
        name="trend-down",
        kind=_KIND,
        description="ordinary, and the price falls 6 % an hour throughout",
        path=((3600.0, -0.06),),
        repeats=True,
        sell_share=0.6,
    ),
    replace(
        ORDINARY,
        name="flash-crash",
        kind=_KIND,
        description=(
            "ordinary, and after 60 s the price falls 8 % in 20 s, is three quarters back 60 s later and whole after "
            "15 min; repeats every 15 min"
        ),
        path=((60.0, 0.0), (80.0, -0.083), (90.0, -0.083), (150.0, -0.02), (900.0, 0.0)),
        repeats=True,
    ),
    replace(
        ORDINARY,
        name="gap",
        kind=_KIND,
        description=(
            "ordinary, and after 60 s the price jumps 3 % down at once, after 10 min 3 % up again; repeats every 19 min"
        ),
        path=((60.0, 0.0), (60.1, -0.03), (600.0, -0.03), (600.1, 0.0), (1140.0, 0.0)),
        repeats=True,
    ),
    replace(
        ORDINARY,
        name="thin",
        kind=_KIND,
        description="ordinary prices, but a spread of 4 bps, a fiftieth of the depth, and orders that clear it",
        spread_bps=4.0,
        touch_notional=ORDINARY.touch_notional / 50,
        depth=_thinner(50.0),
        slow_touch=0.3,
        slow_touch_bps=3.0,
        bursts_per_minute=20.0,
        sweeps_per_minute=2.0,
        sweep_reach=(0.0005, 0.0030),
        sweep_lasting=0.5,
    ),
    replace(
        ORDINARY,
        name="one-sided",
        kind=_KIND,
        description="ordinary, but nineteen of twenty noise bursts sell, there are three times as many, and the price "
        "falls 2 % an hour; throughout",
        bursts_per_minute=3 * ORDINARY.bursts_per_minute,
        sell_share=0.95,
        path=((3600.0, -0.02),),
        repeats=True,
    ),
    replace(
        ORDINARY,
        name="depeg",
        kind=_KIND,
        description=(
            "ordinary, and USDC loses against the dollar as on 2023-03-11, only faster: from 60 s on, pairs in "
            "USDC rise 10 % in 20 min and are back after 2.5 h, those in USDT stay; once"
        ),
        path=(
            (60.0, 0.0),
            (660.0, 0.047),
            (1260.0, 0.100),
            (1860.0, 0.035),
            (3660.0, 0.046),
            (5460.0, 0.018),
            (7260.0, 0.005),
            (9000.0, 0.0),
        ),
        path_quote="USDC",
    ),
    replace(
        ORDINARY,
        name="halt",
        kind=_KIND,
        description=(
            "ordinary, and after 60 s the symbol's status is BREAK for 2 min: no trade, order or cancel; it goes on "
            "1 % lower; repeats every 15 min"
        ),
        path=((60.0, 0.0), (180.0, -0.01), (900.0, 0.0)),
        halts=((60.0, 180.0),),
        repeats=True,
    ),
)
