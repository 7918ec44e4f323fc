"""What a person says about selling: how far below the best bid. Standard library only."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from mm.domain.errors import UsageError

WIDEST = Decimal("0.2")


@dataclass(frozen=True, slots=True)
class FlattenOptions:
    """`collar` the share below the first best bid at which nothing is sold any more; None: `risk.price_collar` of the
    last run. `code_hash` of the code that runs, for the record."""

    collar: Decimal | None
    code_hash: Callable[[], str]


def parse_collar(text: str) -> Decimal:
    """`0.5%` or `0.005`. Raises UsageError."""
    digits = text.strip().removesuffix("%")
    try:
        share = Decimal(digits) / (100 if text.strip().endswith("%") else 1)
        fits = digits.isascii() and share.is_finite() and 0 < share <= WIDEST
    except InvalidOperation:
        fits = False
    if not fits:
        raise UsageError(f"--collar: {text[:40]!r} is no share above 0 and up to {WIDEST:.0%}", "like --collar 0.5%")
    return share
