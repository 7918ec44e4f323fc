"""Order amend keep priority: fewer lots, the same place in the queue.

Source: Binance Spot API documentation, "Order Amend Keep Priority".
"""

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.matching import Matching
from mm.exchange.venue.order import Order
from mm.exchange.venue.records import Amendment
from mm.exchange.venue.settlement import hold, needs
from mm.exchange.venue.symbol_market import SymbolMarket


def amend(matching: Matching, order: Order, lots: int, market: SymbolMarket, new_client_id: str) -> Amendment:
    """`lots` is checked by the caller. The other leg of an OCO gets the same quantity."""
    account, rules = matching.accounts[order.uid], market.rules
    old_lots, old_id = order.lots, order.client_id
    if market.book.holds(order):
        market.book.shrink(order, order.lots - lots)
    order.lots = lots
    is_pair = order.list_id >= 0 and matching.lists.amended(order, lots, market)
    if not is_pair:
        hold(account, order, needs(order, rules) - order.held, rules, matching.changes)
    order.updated_ms = matching.now_ms()
    order.client_id = new_client_id
    account.by_client.pop((order.symbol, old_id), None)
    account.by_client[order.symbol, new_client_id] = order
    matching.changes.orders[order.order_id] = order
    number = matching.report(order, rules, "REPLACED", is_on_book=not order.is_waiting, orig_client_id=old_id)
    done = Amendment(
        execution_id=number,
        uid=order.uid,
        symbol=order.symbol,
        order_id=order.order_id,
        old_client_id=old_id,
        new_client_id=new_client_id,
        old_lots=old_lots,
        new_lots=lots,
        time_ms=order.updated_ms,
    )
    account.amendments.append(done)
    matching.changes.amendments.append(done)
    if order.list_id >= 0 and new_client_id != old_id:
        matching.lists.tell(account.lists[order.list_id], "UPDATED")
    return done


def check_amend(order: Order, lots: int, earlier: int, market: SymbolMarket) -> None:
    """Raises -2038 unless the quantity falls and stays above what is filled."""
    if lots == order.lots:
        raise VenueError(-2038, "The requested action would change no state; rejecting.")
    if lots > order.lots:
        raise VenueError(-2038, "Order amend (quantity increase) is not supported.")
    if lots <= order.executed + order.prevented:
        raise VenueError(-2038, "The requested action would change no state; rejecting.")
    if earlier >= market.rules.max_amends:
        raise VenueError(-2038, "Filter failure: MAX_NUM_ORDER_AMENDS")
