"""Walks the offers of a book, best first, and plans what a taker gets. Changes nothing."""

from collections.abc import Iterable

from mm.exchange.venue.order import MARKET_UID, Appetite, Match, Order, Plan

Offer = tuple[int, int, Order | None]
"""Ticks, lots, and the order behind them (None: recorded size)."""


def plan(appetite: Appetite, offers: Iterable[Offer]) -> Plan:  # noqa: PLR0912 - one hot loop over the offers
    """Price-time: `offers` come best price first, in the order of their turns within a price.

    Self-trade prevention as the taker's mode says: a prevented match takes its place among the matches. DECREMENT
    takes the lots of the prevented match from both orders.
    """
    result = Plan()
    matches = result.matches
    lots_left = appetite.lots
    notional_left = appetite.notional
    limit, buy = appetite.limit, appetite.buy
    last_ticks = 0
    for ticks, lots, maker in offers:
        if limit is not None and (ticks > limit if buy else ticks < limit):
            break
        size = lots if lots_left is None else min(lots, lots_left)
        if notional_left is not None:
            size = min(size, notional_left // ticks)
        if size <= 0:
            result.exhausted = False
            break
        if maker is not None and appetite.uid != MARKET_UID and _is_self_trade(appetite, maker):
            mode = appetite.self_trade
            if mode == "EXPIRE_MAKER" and _is_gone(matches, maker):
                continue  # another part of an iceberg that has expired already
            matches.append(Match(maker, ticks, size, prevented=True))
            if mode in {"EXPIRE_TAKER", "EXPIRE_BOTH"}:
                result.exhausted = False
                break
            if mode == "EXPIRE_MAKER":
                continue
        else:
            matches.append(Match(maker, ticks, size))
        if notional_left is not None:
            notional_left -= size * ticks
            last_ticks = ticks
        if lots_left is not None:
            lots_left -= size
            if not lots_left:
                result.exhausted = False
                break
    if result.exhausted and notional_left is not None and last_ticks:
        result.short = notional_left // last_ticks
    return result


def _is_self_trade(appetite: Appetite, maker: Order) -> bool:
    return maker.uid == appetite.uid and appetite.self_trade != "NONE"


def _is_gone(matches: list[Match], maker: Order) -> bool:
    return any(match.prevented and match.maker is maker for match in matches)
