"""Walks the offers of a book, best first, and plans what a taker gets. Changes nothing."""

from collections.abc import Iterable

from mm.exchange.venue.order import MARKET_UID, Appetite, Match, Order, Plan

Offer = tuple[int, int, Order | None]
"""Ticks, lots, and the order behind them (None: recorded size)."""


def plan(appetite: Appetite, offers: Iterable[Offer]) -> Plan:
    """Price-time: `offers` come best price first, oldest first within a price."""
    result = Plan()
    lots_left = appetite.lots
    notional_left = appetite.notional
    for ticks, lots, maker in offers:
        if not appetite.accepts(ticks):
            break
        if _is_self_trade(appetite, maker):
            assert maker is not None  # noqa: S101 - recorded size belongs to nobody; narrows the type
            if appetite.self_trade in {"EXPIRE_MAKER", "EXPIRE_BOTH"}:
                result.prevented.append(maker)
            if appetite.self_trade in {"EXPIRE_TAKER", "EXPIRE_BOTH"}:
                result.taker_expires = True
                break
            continue
        size = lots if lots_left is None else min(lots, lots_left)
        if notional_left is not None:
            size = min(size, notional_left // ticks)
            notional_left -= size * ticks
        if size <= 0:
            break
        result.matches.append(Match(maker, ticks, size))
        if lots_left is not None:
            lots_left -= size
            if not lots_left:
                break
    return result


def _is_self_trade(appetite: Appetite, maker: Order | None) -> bool:
    return (
        maker is not None and appetite.uid != MARKET_UID and maker.uid == appetite.uid and appetite.self_trade != "NONE"
    )
