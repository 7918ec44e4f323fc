"""The rules of a symbol: grids, filters, and how Binance's exchangeInfo tells them."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from mm.domain.instrument import UNITS, to_units

ORDER_TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET")
SELF_TRADE_MODES = ("EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")


@dataclass(frozen=True, kw_only=True)
class SymbolRules:
    """Figures in quote per base (prices), base (sizes), quote (notional).

    `self_trade` is what happens when an account would trade with itself and the order does not say: Binance sets
    it per symbol; EXPIRE_MAKER is the default of its current exchangeInfo examples. The taker's mode decides.
    """

    symbol: str
    base: str
    quote: str
    tick_size: Decimal
    lot_size: Decimal
    max_price: Decimal = Decimal(1000000)
    max_quantity: Decimal = Decimal(9000)
    max_market_quantity: Decimal = Decimal(2000)
    min_notional: Decimal = Decimal(5)
    max_notional: Decimal = Decimal(9000000)
    price_up: Decimal = Decimal(5)
    price_down: Decimal = Decimal("0.2")
    average_minutes: int = 5
    max_orders: int = 200
    self_trade: str = "EXPIRE_MAKER"

    def __post_init__(self) -> None:
        if (self.tick_units * self.lot_units) % UNITS:
            raise ValueError(f"{self.symbol}: a lot times a tick is finer than 1e-8, sums would not be exact")

    @property
    def min_quantity(self) -> Decimal:
        """One lot."""
        return self.lot_size

    @cached_property
    def tick_units(self) -> int:
        """1e-8 quote units in one tick."""
        return to_units(self.tick_size)

    @cached_property
    def lot_units(self) -> int:
        """1e-8 base units in one lot."""
        return to_units(self.lot_size)

    @cached_property
    def quote_step(self) -> int:
        """1e-8 quote units of one lot at one tick: quote of a fill = ticks × lots × this, exact."""
        return self.tick_units * self.lot_units // UNITS

    def exchange_info(self) -> dict[str, Any]:
        """One element of exchangeInfo's `symbols`."""
        tick, lot = _text(self.tick_size), _text(self.lot_size)
        return {
            "symbol": self.symbol,
            "status": "TRADING",
            "baseAsset": self.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.quote,
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "baseCommissionPrecision": 8,
            "quoteCommissionPrecision": 8,
            "orderTypes": list(ORDER_TYPES),
            "icebergAllowed": False,
            "ocoAllowed": False,
            "otoAllowed": False,
            "opoAllowed": False,
            "quoteOrderQtyMarketAllowed": True,
            "allowTrailingStop": False,
            "cancelReplaceAllowed": False,
            "amendAllowed": True,
            "pegInstructionsAllowed": False,
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": _text(self.max_price), "tickSize": tick},
                {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": _text(self.max_quantity), "stepSize": lot},
                {
                    "filterType": "MARKET_LOT_SIZE",
                    "minQty": _text(Decimal(0)),
                    "maxQty": _text(self.max_market_quantity),
                    "stepSize": _text(Decimal(0)),
                },
                {
                    "filterType": "PERCENT_PRICE_BY_SIDE",
                    "bidMultiplierUp": str(self.price_up),
                    "bidMultiplierDown": str(self.price_down),
                    "askMultiplierUp": str(self.price_up),
                    "askMultiplierDown": str(self.price_down),
                    "avgPriceMins": self.average_minutes,
                },
                {
                    "filterType": "NOTIONAL",
                    "minNotional": _text(self.min_notional),
                    "applyMinToMarket": True,
                    "maxNotional": _text(self.max_notional),
                    "applyMaxToMarket": False,
                    "avgPriceMins": self.average_minutes,
                },
                {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": self.max_orders},
            ],
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": self.self_trade,
            "allowedSelfTradePreventionModes": list(SELF_TRADE_MODES),
        }


def _text(value: Decimal) -> str:
    return f"{value:.8f}"


def default_symbols() -> dict[str, SymbolRules]:
    """The symbols the local venue offers. Grids as Binance's own in 2026 for ETH and BTC."""
    rules = [
        SymbolRules(symbol=base + quote, base=base, quote=quote, tick_size=Decimal(tick), lot_size=Decimal(lot))
        for base, quote, tick, lot in (
            ("ETH", "USDC", "0.01", "0.0001"),
            ("ETH", "USDT", "0.01", "0.0001"),
            ("BTC", "USDC", "0.01", "0.00001"),
            ("BTC", "USDT", "0.01", "0.00001"),
        )
    ]
    nexo = SymbolRules(
        symbol="NEXOUSDT",
        base="NEXO",
        quote="USDT",
        tick_size=Decimal("0.001"),
        lot_size=Decimal("0.01"),
        max_price=Decimal(10000),
        max_quantity=Decimal(900000),
        max_market_quantity=Decimal(100000),
    )
    return {rule.symbol: rule for rule in [*rules, nexo]}
