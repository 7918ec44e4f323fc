"""What a market maker can be told (profile section `strategy`)."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from mm.fields import Amount, AmountOrZero, Duration, Fraction, Settings


class StrategySettings(Settings):
    name: Literal["market_making"] = "market_making"
    """Which strategy quotes."""
    base_spread: Annotated[Fraction, Field(gt=0, le=Decimal("0.2"))]
    """Full quoted spread, bid to ask, as a fraction of the reference price; each side stands half of it away."""
    base_size: Amount
    """Size of one quote in base units (ETH); raised to what the exchange can trade, see `min_notional`."""
    max_inventory: Amount
    """Base units the strategy aims to hold at most (the hard cap is risk.max_position)."""
    tick_interval: Duration = timedelta(seconds=10)
    """How often quotes are renewed; they are renewed at once when the market leaves `refresh_tolerance`."""
    inventory_target: Fraction = Decimal("0.5")
    """Share of `max_inventory` the bot leans towards; spot inventory starts at zero and is seeded by bids only."""
    inventory_skew: Fraction = Decimal("0.5")
    """How far full deviation from the target shifts both quotes, as a share of the half spread."""
    fair_value: Literal["mid", "microprice"] = "microprice"
    """Reference price, own orders taken out: mid, or microprice (each price weighted by the other side's size)."""
    levels: Annotated[int, Field(ge=1, le=10)] = 1
    """Quotes a side."""
    level_spacing: Fraction = Decimal("0.001")
    """Distance between levels of a side, as a fraction of the reference price."""
    refresh_tolerance: Fraction = Decimal("0.0003")
    """A quote within this fraction of its desired price is kept (keeps its queue position)."""
    fill_delay: Duration = timedelta(seconds=5)
    """After a fill, that side quotes again only after this long."""
    max_order_age: Duration = timedelta(minutes=30)
    """A quote older than this is replaced even when its price is right."""
    min_edge: Fraction = Decimal("0.0002")
    """Quoted spread never goes below 2 × maker fee + this fraction."""
    min_notional: Literal["raise", "reject"] = "raise"
    """When base_size is below the exchange's minimum notional: raise the effective size, or refuse to quote."""
    dust_margin: Annotated[Fraction, Field(le=Decimal("0.5"))] = Decimal("0.02")
    """Price fall that a bought lot must survive and still be sellable above the minimum notional."""
    price_floor: AmountOrZero = Decimal(0)
    """No bid below this price (quote per base); 0: none."""
    price_ceiling: AmountOrZero = Decimal(0)
    """No ask above this price, and no bid above it either; 0: none."""
