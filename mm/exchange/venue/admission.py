"""From a request to an order: parameters, precision, filters on single values. Raises VenueError, changes nothing.

Source: Binance Spot API documentation, "New order": mandatory parameters by type.
"""

import re
from decimal import Decimal

from mm.domain.instrument import to_units
from mm.exchange.venue.errors import (
    ICEBERG_EXCEEDS,
    VenueError,
    bad_combination,
    filter_failure,
    missing,
    rejected,
    too_precise,
    unexpected,
)
from mm.exchange.venue.iceberg import parts
from mm.exchange.venue.order import STOPS
from mm.exchange.venue.symbol_rules import ORDER_TYPES, SELF_TRADE_MODES, SymbolRules
from mm.exchange.venue.views import NewOrder

_CLIENT_ID = re.compile(r"^[a-zA-Z0-9\-_]{1,36}$")
_ABSURD = Decimal(10) ** 10
"""No amount of any asset is this large; below it whatever is kept of an order fits into 64 bits."""
_LEAST_STRATEGY_TYPE = 1_000_000
_TIMED = frozenset({"LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})
_PRICED = _TIMED | {"LIMIT_MAKER"}


class Request:
    """A checked request in integers. `lots` 0 with `quote_target` set for MARKET by quoteOrderQty.

    `ticks` 0 without a limit price, `stop_ticks` 0 without a stop price, `iceberg` 0 where all is shown.
    """

    __slots__ = (
        "buy",
        "client_id",
        "iceberg",
        "lots",
        "quote_target",
        "self_trade",
        "stop_ticks",
        "strategy_id",
        "strategy_type",
        "ticks",
        "time_in_force",
        "type",
    )

    def __init__(self, order: NewOrder, rules: SymbolRules) -> None:
        if order.side not in {"BUY", "SELL"}:
            raise VenueError(-1117, "Invalid side.")
        if order.type not in ORDER_TYPES:
            raise VenueError(-1116, "Invalid orderType.")
        self.buy = order.side == "BUY"
        self.type = order.type
        self.client_id = order.client_id
        self.self_trade = order.self_trade or rules.self_trade
        check_client_id(order.client_id, "newClientOrderId")
        if self.self_trade not in SELF_TRADE_MODES:
            raise VenueError(-1013, "This symbol does not allow the specified self-trade prevention mode.")
        self.time_in_force = _time_in_force(order)
        self.strategy_id = -1 if order.strategy_id is None else order.strategy_id
        self.strategy_type = -1 if order.strategy_type is None else order.strategy_type
        if order.strategy_type is not None and order.strategy_type < _LEAST_STRATEGY_TYPE:
            raise VenueError(-1134, "'strategyType' was less than 1000000.")
        self.lots = self.quote_target = self.iceberg = 0
        self._quantities(order, rules)
        self.ticks = _ticks(order.price, "price", rules, wanted=order.type in _PRICED)
        self.stop_ticks = _ticks(order.stop_price, "stopPrice", rules, wanted=order.type in STOPS)
        if order.iceberg:
            self._iceberg(order.iceberg, rules)

    def _quantities(self, order: NewOrder, rules: SymbolRules) -> None:
        by_quote = order.type == "MARKET" and order.quantity is None
        if by_quote and order.quote_quantity is not None:
            self.quote_target = _units(order.quote_quantity, "quoteOrderQty")
            if self.quote_target <= 0:
                raise filter_failure("NOTIONAL")
            return
        if order.quantity is None:
            raise missing("quantity")
        if order.quote_quantity is not None:
            raise unexpected("quoteOrderQty")
        self.lots = lots_of(order.quantity, rules)
        if order.type == "MARKET" and order.quantity > rules.max_market_quantity:
            raise filter_failure("MARKET_LOT_SIZE")

    def _iceberg(self, quantity: Decimal, rules: SymbolRules) -> None:
        if self.type not in _PRICED:
            raise unexpected("icebergQty")
        if self.time_in_force != "GTC":
            raise bad_combination()
        self.iceberg = lots_of(quantity, rules, "icebergQty")
        if self.iceberg > self.lots:
            raise rejected(ICEBERG_EXCEEDS)
        if parts(self.lots, self.iceberg) > rules.iceberg_parts:
            raise filter_failure("ICEBERG_PARTS")


def check_client_id(client_id: str | None, parameter: str) -> None:
    """Raises -1100 unless it is None or one to 36 letters, digits, `-`, `_`."""
    if client_id is not None and not _CLIENT_ID.fullmatch(client_id):
        raise VenueError(
            -1100, f"Illegal characters found in parameter '{parameter}'; legal range is '^[a-zA-Z0-9-_]{{1,36}}$'."
        )


def lots_of(quantity: Decimal, rules: SymbolRules, parameter: str = "quantity") -> int:
    """Raises -1111 or LOT_SIZE."""
    size = _units(quantity, parameter)
    if size % rules.lot_units or size < rules.lot_units or quantity > rules.max_quantity:
        raise filter_failure("LOT_SIZE")
    return size // rules.lot_units


def _ticks(price: Decimal | None, parameter: str, rules: SymbolRules, *, wanted: bool) -> int:
    """Raises -1102, -1106, -1111 or PRICE_FILTER; 0 for a price that is neither wanted nor sent."""
    if not wanted:
        if price is not None:
            raise unexpected(parameter)
        return 0
    if price is None:
        raise missing(parameter)
    units = _units(price, parameter)
    if units % rules.tick_units or units < rules.tick_units or price > rules.max_price:
        raise filter_failure("PRICE_FILTER")
    return units // rules.tick_units


def _time_in_force(order: NewOrder) -> str:
    if order.type in _TIMED:
        if order.time_in_force is None:
            raise missing("timeInForce")
        if order.time_in_force not in {"GTC", "IOC", "FOK"}:
            raise VenueError(-1115, "Invalid timeInForce.")
        return order.time_in_force
    if order.time_in_force is not None:
        raise unexpected("timeInForce")
    return "GTC"


def _units(value: Decimal, parameter: str) -> int:
    if not value.is_finite() or abs(value) >= _ABSURD:
        raise VenueError(-1100, f"Illegal characters found in parameter '{parameter}'.")
    try:
        return to_units(value)
    except ValueError:
        raise too_precise(parameter) from None
