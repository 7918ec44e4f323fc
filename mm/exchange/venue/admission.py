"""From a request to an order: parameters, precision, filters. Raises VenueError, changes nothing."""

import re
from decimal import Decimal

from mm.domain.instrument import to_units
from mm.exchange.venue.errors import VenueError, filter_failure, missing, too_precise, unexpected
from mm.exchange.venue.symbol_rules import ORDER_TYPES, SELF_TRADE_MODES, SymbolRules
from mm.exchange.venue.views import NewOrder

_CLIENT_ID = re.compile(r"^[a-zA-Z0-9\-_]{1,36}$")
_ABSURD = Decimal(10) ** 15
"""No amount of any asset is this large; keeps `1e999999` from becoming a number with a million digits."""
Average = tuple[int, int] | None
"""Average price in ticks as a fraction (numerator, denominator)."""


class Request:
    """A checked request in integers. `lots` 0 with `quote_target` set for MARKET by quoteOrderQty."""

    __slots__ = ("buy", "client_id", "lots", "quote_target", "self_trade", "ticks", "time_in_force", "type")

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
        self.lots = self.ticks = self.quote_target = 0
        if order.type == "MARKET":
            self._market_parameters(order, rules)
        else:
            self._limit_parameters(order, rules)

    def _market_parameters(self, order: NewOrder, rules: SymbolRules) -> None:
        if order.price is not None:
            raise unexpected("price")
        if (order.quantity is None) == (order.quote_quantity is None):
            raise missing("quantity") if order.quantity is None else unexpected("quoteOrderQty")
        if order.quantity is not None:
            self.lots = lots_of(order.quantity, rules)
            if order.quantity > rules.max_market_quantity:
                raise filter_failure("MARKET_LOT_SIZE")
        elif order.quote_quantity is not None:
            self.quote_target = _units(order.quote_quantity, "quoteOrderQty")
            if self.quote_target <= 0:
                raise filter_failure("NOTIONAL")

    def _limit_parameters(self, order: NewOrder, rules: SymbolRules) -> None:
        if order.quantity is None:
            raise missing("quantity")
        if order.price is None:
            raise missing("price")
        if order.quote_quantity is not None:
            raise unexpected("quoteOrderQty")
        price = _units(order.price, "price")
        if price % rules.tick_units or price < rules.tick_units or order.price > rules.max_price:
            raise filter_failure("PRICE_FILTER")
        self.ticks = price // rules.tick_units
        self.lots = lots_of(order.quantity, rules)

    def check_filters(self, rules: SymbolRules, average: Average, open_orders: int) -> None:
        """PERCENT_PRICE_BY_SIDE, NOTIONAL (MARKET at the average price), MAX_NUM_ORDERS."""
        if self.ticks:
            _check_percent(self.ticks, rules, average)
            notional = self.ticks * self.lots * rules.quote_step
        elif self.quote_target:
            notional = self.quote_target
        elif average is not None:
            notional = average[0] * self.lots * rules.quote_step // average[1]
        else:
            notional = to_units(rules.min_notional)  # no price was ever made: nothing to judge by
        if notional < to_units(rules.min_notional):
            raise filter_failure("NOTIONAL")
        if self.ticks and notional > to_units(rules.max_notional):
            raise filter_failure("NOTIONAL")
        if open_orders >= rules.max_orders:
            raise filter_failure("MAX_NUM_ORDERS")


def check_client_id(client_id: str | None, parameter: str) -> None:
    """Raises -1100 unless it is None or one to 36 letters, digits, `-`, `_`."""
    if client_id is not None and not _CLIENT_ID.match(client_id):
        raise VenueError(
            -1100, f"Illegal characters found in parameter '{parameter}'; legal range is '^[a-zA-Z0-9-_]{{1,36}}$'."
        )


def lots_of(quantity: Decimal, rules: SymbolRules) -> int:
    """Raises -1111 or LOT_SIZE."""
    size = _units(quantity, "quantity")
    if size % rules.lot_units or size < rules.lot_units or quantity > rules.max_quantity:
        raise filter_failure("LOT_SIZE")
    return size // rules.lot_units


def _check_percent(ticks: int, rules: SymbolRules, average: Average) -> None:
    if average is None:
        return
    mean, price = Decimal(average[0]) / average[1], Decimal(ticks)
    if price > mean * rules.price_up or price < mean * rules.price_down:
        raise filter_failure("PERCENT_PRICE_BY_SIDE")


def _time_in_force(order: NewOrder) -> str:
    if order.type == "LIMIT":
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
