"""Exact way between the exchange's decimal strings and ticks, lots and 1e-8 units, without a Decimal per message."""

from mm.domain.instrument import UNITS, Instrument, to_units

_PLACES = 8


def units(text: str) -> int:
    """A decimal string in 1e-8 units. Raises ValueError when it is finer, or no plain number."""
    whole, _, fraction = text.partition(".")
    if len(fraction) > _PLACES:
        if fraction[_PLACES:].strip("0"):
            raise ValueError(f"{text!r} is finer than 1e-8")
        fraction = fraction[:_PLACES]
    digits = whole.removeprefix("-")
    if not (text.isascii() and digits.isdigit() and (fraction.isdigit() or not fraction)):
        raise ValueError(f"{text!r} is no plain decimal number")
    size = int(digits) * UNITS + int(fraction.ljust(_PLACES, "0"))
    return -size if whole.startswith("-") else size


class Grid:
    """The steps of one instrument. Every method raises ValueError for a value off the grid."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self._tick = to_units(instrument.tick_size)
        self._lot = to_units(instrument.lot_size)
        self._tick_float = float(instrument.tick_size)
        self._lot_float = float(instrument.lot_size)
        self._tick_places = -int(instrument.tick_size.normalize().as_tuple().exponent)
        self._lot_places = -int(instrument.lot_size.normalize().as_tuple().exponent)

    def ticks(self, price: str) -> int:
        return _whole(units(price), self._tick, price, "tick")

    def lots(self, size: str) -> int:
        return _whole(units(size), self._lot, size, "lot")

    def ticks_of_float(self, price: float) -> int:
        return _nearest(price, self._tick_float, "tick")

    def lots_of_float(self, size: float) -> int:
        return _nearest(size, self._lot_float, "lot")

    def price_text(self, ticks: int) -> str:
        """`ticks` as the exchange wants a price: plain, with the tick's own decimals."""
        return f"{self.instrument.price(ticks):.{max(0, self._tick_places)}f}"

    def size_text(self, lots: int) -> str:
        return f"{self.instrument.size(lots):.{max(0, self._lot_places)}f}"


def _whole(value: int, step: int, text: str, name: str) -> int:
    steps, rest = divmod(value, step)
    if rest:
        raise ValueError(f"{text} is not a multiple of the {name} size")
    return steps


def _nearest(value: float, step: float, name: str) -> int:
    # ccxt made the float from a decimal string of at most eight places; a float holds 15 digits, so the nearest
    # whole step is the exact one, and anything further than a thousandth of a step away is off the grid.
    ratio = value / step
    steps = round(ratio)
    if abs(ratio - steps) > 1e-3:
        raise ValueError(f"{value!r} is not a multiple of the {name} size")
    return steps
