"""Self-trade prevention: what a match of an account with itself does to the two orders instead of a trade.

Source: Binance Spot API documentation, "Self Trade Prevention (STP) FAQ". The taker's mode decides.
"""

from typing import TYPE_CHECKING

from mm.exchange.venue.order import Match, Order
from mm.exchange.venue.records import PreventedMatch, Prevention
from mm.exchange.venue.settlement import release
from mm.exchange.venue.symbol_market import SymbolMarket

if TYPE_CHECKING:
    from mm.exchange.venue.matching import Matching


def prevent(matching: "Matching", taker: Order, match: Match, market: SymbolMarket) -> PreventedMatch:
    """EXPIRE_… takes all that remains of an order, DECREMENT the lots of the match from both."""
    maker, ticks, lots = match.maker, match.ticks, match.lots
    assert maker is not None  # noqa: S101 - recorded size belongs to nobody; narrows the type
    mode = taker.self_trade
    both = mode in {"EXPIRE_BOTH", "DECREMENT"}
    taker_lots = taker.remaining if both or mode == "EXPIRE_TAKER" else None
    maker_lots = maker.remaining if both or mode == "EXPIRE_MAKER" else None
    if mode == "DECREMENT":
        taker_lots = maker_lots = min(lots, taker.remaining, maker.remaining)
    record = PreventedMatch(
        symbol=taker.symbol,
        match_id=matching.ids.next(f"prevented:{taker.symbol}"),
        uid=taker.uid,
        taker_order_id=taker.order_id,
        maker_order_id=maker.order_id,
        mode=mode,
        ticks=ticks,
        taker_lots=taker_lots,
        maker_lots=maker_lots,
        time_ms=matching.now_ms(),
    )
    matching.accounts[taker.uid].prevented.append(record)
    matching.changes.prevented.append(record)
    if maker_lots is not None:
        _lose(matching, maker, Prevention(record.match_id, maker_lots, taker.order_id, ticks, lots), market)
    if taker_lots is not None:
        _lose(matching, taker, Prevention(record.match_id, taker_lots, maker.order_id, ticks, lots), market)
    return record


def _lose(matching: "Matching", order: Order, prevention: Prevention, market: SymbolMarket) -> None:
    if prevention.lots >= order.remaining:
        matching.end(order, "EXPIRED_IN_MATCH", market, prevention=prevention)
        return
    if order.list_id >= 0:
        matching.lists.activate(order, market)
    is_on_book = market.book.holds(order)
    if is_on_book:
        market.book.shrink(order, prevention.lots)
    if order.ticks:
        release(matching.accounts[order.uid], order, prevention.lots, market.rules, matching.changes)
    order.prevented += prevention.lots
    order.prevented_match = prevention.match_id
    order.updated_ms = matching.now_ms()
    matching.changes.orders[order.order_id] = order
    matching.report(order, market.rules, "TRADE_PREVENTION", is_on_book=is_on_book, prevention=prevention)
