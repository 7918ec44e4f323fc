"""One execution of an own order."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Fill:
    """`buy` True when base was bought. Sizes in lots, fees in 1e-8 units of `fee_asset`.

    `fee_quote_units` is the fee's worth in quote at the price of that moment (1e-8); None where no price
    is known for a third asset. `client_id` is empty when the source (REST trades) does not tell it;
    `exchange_id` always does. `time_ms` is the exchange's.
    """

    symbol: str
    trade_id: int
    exchange_id: str
    client_id: str
    buy: bool
    ticks: int
    lots: int
    quote_units: int
    fee_units: int
    fee_asset: str
    fee_quote_units: int | None
    maker: bool
    time_ms: int


@dataclass(frozen=True, slots=True)
class FeeRates:
    """Rates as fractions of notional, read from the account; `in_third_asset` when the BNB discount is on."""

    maker: Decimal
    taker: Decimal
    in_third_asset: bool = False
