"""The rules of a symbol: grids, filters, and how Binance's exchangeInfo tells them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

UNIT = 100_000_000
"""1e-8 units in one: Binance's own precision for prices, sizes, balances."""

ORDER_TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET")
SELF_TRADE_MODES = ("EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")


def units(value: Decimal) -> int:
    """`value` in 1e-8 units, floored."""
    return int(value.scaleb(8))


def decimal(value_units: int) -> Decimal:
    """1e-8 units as a Decimal with eight places."""
    return Decimal(value_units).scaleb(-8)


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolRules:
    """Figures in quote per base (prices), base (sizes), quote (notional)."""

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
            "cancelReplaceAllowed": True,
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
