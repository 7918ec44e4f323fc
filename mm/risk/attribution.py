"""Where a profit or loss came from. The three parts sum exactly to it.

spread captured  Σ over own fills (mid − price) × size of buys and (price − mid) × size of sells, the mid being the one
                 when the fill was recorded; a fill that met no book counts 0
fees             − Σ fees; those taken in base at the fill's price, those in a third asset at their worth then
revaluation      the rest: what prices did to the base held between fills, the mark at the best bid included. Below
                 zero while spread is captured it is adverse selection.
"""

from dataclasses import dataclass

from mm.domain.fill import Fill
from mm.domain.instrument import Instrument, from_units
from mm.domain.risk import TradeSums


def sums_after(sums: TradeSums, fill: Fill, mid_ticks: float, instrument: Instrument) -> TradeSums:
    """`mid_ticks` 0: no book then. A mid lies on a tick or half way between two, so twice it is whole."""
    half_ticks = round(2 * mid_ticks) - 2 * fill.ticks if mid_ticks else 0
    earned = instrument.notional_units(half_ticks if fill.buy else -half_ticks, fill.lots) // 2
    return TradeSums(
        spread_units=sums.spread_units + earned,
        fee_units=sums.fee_units + fee_quote_units(fill, instrument),
        fills=sums.fills + 1,
    )


def fee_quote_units(fill: Fill, instrument: Instrument) -> int:
    if fill.fee_asset == instrument.quote:
        return fill.fee_units
    if fill.fee_asset == instrument.base:
        return instrument.value_units(fill.fee_units, fill.ticks)
    return fill.fee_quote_units or 0


@dataclass(frozen=True, slots=True)
class Attribution:
    """1e-8 quote; fees are a cost and so at most 0."""

    pnl_units: int
    spread_units: int
    revaluation_units: int
    fee_units: int
    fills: int

    @classmethod
    def of(cls, pnl_units: int, sums: TradeSums) -> "Attribution":
        rest = pnl_units - sums.spread_units + sums.fee_units
        return cls(pnl_units, sums.spread_units, rest, -sums.fee_units, sums.fills)

    def describe(self, quote: str) -> str:
        parts = (
            ("spread captured", self.spread_units),
            ("inventory revaluation", self.revaluation_units),
            ("fees", self.fee_units),
        )
        told = ", ".join(f"{name} {from_units(units):+.4f}" for name, units in parts)
        return f"{from_units(self.pnl_units):+.4f} {quote} = {told}; {self.fills} fills"
