"""The rules of a symbol: grids, filters, and how Binance's exchangeInfo tells them."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from mm.domain.instrument import UNITS, to_units

ORDER_TYPES = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
SELF_TRADE_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")


@dataclass(frozen=True, kw_only=True)
class SymbolRules:
    """Figures in quote per base (prices), base (sizes), quote (notional).

    `self_trade` is what happens when an account would trade with itself and the order does not say: Binance sets
    it per symbol; EXPIRE_MAKER is the default of its current exchangeInfo examples. The taker's mode decides.
    `start_price`: where a generated market starts that never had a price.
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
    max_algo_orders: int = 5
    max_iceberg_orders: int = 25
    max_order_lists: int = 20
    max_amends: int = 10
    iceberg_parts: int = 100
    max_position: Decimal | None = None
    self_trade: str = "EXPIRE_MAKER"
    start_price: Decimal = Decimal(100)

    def __post_init__(self) -> None:
        if (self.tick_units * self.lot_units) % UNITS:
            raise ValueError(f"{self.symbol}: a lot times a tick is finer than 1e-8, sums would not be exact")

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

    def exchange_info(self, status: str = "TRADING") -> dict[str, Any]:
        """One element of exchangeInfo's `symbols`."""
        tick, lot = _text(self.tick_size), _text(self.lot_size)
        return {
            "symbol": self.symbol,
            "status": status,
            "baseAsset": self.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.quote,
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "baseCommissionPrecision": 8,
            "quoteCommissionPrecision": 8,
            "orderTypes": list(ORDER_TYPES),
            "icebergAllowed": True,
            "ocoAllowed": True,
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
                {"filterType": "ICEBERG_PARTS", "limit": self.iceberg_parts},
                {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": self.max_orders},
                {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": self.max_algo_orders},
                {"filterType": "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": self.max_iceberg_orders},
                {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": self.max_order_lists},
                {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": self.max_amends},
                *self._position_filter(),
            ],
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": self.self_trade,
            "allowedSelfTradePreventionModes": list(SELF_TRADE_MODES),
        }

    def _position_filter(self) -> list[dict[str, Any]]:
        if self.max_position is None:
            return []
        return [{"filterType": "MAX_POSITION", "maxPosition": _text(self.max_position)}]


def _text(value: Decimal) -> str:
    return f"{value:.8f}"


_LISTED = """
ETHUSDC   ETH   USDC  0.01   0.0001   1000000  9000    2000    3000
ETHUSDT   ETH   USDT  0.01   0.0001   1000000  9000    2000    3000
BTCUSDC   BTC   USDC  0.01   0.00001  1000000  9000    100     65000
BTCUSDT   BTC   USDT  0.01   0.00001  1000000  9000    100     65000
SOLUSDC   SOL   USDC  0.01   0.001    10000    90000   10000   150
BNBUSDC   BNB   USDC  0.01   0.001    100000   900000  2000    600
NEXOUSDT  NEXO  USDT  0.001  0.01     10000    900000  100000  1.2
"""
"""Symbol, base, quote, tick, lot, highest price, largest order, largest market order, and where a generated market
starts. Grids as Binance's own of 2024 to 2026; NEXOUSDT's as in its recording."""


def default_symbols() -> dict[str, SymbolRules]:
    """The symbols the local venue lists."""
    rules = []
    for line in _LISTED.split("\n"):
        if line:
            symbol, base, quote, *figures = line.split()
            tick, lot, price, most, market, start = map(Decimal, figures)
            rules.append(
                SymbolRules(
                    symbol=symbol,
                    base=base,
                    quote=quote,
                    tick_size=tick,
                    lot_size=lot,
                    max_price=price,
                    max_quantity=most,
                    max_market_quantity=market,
                    start_price=start,
                )
            )
    return {rule.symbol: rule for rule in rules}
