"""A number that says how many samples stand behind it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

ENOUGH_FOR_P95 = 20
ENOUGH_FOR_P99 = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` None: insufficient, never a made-up 0. `unit` USDC, ETH, share, ms, bps, count …"""

    value: Decimal | None
    samples: int
    unit: str

    def as_dict(self) -> dict[str, object]:
        shown: object = self.value
        if self.value is not None and self.unit == "count":
            shown = int(self.value)
        return {"value": shown, "samples": self.samples, "unit": self.unit}


def count(number: int, samples: int | None = None) -> Figure:
    return Figure(Decimal(number), number if samples is None else samples, "count")


def insufficient(unit: str, samples: int = 0) -> Figure:
    return Figure(None, samples, unit)


def share(part: int, whole: int) -> Figure:
    """`part` of `whole` at six places; insufficient when there is no whole."""
    if whole == 0:
        return insufficient("share")
    return Figure(_round(Decimal(part) / Decimal(whole), 6), whole, "share")


def average(values: Sequence[Decimal], unit: str, places: int = 6) -> Figure:
    if not values:
        return insufficient(unit)
    return Figure(_round(sum(values, Decimal(0)) / len(values), places), len(values), unit)


def percentile(values: Sequence[int], percent: int, fewest: int, unit: str, scale: Decimal) -> Figure:
    """Nearest rank: the smallest value with at least `percent` per cent of all at or below it, times `scale`."""
    if len(values) < fewest:
        return insufficient(unit, len(values))
    rank = -(-len(values) * percent // 100)
    return Figure(sorted(values)[rank - 1] * scale, len(values), unit)


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
