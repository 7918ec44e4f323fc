"""Limits (profile section `risk`)."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from mm.fields import Amount, Duration, Factor, Fraction, Settings


class CircuitBreakerSettings(Settings):
    threshold: Annotated[int, Field(ge=1, le=100)] = 3
    """Failures of one cause within `timeout` that open the breaker."""
    timeout: Duration = timedelta(minutes=10)
    """How long it stays open before one probe is let through (half-open)."""


class LevelSettings(Settings):
    """Emergency levels: losses as fractions of the stage's capital. They may be tightened, never widened."""

    yellow: Annotated[Fraction, Field(gt=0, le=Decimal("0.02"))] = Decimal("0.02")
    """Level 1 above this loss: watched every 15 minutes."""
    orange: Annotated[Fraction, Field(gt=0, le=Decimal("0.05"))] = Decimal("0.05")
    """Level 2 above this loss: everything halts, position and capital are halved."""
    red: Annotated[Fraction, Field(gt=0, le=Decimal("0.1"))] = Decimal("0.1")
    """Level 3 above this loss: the run ends, and the stage with it."""


class RiskSettings(Settings):
    daily_loss_limit: Amount
    """Loss within one trading day, in quote (USDC), above which trading halts until a person resumes."""
    max_drawdown_limit: Annotated[Fraction, Field(gt=0)] = Decimal("0.05")
    """Fall of equity from the stage's peak, as a fraction of the stage's capital, above which trading halts."""
    max_position: Amount
    """Hard cap on the position in base units, open and unknown orders included."""
    max_order_notional: Amount | None = None
    """Largest single order in quote; none: a third of the capital."""
    price_collar: Annotated[Fraction, Field(gt=0)] = Decimal("0.02")
    """Largest distance of an order's price from a reference that is not the book alone."""
    max_orders_per_minute: Annotated[int, Field(ge=1, le=6000)] = 60
    """New orders within any 60 seconds."""
    max_messages_per_minute: Annotated[int, Field(ge=2, le=12000)] = 300
    """New orders and cancels within any 60 seconds; above it new orders are refused, cancels never."""
    max_orders_without_fill: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    """New orders within a trading day without a fill in between."""
    max_same_side_fills: Annotated[int, Field(ge=1, le=1000)] = 20
    """Orders of one side filled within `same_side_window` above which trading halts: they repeat themselves."""
    same_side_window: Duration = timedelta(seconds=60)
    """The window of `max_same_side_fills`."""
    max_open_orders: Annotated[int, Field(ge=1, le=200)] = 20
    """Own live and unknown orders at one time."""
    stale_after: Duration = timedelta(seconds=2)
    """A book older than this is stale: quotes are pulled (a heartbeat is no data)."""
    max_clock_drift: Duration = timedelta(milliseconds=500)
    """Difference between the exchange's clock and ours above which trading halts."""
    max_order_latency: Duration = timedelta(seconds=2)
    """An order answered later than this counts as a failure for the circuit breaker."""
    max_move: Annotated[Fraction, Field(gt=0)] = Decimal("0.01")
    """A mid this fraction away from one within `move_window` opens the circuit breaker."""
    move_window: Duration = timedelta(seconds=60)
    """The window of `max_move`."""
    circuit_breaker: CircuitBreakerSettings = CircuitBreakerSettings()
    levels: LevelSettings = LevelSettings()
    reduce_collar: Annotated[Fraction, Field(gt=0, le=Decimal("0.02"))] = Decimal("0.005")
    """At level 2 half the position is sold no further than this fraction from the reference price."""
    reduce_renew: Duration = timedelta(seconds=10)
    """Such a sale that did not fill is cancelled after this long and priced anew."""
    level_2_spread_factor: Annotated[Factor, Field(ge=1, le=10)] = Decimal("1.5")
    """After a resume at level 2 the quoted spread is this many times as wide."""
