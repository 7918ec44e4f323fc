"""How the exchange is reached (configuration section `exchange`)."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from mm.fields import Amount, AmountOrZero, Duration, Fraction, Settings


class ExchangeSettings(Settings):
    recv_window: Annotated[Duration, Field(le=timedelta(seconds=5))] = timedelta(seconds=2)
    """Binance refuses a request older than this right before matching: half of the fence for unknown orders."""
    request_timeout: Duration = timedelta(seconds=5)
    """After this long without an answer an order's fate is unknown."""
    fence_margin: Duration = timedelta(seconds=1)
    """Added to recv_window and the exchange's own 10 s time-out before "not placed" is believed."""
    weight_per_minute: Annotated[int, Field(ge=100, le=6000)] = 4000
    """Request weight a minute the bot allows itself (Binance: 6000 per IP)."""
    orders_per_10s: Annotated[int, Field(ge=1, le=100)] = 50
    """New orders in 10 s the bot allows itself (Binance: 100)."""
    cancel_reserve: Fraction = Decimal("0.25")
    """Share of the weight budget that only cancels and queries may use."""
    keep_alive: Duration = timedelta(seconds=5)
    """Ping interval on streams; a peer that misses two pongs is gone."""
    silence_after: Duration = timedelta(seconds=10)
    """A market stream without data for this long is reconnected."""


class VenueSettings(Settings):
    """The local venue (configuration section `venue`)."""

    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port on 127.0.0.1; 0: any free one, remembered in MM_HOME/sim/venue/venue.json."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    """Seed of the generated market."""
    scenario: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")] = "ordinary"
    """Generated market: `ordinary` (calibrated on recordings), `lively` (kinder than real), or a rehearsal."""
    start_price: Amount = Decimal(3000)
    """Price at which a new market starts, in quote."""
    deposit: AmountOrZero = Decimal(100)
    """Quote that a new account holds."""
    maker_fee: Fraction = Decimal("0.001")
    """Maker fee of the account, as a fraction of notional."""
    taker_fee: Fraction = Decimal("0.001")
    """Taker fee of the account, as a fraction of notional."""
    queue: Literal["conservative", "proportional", "optimistic"] = "conservative"
    """Recorded markets: which cancels of others were in front of an order: none, its share, all of them."""
