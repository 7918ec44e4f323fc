"""What follows from settings, the symbol's rules and the fees alone: worked out once, in integers."""

from fractions import Fraction
from typing import NamedTuple

from mm.domain.fill import FeeRates
from mm.domain.instrument import UNITS, Instrument
from mm.strategy.effective_size import SizeRules
from mm.strategy.inventory import deviation, quote_shift
from mm.strategy.settings import StrategySettings
from mm.strategy.spread import quoted_spread


class Place(NamedTuple):
    """Bid and ask of one level as multiples of the fair value, two ratios of integers."""

    bid_over: int
    bid_under: int
    ask_over: int
    ask_under: int


class Terms:
    """`floor_ticks`, `ceiling_ticks`: the lowest price of a bid and the highest of any quote (0: no ceiling);
    `most_units` the most base (1e-8) that bids may lead to."""

    def __init__(
        self, settings: StrategySettings, instrument: Instrument, fees: FeeRates, max_position_units: int
    ) -> None:
        self.instrument = instrument
        self.fees = fees
        self.spread = quoted_spread(settings, fees)
        self.is_spread_raised = self.spread > settings.base_spread
        self.sizes = SizeRules(settings, instrument, fees, max_position_units)
        self.floor_ticks = instrument.ticks_up(settings.price_floor)
        self.ceiling_ticks = instrument.ticks_down(settings.price_ceiling)
        self.has_ceiling = bool(settings.price_ceiling)
        self._max_inventory = Fraction(settings.max_inventory) * UNITS
        self.most_units = min(int(self._max_inventory), max_position_units)
        self._settings = settings
        self._places: tuple[int, tuple[Place, ...]] = (0, self._places_of(0))

    def places(self, held_units: int) -> tuple[Place, ...]:
        """They change with the position, not with the book."""
        if self._places[0] != held_units:
            self._places = (held_units, self._places_of(held_units))
        return self._places[1]

    def _places_of(self, held_units: int) -> tuple[Place, ...]:
        settings = self._settings
        half = Fraction(self.spread) / 2
        target = self._max_inventory * Fraction(settings.inventory_target)
        deviated = deviation(held_units, target, int(self._max_inventory))
        shift = quote_shift(deviated, Fraction(settings.inventory_skew), half)
        spacing = Fraction(settings.level_spacing)
        sides = (
            (1 - half - level * spacing + shift, 1 + half + level * spacing + shift) for level in range(settings.levels)
        )
        return tuple(Place(*below.as_integer_ratio(), *above.as_integer_ratio()) for below, above in sides)
