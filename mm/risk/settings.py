"""Limits (profile section `risk`)."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from mm.fields import Amount, Duration, Fraction, Settings


class CircuitBreakerSettings(Settings):
    threshold: Annotated[int, Field(ge=1, le=100)] = 3
    """Failures of one cause within `timeout` that open the breaker."""
    timeout: Duration = timedelta(minutes=10)
    """How long it stays open before one probe is let through (half-open)."""


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
    max_open_orders: Annotated[int, Field(ge=1, le=200)] = 20
    """Own live and unknown orders at one time."""
    stale_after: Duration = timedelta(seconds=2)
    """A book older than this is stale: quotes are pulled (a heartbeat is no data)."""
    max_clock_drift: Duration = timedelta(milliseconds=500)
    """Difference between the exchange's clock and ours above which trading halts."""
    circuit_breaker: CircuitBreakerSettings = CircuitBreakerSettings()
