"""What may be put into an account, and taken out of it."""

from collections.abc import Mapping
from decimal import Decimal

from mm.domain.instrument import to_units

BALANCE_MOST = Decimal(10) ** 10
"""No account is given more of an asset; in 1e-8 units that leaves room in the 64 bits of the database."""


def units_of(deposits: Mapping[str, Decimal]) -> dict[str, int]:
    """1e-8 units by asset. Raises ValueError for an amount below zero or one that cannot be kept."""
    found = {asset: units_in_bounds(amount) for asset, amount in deposits.items()}
    for asset, units in found.items():
        if units < 0:
            raise ValueError(f"{deposits[asset]:f} {asset} is no deposit")
    return found


def units_in_bounds(amount: Decimal) -> int:
    """1e-8 units. Raises ValueError for an amount that is too large or finer than 1e-8."""
    if not amount.is_finite() or abs(amount) > BALANCE_MOST:
        raise ValueError(f"an amount must be at most {BALANCE_MOST:f}")
    return to_units(amount)
