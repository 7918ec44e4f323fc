"""Commission of a fill: of the asset received, or in BNB at a discount when the account wants that and has enough.

Source: Binance Spot API documentation, "Commission rates": the standard commission, converted into BNB, is
multiplied by the discount; without enough BNB the full commission is taken out of what was received.
"""

from collections.abc import Callable
from decimal import Decimal

from mm.domain.instrument import UNITS, to_units
from mm.exchange.venue.account import Account
from mm.exchange.venue.symbol_rules import SymbolRules

BNB = "BNB"
DISCOUNT = Decimal("0.75")
"""What is left of the standard commission when it is paid in BNB."""
FALLBACK_PRICE = Decimal(600)
"""Quote units one BNB is worth while the venue has no price of its own for it (USDC and USDT quotes)."""
_DISCOUNT_UNITS = to_units(DISCOUNT)

BnbRates = Callable[[str], int]
"""Price of one BNB in a quote asset, in 1e-8 units of it; positive."""


def commission(
    account: Account,
    rules: SymbolRules,
    bnb: BnbRates,
    *,
    received: int,
    quote_units: int,
    buy: bool,
    is_maker: bool,
) -> tuple[int, str]:
    """Units and asset, on `received` units; fractions of 1e-8 are dropped. `quote_units`: the fill's value.

    An account that pays its trade in BNB keeps what it has for that: the commission comes off what it receives.
    """
    received_asset, paid_asset = (rules.base, rules.quote) if buy else (rules.quote, rules.base)
    if account.burns_bnb and paid_asset != BNB:
        rate = account.maker_fee if is_maker else account.taker_fee
        if received_asset == BNB:
            fee = received * rate * _DISCOUNT_UNITS // UNITS**2
        else:
            fee = quote_units * rate * _DISCOUNT_UNITS // (UNITS * bnb(rules.quote))
        if fee <= account.balance(BNB).free:
            return fee, BNB
    return account.fee(received, is_maker=is_maker), received_asset
