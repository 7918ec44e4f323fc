"""The limits of one order, converted once to the integers that orders are counted in."""

from dataclasses import dataclass
from fractions import Fraction

from mm.domain.instrument import to_units
from mm.fields import nanoseconds
from mm.risk.settings import RiskSettings

MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class OrderLimits:
    """Units are 1e-8 of base (position) or quote (notional, capital); times are nanoseconds; `least_edge` a share of
    the fair price."""

    max_position_units: int
    max_notional_units: int
    capital_units: int
    collar: Fraction
    max_orders_per_minute: int
    max_open_orders: int
    stale_ns: int
    max_messages_per_minute: int
    max_orders_without_fill: int
    least_edge: Fraction

    @classmethod
    def of(
        cls, settings: RiskSettings, capital_units: int, least_edge: Fraction = Fraction(0), *, halved: bool = False
    ) -> "OrderLimits":
        """Raises ValueError when a limit is finer than 1e-8. No `max_order_notional`: a third of the capital.
        `halved`: capital and position after a resume at level 2."""
        notional = settings.max_order_notional
        share = 2 if halved else 1
        capital_units //= share
        return cls(
            max_position_units=to_units(settings.max_position) // share,
            max_notional_units=capital_units // 3 if notional is None else to_units(notional),
            capital_units=capital_units,
            collar=Fraction(settings.price_collar),
            max_orders_per_minute=settings.max_orders_per_minute,
            max_open_orders=settings.max_open_orders,
            stale_ns=nanoseconds(settings.stale_after),
            max_messages_per_minute=settings.max_messages_per_minute,
            max_orders_without_fill=settings.max_orders_without_fill,
            least_edge=least_edge,
        )
