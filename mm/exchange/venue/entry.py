"""What a new order must pass before it is accepted: market open, filters, ids, prices against the market, funds."""

from mm.exchange.venue.account import Account
from mm.exchange.venue.admission import Request
from mm.exchange.venue.errors import (
    DUPLICATE,
    INSUFFICIENT,
    NO_LIQUIDITY,
    WOULD_MATCH,
    WOULD_TRIGGER,
    filter_failure,
    rejected,
)
from mm.exchange.venue.filters import check_filters, check_lists
from mm.exchange.venue.order import Appetite, Plan
from mm.exchange.venue.order_list import check_prices
from mm.exchange.venue.settlement import hold_units
from mm.exchange.venue.stop_orders import would_trigger
from mm.exchange.venue.symbol_market import SymbolMarket
from mm.exchange.venue.symbol_rules import SymbolRules


def enter(account: Account, request: Request, market: SymbolMarket, now_ms: int) -> Plan:
    """Raises VenueError; returns what the order would take now (nothing for a stop)."""
    market.check_placing()
    rules = market.rules
    check_filters(account, (request,), rules, market.tape.average(now_ms))
    _check_new_id(account, request.client_id, rules)
    plan = Plan()
    if request.stop_ticks:
        last = market.tape.last_ticks
        if last is not None and would_trigger(request.type, request.stop_ticks, last, buy=request.buy):
            raise rejected(WOULD_TRIGGER)
    elif request.type == "LIMIT_MAKER":
        _check_rests(request, market)
    else:
        plan = market.book.plan(_appetite(account.uid, request, rules))
        if request.quote_target and not plan.matches:
            raise rejected(NO_LIQUIDITY) if plan.exhausted else filter_failure("LOT_SIZE")
    asset, needed = _funds(request, plan, rules)
    if account.balance(asset).free < needed:
        raise rejected(INSUFFICIENT)
    return plan


def enter_pair(
    account: Account, legs: tuple[Request, Request], client_id: str | None, market: SymbolMarket, now_ms: int
) -> None:
    """An OCO. Raises VenueError. It needs the larger of what its legs need."""
    market.check_placing()
    rules = market.rules
    check_filters(account, legs, rules, market.tape.average(now_ms))
    check_lists(account, rules)
    for leg in legs:
        _check_new_id(account, leg.client_id, rules)
    if legs[0].client_id is not None and legs[0].client_id == legs[1].client_id:
        raise rejected(DUPLICATE)
    if client_id is not None and account.open_list(client_id):
        raise rejected(DUPLICATE)
    prices = sorted(leg.ticks if leg.type == "LIMIT_MAKER" else leg.stop_ticks for leg in legs)
    above = next(leg for leg in legs if _stands_above(leg))
    check_prices(
        above.stop_ticks or above.ticks,
        sum(prices) - (above.stop_ticks or above.ticks),
        market.tape.last_ticks,
    )
    for leg in legs:
        if leg.type == "LIMIT_MAKER":
            _check_rests(leg, market)
    funds = [_funds(leg, Plan(), rules) for leg in legs]
    if account.balance(funds[0][0]).free < max(needed for _, needed in funds):
        raise rejected(INSUFFICIENT)


def _stands_above(leg: Request) -> bool:
    """A sell's profit and a buy's loss stand above the market."""
    return leg.buy == leg.type.startswith("STOP_LOSS")


def _check_new_id(account: Account, client_id: str | None, rules: SymbolRules) -> None:
    if client_id is not None and account.open_client(rules.symbol, client_id):
        raise rejected(DUPLICATE)


def _check_rests(request: Request, market: SymbolMarket) -> None:
    other = market.book.best(buy=not request.buy)
    if other is not None and (request.ticks >= other if request.buy else request.ticks <= other):
        raise rejected(WOULD_MATCH)


def _appetite(uid: int, request: Request, rules: SymbolRules) -> Appetite:
    notional = request.quote_target // rules.quote_step if request.quote_target else None
    return Appetite(
        uid, request.buy, request.ticks or None, request.lots or None, notional, self_trade=request.self_trade
    )


def _funds(request: Request, plan: Plan, rules: SymbolRules) -> tuple[str, int]:
    """Asset and units that must be free: an order's hold, a MARKET order's whole cost at this book."""
    price = request.ticks or request.stop_ticks
    if price:
        return hold_units(price, request.lots, rules, buy=request.buy)
    if request.buy:
        return rules.quote, max(request.quote_target, plan.notional * rules.quote_step)
    return rules.base, max(request.lots, plan.lots) * rules.lot_units
