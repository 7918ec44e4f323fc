"""Values that faults take, read from the text they are written as. Every reader raises ValueError with the form."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from mm.domain.duration import parse_duration


def nothing(text: str) -> None:
    if text:
        raise ValueError(f"it takes no value, and got {text!r}")


def one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is none of {', '.join(words)}")
        return text

    return read


def milliseconds(text: str) -> int:
    """A time of at most 10 minutes."""
    try:
        found = round(parse_duration(text).total_seconds() * 1000)
    except ValueError:
        found = -1
    if not 0 <= found <= 600_000:
        raise ValueError(f"{text!r} is no time up to 10m; write one like 500ms or 10s")
    return found


@dataclass(frozen=True, slots=True)
class Skew:
    """How far the exchange's clock is off: `offset_ms` at once, and `drift` more milliseconds every second."""

    offset_ms: int
    drift: float = 0.0

    def at(self, elapsed_ms: int) -> int:
        return self.offset_ms + round(self.drift * elapsed_ms / 1000)


def skew(text: str) -> Skew:
    """`+1500ms` or `-2s` ahead or behind at once; `+60ms/s` drifting."""
    match = re.fullmatch(r"([+-]?)(\d{1,9}(?:ms|s))(/s)?", text.strip(), re.ASCII)
    if not match:
        raise ValueError(f"{text!r} is no skew; write +1500ms, -2s, or a drift like +60ms/s")
    offset = milliseconds(match[2]) * (-1 if match[1] == "-" else 1)
    if match[3]:
        if abs(offset) > 1000:
            raise ValueError(f"{text!r} drifts by more than a second a second")
        return Skew(0, offset)
    return Skew(offset)


def per_cent(text: str) -> float:
    """-50 to 100, not 0."""
    digits = text.strip().removesuffix("%")
    if not re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{1,4})?", digits, re.ASCII) or not -50 <= float(digits) <= 100:
        raise ValueError(f"{text!r} is no jump; write -50% to 100%")
    if float(digits) == 0:
        raise ValueError("a jump of 0% is none")
    return float(digits)


@dataclass(frozen=True, slots=True)
class NewRule:
    """One filter of a symbol, changed: `name` PRICE_FILTER (tick size), LOT_SIZE (step), NOTIONAL (minimum)."""

    name: str
    value: Decimal

    def refuses(self, price: Decimal, quantity: Decimal) -> bool:
        """Is an order at `price` of `quantity` against this rule?"""
        if self.name == "PRICE_FILTER":
            return price % self.value != 0
        if self.name == "LOT_SIZE":
            return quantity % self.value != 0 or quantity < self.value
        return price * quantity < self.value

    @property
    def message(self) -> str:
        return f"Filter failure: {self.name}"


def new_rule(text: str) -> NewRule:
    """`NOTIONAL=20`, `LOT_SIZE=0.001`, `PRICE_FILTER=0.05`."""
    match = re.fullmatch(r"(PRICE_FILTER|LOT_SIZE|NOTIONAL)=(\d{1,9}(?:\.\d{1,8})?)", text.strip(), re.ASCII)
    if not match or Decimal(match[2]) == 0:
        raise ValueError(f"{text!r} is no filter; write NOTIONAL=20, LOT_SIZE=0.001 or PRICE_FILTER=0.05")
    return NewRule(match[1], Decimal(match[2]))
