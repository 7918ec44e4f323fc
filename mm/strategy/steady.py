"""What a quote can be while the market stays between two prices and all else is as it was: bounds that certainly hold.

`MarketMaking.quote` step by step, on intervals instead of numbers. Prices rise with the market; the smallest
sellable size falls with the price, so sizes at the highest price are the fewest. Where an interval leaves a step
undecided there is no answer.
"""

from typing import NamedTuple

from mm.domain.order import Side
from mm.domain.quote import LevelRange
from mm.domain.snapshot import Snapshot
from mm.strategy.terms import Terms

NEVER = 1 << 62
_BUY, _SELL = Side.BUY, Side.SELL


class Steady(NamedTuple):
    """All levels that are wished for, and no others, until `until_mono` (monotonic ns, exclusive)."""

    levels: tuple[LevelRange, ...]
    until_mono: int


class _Undecided(Exception):
    """Somewhere between the bounds a step may go either way."""


class _Sizes(NamedTuple):
    """Lots of one bid and the smallest sellable, fewest and most."""

    lots: tuple[int, int]
    smallest: tuple[int, int]


Interval = tuple[int, int]


def steady(
    terms: Terms,
    snapshot: Snapshot,
    bounds: Interval,
    *,
    spendable_units: int,
    sellable_units: int,
    fill_delay: int,
) -> Steady | None:
    """`bounds` in ticks: the best bid of others is at the first or above, their best ask at the second or below, the
    book neither crossed nor one-sided, so that the fair value lies between. None: nothing is certain."""
    try:
        bids, asks = _ladder(terms, snapshot, bounds)
        sizes = _sizes(terms, bids[-1])
        until, levels = NEVER, []
        delayed = _delayed_until(snapshot.last_buy_mono, snapshot.mono, fill_delay)
        if delayed:
            until = delayed
        elif sizes.lots[1]:
            levels += _bids(terms, snapshot, bids, sizes, spendable_units)
        delayed = _delayed_until(snapshot.last_sell_mono, snapshot.mono, fill_delay)
        left = snapshot.instrument.lots_in(sellable_units)
        if left > 0 and delayed:
            until = min(until, delayed)
        elif left > 0:
            levels += _asks(terms, snapshot, asks, sizes, left)
    except _Undecided:
        return None
    return Steady(tuple(levels), until)


def _delayed_until(filled_mono: int, mono: int, fill_delay: int) -> int:
    """0: no delay after a fill is running."""
    return filled_mono + fill_delay if filled_mono and mono - filled_mono < fill_delay else 0


def _ladder(terms: Terms, snapshot: Snapshot, bounds: Interval) -> tuple[list[Interval], list[Interval]]:
    low, high = bounds
    bids: list[Interval] = []
    asks: list[Interval] = []
    bid_limit, ask_limit = (low, high - 1), (low + 1, high)
    for place in terms.places(snapshot.position.base_units):
        bid = (
            min(low * place.bid_over // place.bid_under, bid_limit[0]),
            min(high * place.bid_over // place.bid_under, bid_limit[1]),
        )
        ask = (
            max(-(-low * place.ask_over // place.ask_under), ask_limit[0]),
            max(-(-high * place.ask_over // place.ask_under), ask_limit[1]),
        )
        if bid[0] <= 0 or place.ask_over <= 0:
            raise _Undecided
        bids.append(bid)
        asks.append(ask)
        bid_limit, ask_limit = (bid[0] - 1, bid[1] - 1), (ask[0] + 1, ask[1] + 1)
    return bids, asks


def _sizes(terms: Terms, deepest: Interval) -> _Sizes:
    most, fewest = terms.sizes.at(deepest[0]), terms.sizes.at(deepest[1])
    if fewest.lots and not most.lots:
        raise _Undecided
    return _Sizes((fewest.lots, most.lots), (fewest.smallest, most.smallest))


def _is_priced_out(terms: Terms, price: Interval, floor_ticks: int) -> bool:
    low, high = price
    if high < floor_ticks or (terms.has_ceiling and low > terms.ceiling_ticks):
        return True
    if low < floor_ticks or (terms.has_ceiling and high > terms.ceiling_ticks):
        raise _Undecided
    return False


def _bids(
    terms: Terms, snapshot: Snapshot, prices: list[Interval], sizes: _Sizes, funds_units: int
) -> list[LevelRange]:
    instrument = snapshot.instrument
    room = max(0, instrument.lots_in(terms.most_units - snapshot.position.base_units))
    rooms, funds = (room, room), (funds_units, funds_units)
    levels: list[LevelRange] = []
    for level, price in enumerate(prices):
        if _is_priced_out(terms, price, terms.floor_ticks):
            continue
        low, high = price
        affordable = (
            max(0, funds[0]) // instrument.notional_units(high, 1),
            max(0, funds[1]) // instrument.notional_units(low, 1),
        )
        bound = (min(rooms[0], affordable[0]), min(rooms[1], affordable[1]))
        if bound[1] < sizes.smallest[0]:
            break
        if bound[0] < sizes.smallest[1]:
            raise _Undecided
        lots = (min(sizes.lots[0], bound[0]), min(sizes.lots[1], bound[1]))
        levels.append(LevelRange(_BUY, level, low, high, lots[0]))
        rooms = (rooms[0] - lots[1], rooms[1] - lots[0])
        funds = (
            funds[0] - instrument.notional_units(high, lots[1]),
            funds[1] - instrument.notional_units(low, lots[0]),
        )
    return levels


def _asks(terms: Terms, snapshot: Snapshot, prices: list[Interval], sizes: _Sizes, left_lots: int) -> list[LevelRange]:
    one = (
        max(sizes.lots[0] or sizes.smallest[0], 1),
        max(sizes.lots[1] or sizes.smallest[1], 1),
    )
    most = snapshot.instrument.max_lots
    left = (left_lots, left_lots)
    levels: list[LevelRange] = []
    for level, price in enumerate(prices):
        if _is_priced_out(terms, price, 0):
            continue
        low, high = price
        lots = (min(one[0], left[0]), min(one[1], left[1]))
        rest = (max(0, left[0] - one[1]), max(0, left[1] - one[0]))
        if rest[1] and not terms.sizes.after_a_fall.at(rest[1], high):
            lots = left
        elif rest[1] and not (rest[0] and terms.sizes.after_a_fall.at(rest[0], low)):
            raise _Undecided
        lots = (min(lots[0], most), min(lots[1], most))
        if not terms.sizes.at_once.at(lots[1], high):
            break
        if not terms.sizes.at_once.at(lots[0], low):
            raise _Undecided
        levels.append(LevelRange(_SELL, level, low, high, lots[0]))
        left = (max(0, left[0] - lots[1]), max(0, left[1] - lots[0]))
    return levels
