"""What a fee is worth in quote."""

from decimal import Decimal

from mm.domain.instrument import Instrument

_FRESH_MS = 3_600_000
"""A cached price speaks for trades within an hour of it."""


class FeePrice:
    """Values fees of one instrument; a third asset's price is cached, read elsewhere."""

    def __init__(self, instrument: Instrument, third_asset: str = "") -> None:
        self._instrument = instrument
        self.third_asset = third_asset
        self._price: Decimal | None = None
        self._price_ms = 0

    def told(self, price: Decimal, at_ms: int) -> None:
        """The third asset's price in quote, as of the exchange's time `at_ms`."""
        self._price, self._price_ms = price, at_ms

    def __call__(self, asset: str, fee_units: int, ticks: int, time_ms: int) -> int | None:
        """The fee's worth in quote units, or None when no price of that time is known."""
        if not fee_units or asset == self._instrument.quote:
            return fee_units
        if asset == self._instrument.base:
            return self._instrument.value_units(fee_units, ticks)
        if self._price is None or asset != self.third_asset or abs(time_ms - self._price_ms) > _FRESH_MS:
            return None
        return int(fee_units * self._price)
