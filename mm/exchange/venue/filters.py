"""The filters of a symbol, enforced on new orders. Source: Binance Spot API documentation, "Filters".

Filters on single values (PRICE_FILTER, LOT_SIZE, MARKET_LOT_SIZE, ICEBERG_PARTS) are checked as a request is read
(`admission`); here are those that need a price of the market or know of the account's other orders.
"""

from collections.abc import Sequence
from decimal import Decimal

from mm.domain.instrument import to_units
from mm.exchange.venue.account import Account
from mm.exchange.venue.admission import Request
from mm.exchange.venue.errors import filter_failure
from mm.exchange.venue.order import STOPS
from mm.exchange.venue.symbol_rules import SymbolRules

Average = tuple[int, int] | None
"""Average price in ticks as a fraction (numerator, denominator)."""


def check_filters(account: Account, requests: Sequence[Request], rules: SymbolRules, average: Average) -> None:
    """`requests` are placed together. Raises -1013 with the filter's name."""
    for request in requests:
        if request.ticks:
            _check_percent(request, rules, average)
        _check_notional(request, rules, average)
    _check_position(account, requests[0], rules)
    _check_counts(account, requests, rules)


def check_lists(account: Account, rules: SymbolRules) -> None:
    """MAX_NUM_ORDER_LISTS, before one more."""
    live = sum(1 for each in account.lists.values() if each.symbol == rules.symbol and not each.is_done)
    if live >= rules.max_order_lists:
        raise filter_failure("MAX_NUM_ORDER_LISTS")


def _check_percent(request: Request, rules: SymbolRules, average: Average) -> None:
    if average is None:
        return
    mean, price = Decimal(average[0]) / average[1], Decimal(request.ticks)
    if price > mean * rules.price_up or price < mean * rules.price_down:
        raise filter_failure("PERCENT_PRICE_BY_SIDE")


def _check_notional(request: Request, rules: SymbolRules, average: Average) -> None:
    """A MARKET order counts at the average price, its maximum is not limited; a stop without a price at its stop."""
    least = to_units(rules.min_notional)
    price = request.ticks or request.stop_ticks
    if price:
        notional = price * request.lots * rules.quote_step
    elif request.quote_target:
        notional = request.quote_target
    elif average is not None:
        notional = average[0] * request.lots * rules.quote_step // average[1]
    else:
        return  # no price was ever made: nothing to judge by
    if notional < least or (request.ticks and notional > to_units(rules.max_notional)):
        raise filter_failure("NOTIONAL")


def _check_position(account: Account, request: Request, rules: SymbolRules) -> None:
    """Both legs of an OCO have the same quantity and only one of them can fill."""
    if rules.max_position is None or not request.buy:
        return
    balance = account.balance(rules.base)
    coming = sum(order.remaining for order in account.open_at(rules.symbol) if order.buy)
    held = balance.free + balance.locked + (coming + request.lots) * rules.lot_units
    if held > to_units(rules.max_position):
        raise filter_failure("MAX_POSITION")


def _check_counts(account: Account, requests: Sequence[Request], rules: SymbolRules) -> None:
    if len(account.open) + len(requests) <= min(rules.max_orders, rules.max_algo_orders, rules.max_iceberg_orders):
        return  # not even all orders of all symbols together come near a limit
    live = account.open_at(rules.symbol)
    if len(live) + len(requests) > rules.max_orders:
        raise filter_failure("MAX_NUM_ORDERS")
    new_algos = sum(1 for request in requests if request.type in STOPS)
    if new_algos and sum(1 for order in live if order.type in STOPS) + new_algos > rules.max_algo_orders:
        raise filter_failure("MAX_NUM_ALGO_ORDERS")
    new_icebergs = sum(1 for request in requests if request.iceberg)
    if new_icebergs and sum(1 for order in live if order.iceberg) + new_icebergs > rules.max_iceberg_orders:
        raise filter_failure("MAX_NUM_ICEBERG_ORDERS")
