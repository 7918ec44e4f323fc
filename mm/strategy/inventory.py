"""How much base the bot leans towards, and how that moves its quotes."""

from fractions import Fraction


def deviation(held_units: int, target_units: Fraction, max_units: int) -> Fraction:
    """How far holdings are from their target: −1 nothing held, 0 at the target, 1 at `max_units` or above.

    Each side is measured by its own distance, so that an empty and a full inventory count as full deviation
    wherever the target lies between them.
    """
    distance = Fraction(held_units) - target_units
    reach = max_units - target_units if distance > 0 else target_units
    if reach <= 0:
        return Fraction(0) if distance <= 0 else Fraction(1)
    return max(Fraction(-1), min(Fraction(1), distance / reach))


def quote_shift(deviated: Fraction, skew: Fraction, half_spread: Fraction) -> Fraction:
    """Shift of both quotes as a fraction of the fair value: down when too much is held, up when too little."""
    return -deviated * skew * half_spread
