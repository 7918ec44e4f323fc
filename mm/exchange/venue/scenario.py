"""What a generated market is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`kind` is `real-like`, `livelier than real` or `rehearsal`; show `description` wherever the scenario is named.

    Figures are relative (fractions or bps of the price) or notional in quote, so that they hold for any symbol.

    Fair price (`FairPrice`): `annual_volatility` (0.6: 60 % a year of 365 days) is the root mean square of its lasting
    moves. `heat` makes it cluster: (standard deviation of log volatility, seconds it lasts), summed. Moves come at
    `moves_per_second`, more when it is hot, each in `jumps` steps of one direction on average, `jump_seconds` apart;
    `jump_shape` is the shape of the gamma distribution of their sizes, `tail_degrees` how fat its tail is (Student's
    t). `swing_volatility` adds moves that fade with a half-life of `swing_half_life` seconds.

    Makers (`Crowd`): `touch_notional` at the best price; `depth`: (bps from it, notional within it, touch left out);
    the share `alert` of orders that a move makes wrong is canceled before an aggressor gets there; after a share
    `slow_touch` of moves the spread stands `slow_touch_bps` wider for 100 ms or so; `spread_bps` it always has.

    Aggressors (`Aggressors`): a jump brings `informed_orders` on average, before makers follow; all but
    `contrary_share` of them take its direction. Noise comes in bursts of one side each, `bursts_per_minute` of
    1 + `burst_orders` orders at most on average; `sell_share` of the bursts sell (0.5: even). An order is small with
    the share `small_share` (informed ones `informed_small_share`, and those grow with the jump); small and large are
    log-normal: (median notional, sigma). `sweeps_per_minute` orders clear one side down to a reach between
    `sweep_reach` (fractions of the price), of which the share `sweep_lasting` stays.

    What happens when: `path`, (seconds since the start, log change of the price by then), straight lines between; it
    begins anew after its last point and goes on from there when `repeats`; only pairs quoted in `path_quote` take it
    (empty: all). `halts`: (from, to) in seconds of the same cycle, in which the symbol does not trade.
    """

    name: str
    kind: str
    description: str
    annual_volatility: float
    heat: tuple[tuple[float, float], ...]
    moves_per_second: float
    jumps: float
    jump_seconds: float
    jump_shape: float
    tail_degrees: float
    swing_volatility: float = 0.0
    swing_half_life: float = 1.0
    touch_notional: float
    depth: tuple[tuple[float, float], ...]
    alert: float
    slow_touch: float
    slow_touch_bps: float
    spread_bps: float = 0.0
    informed_orders: float
    contrary_share: float
    bursts_per_minute: float
    burst_orders: float
    sell_share: float = 0.5
    small_share: float
    informed_small_share: float
    small: tuple[float, float]
    large: tuple[float, float]
    sweeps_per_minute: float
    sweep_reach: tuple[float, float]
    sweep_lasting: float
    path: tuple[tuple[float, float], ...] = ()
    path_quote: str = ""
    repeats: bool = False
    halts: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for figures that make no market."""
        positive = ("annual_volatility", "moves_per_second", "jump_seconds", "jump_shape", "swing_half_life")
        for field in (*positive, "touch_notional", "bursts_per_minute", "burst_orders"):
            if not getattr(self, field) > 0:
                raise ValueError(f"{field} has to be above 0")
        for field in ("alert", "slow_touch", "contrary_share", "sell_share", "small_share", "informed_small_share"):
            if not 0 <= getattr(self, field) <= 1:
                raise ValueError(f"{field} is a share, 0 to 1")
        for field in ("swing_volatility", "slow_touch_bps", "spread_bps", "informed_orders", "sweeps_per_minute"):
            if not getattr(self, field) >= 0:
                raise ValueError(f"{field} cannot be below 0")
        if self.jumps < 1 or self.tail_degrees <= 2:
            raise ValueError("jumps is 1 at least, tail_degrees above 2")
        if any(deviation < 0 or seconds <= 0 for deviation, seconds in self.heat):
            raise ValueError("heat: deviations of 0 or more, durations above 0")
        for field, points in (("depth", self.depth), ("path", self.path), ("halts", self.halts)):
            firsts = [point[0] for point in points]
            if sorted(set(firsts)) != firsts:
                raise ValueError(f"{field}: its points have to rise")
        if not self.depth or self.depth[0][0] <= 0 or any(notional <= 0 for _, notional in self.depth):
            raise ValueError("depth: distances and notional above 0")
