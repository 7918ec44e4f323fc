"""Position and profit by average cost, exact in 1e-8 units."""

from dataclasses import dataclass, replace

from mm.domain.fill import Fill
from mm.domain.instrument import Instrument


@dataclass(frozen=True, slots=True)
class Position:
    """What the bot's fills have made of its capital.

    `base_units` held (above the baseline that is never touched); `cash_units` quote: capital + flows − spent + earned;
    `cost_units` what the held base cost (average cost basis, fees included); `realised_units` profit already taken;
    `third_fee_units` fees paid in a third asset, in quote; all 1e-8 units.
    """

    base_units: int = 0
    cash_units: int = 0
    cost_units: int = 0
    realised_units: int = 0
    third_fee_units: int = 0

    def after(self, fill: Fill, instrument: Instrument) -> "Position":
        """The position after `fill`. Fees are counted once, in the asset they were charged in."""
        size = instrument.base_units(fill.lots)
        fee_base = fill.fee_units if fill.fee_asset == instrument.base else 0
        fee_quote = fill.fee_units if fill.fee_asset == instrument.quote else 0
        is_third = fill.fee_asset not in {instrument.base, instrument.quote}
        third = (fill.fee_quote_units or 0) if is_third else 0
        if fill.buy:
            return replace(
                self,
                base_units=self.base_units + size - fee_base,
                cash_units=self.cash_units - fill.quote_units - fee_quote,
                cost_units=self.cost_units + fill.quote_units + fee_quote,
                realised_units=self.realised_units - third,
                third_fee_units=self.third_fee_units + third,
            )
        gone = size + fee_base
        cost = self.cost_units if gone >= self.base_units else self.cost_units * gone // self.base_units
        return replace(
            self,
            base_units=self.base_units - gone,
            cash_units=self.cash_units + fill.quote_units - fee_quote,
            cost_units=self.cost_units - cost,
            realised_units=self.realised_units + fill.quote_units - fee_quote - cost - third,
            third_fee_units=self.third_fee_units + third,
        )

    def equity_units(self, instrument: Instrument, bid_ticks: int) -> int:
        """Quote + base × best bid − fees paid in a third asset (the one definition, for risk and reports)."""
        return self.cash_units + instrument.value_units(self.base_units, bid_ticks) - self.third_fee_units
