"""Why an order was not approved."""

from dataclasses import dataclass
from decimal import Decimal

from mm.domain.instrument import from_units
from mm.domain.quote import QuoteLevel


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is stable and documented in docs/risk.md; `limit` and `value` are exact numbers in `unit` (or words)."""

    code: str
    limit: str
    value: str
    unit: str
    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    order: QuoteLevel
    refusal: Refusal


def amount(units: int) -> str:
    """1e-8 units as a plain decimal without needless zeros."""
    return plain(from_units(units))


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
