"""One function a check: an order and the situation in, a refusal or None out. Exactly at a limit passes.

Every comparison is between integers or exact fractions; a float only enters as the reference price and is
refused unless it is finite and positive.
"""

import math
from decimal import Decimal
from fractions import Fraction

from mm.domain.instrument import to_units
from mm.domain.order import Side
from mm.domain.quote import QuoteLevel
from mm.domain.snapshot import Snapshot
from mm.risk.conduct_checks import cancel_to_fill, message_rate, min_edge
from mm.risk.refusal import Refusal, amount, plain
from mm.risk.situation import Check, Situation

# --- is the market fit to quote on? -------------------------------------------------


def market_down(_: QuoteLevel, now: Situation) -> Refusal | None:
    if now.snapshot.market_ok:
        return None
    return Refusal("market_down", "up", "down", "stream", "the market stream is down or has a gap")


def stale_book(_: QuoteLevel, now: Situation) -> Refusal | None:
    """Also guards against a book from the future of this clock's own time line: age cannot be negative."""
    age = now.snapshot.mono - now.snapshot.book_mono
    if 0 <= age <= now.limits.stale_ns:
        return None
    limit, value = (plain(Decimal(ns) / 1_000_000) for ns in (now.limits.stale_ns, age))
    return Refusal("stale_book", limit, value, "ms", f"the book is {value} ms old, at most {limit} ms are allowed")


def one_sided_book(_: QuoteLevel, now: Situation) -> Refusal | None:
    if now.others.is_two_sided:
        return None
    sides = "no bids" if not now.others.bids else "no asks"
    return Refusal("one_sided_book", "2", "1" if now.others.bids or now.others.asks else "0", "sides", sides)


def crossed_book(_: QuoteLevel, now: Situation) -> Refusal | None:
    book = now.snapshot.book
    if not book.is_crossed:
        return None
    detail = f"best bid {book.best_bid} at or above best ask {book.best_ask}"
    return Refusal("crossed_book", str(book.best_ask), str(book.best_bid), "ticks", detail)


# --- does the price make sense? -------------------------------------------------------


def price_collar(order: QuoteLevel, now: Situation) -> Refusal | None:
    """|price − reference| ≤ collar × reference; the reference is a slow one from trades, not the book."""
    if not _has_reference(now.snapshot):
        return Refusal("no_reference", "> 0", str(now.snapshot.reference_ticks), "ticks", "no trade seen yet")
    over, under = now.snapshot.reference_ticks.as_integer_ratio()
    collar, whole = now.limits.collar.as_integer_ratio()
    distance = abs(order.ticks * under - over)
    if distance * whole <= collar * over:
        return None
    limit, value = _share(now.limits.collar), _share(Fraction(distance, over))
    detail = f"price {now.snapshot.instrument.price(order.ticks)} is {value} away from the reference"
    return Refusal("price_collar", limit, value, "share of reference", detail)


def percent_price(order: QuoteLevel, now: Situation) -> Refusal | None:
    """Binance's PERCENT_PRICE_BY_SIDE, against the reference price (the exchange uses its own average)."""
    rules = now.snapshot.instrument
    if not rules.price_up or not _has_reference(now.snapshot):
        return None
    over, under = now.snapshot.reference_ticks.as_integer_ratio()
    (low, low_under), (high, high_under) = rules.price_down.as_integer_ratio(), rules.price_up.as_integer_ratio()
    ticks = order.ticks * under
    if over * low <= ticks * low_under and ticks * high_under <= over * high:
        return None
    limit = f"{rules.price_down}..{rules.price_up}"
    return Refusal("percent_price", limit, _share(Fraction(ticks, over)), "share of reference", "exchange filter")


def self_cross(order: QuoteLevel, now: Situation) -> Refusal | None:
    """An own order must never be able to trade with an own order."""
    own = now.exposure.lowest_ask if order.side is Side.BUY else now.exposure.highest_bid
    crosses = order.ticks >= own if order.side is Side.BUY else order.ticks <= own
    if not own or not crosses:
        return None
    detail = f"{order.side} at {order.ticks} meets the bot's own order at {own}"
    return Refusal("self_cross", str(own), str(order.ticks), "ticks", detail)


# --- would the exchange take it? --------------------------------------------------------


def order_grid(order: QuoteLevel, now: Situation) -> Refusal | None:
    rules = now.snapshot.instrument
    if order.ticks <= 0:
        return Refusal("grid", "1", str(order.ticks), "ticks", "a price must be at least one tick")
    if order.lots < max(1, rules.min_lots):
        return Refusal("min_lots", str(max(1, rules.min_lots)), str(order.lots), "lots", "below the smallest order")
    if order.lots > rules.max_lots:
        return Refusal("max_lots", str(rules.max_lots), str(order.lots), "lots", "above the largest order")
    return None


def exchange_notional(order: QuoteLevel, now: Situation) -> Refusal | None:
    rules = now.snapshot.instrument
    notional = rules.notional_units(order.ticks, order.lots)
    low, high = to_units(rules.min_notional), to_units(rules.max_notional)
    if notional < low:
        return Refusal("min_notional", amount(low), amount(notional), rules.quote, "below the exchange's minimum")
    if high and notional > high:
        return Refusal("max_notional", amount(high), amount(notional), rules.quote, "above the exchange's maximum")
    return None


# --- does it fit the limits? --------------------------------------------------------------


def holdings(order: QuoteLevel, now: Situation) -> Refusal | None:
    """Sells never exceed what is held, live sells included: spot cannot be short."""
    if order.side is Side.BUY:
        return None
    wanted = now.exposure.sell_units + now.snapshot.instrument.base_units(order.lots)
    if wanted <= now.exposure.base_units:
        return None
    unit = now.snapshot.instrument.base
    detail = "live sells and this one exceed what the bot holds"
    return Refusal("holdings", amount(now.exposure.base_units), amount(wanted), unit, detail)


def funds(order: QuoteLevel, now: Situation) -> Refusal | None:
    """What the order locks must be free, and the bot's own."""
    rules = now.snapshot.instrument
    if order.side is Side.BUY:
        needed, free, unit = rules.notional_units(order.ticks, order.lots), now.exposure.free_quote_units, rules.quote
    else:
        needed, free, unit = rules.base_units(order.lots), now.exposure.free_base_units, rules.base
    if needed <= free:
        return None
    return Refusal("funds", amount(free), amount(needed), unit, "more than the bot has free")


def max_position(order: QuoteLevel, now: Situation) -> Refusal | None:
    """Position + live and unknown buys + this one ≤ cap, as if every buy filled and no sell did (I4)."""
    if order.side is Side.SELL:
        return None
    rules = now.snapshot.instrument
    reached = now.exposure.base_units + now.exposure.buy_units + rules.base_units(order.lots)
    if reached <= now.limits.max_position_units:
        return None
    limit = amount(now.limits.max_position_units)
    return Refusal("max_position", limit, amount(reached), rules.base, "position if every buy filled")


def capital(order: QuoteLevel, now: Situation) -> Refusal | None:
    """Cost of what is held + live buys + this one ≤ capital. A sell sets capital free and passes."""
    if order.side is Side.SELL:
        return None
    rules = now.snapshot.instrument
    bound = now.exposure.cost_units + now.exposure.buy_quote_units + rules.notional_units(order.ticks, order.lots)
    if bound <= now.limits.capital_units:
        return None
    return Refusal(
        "capital", amount(now.limits.capital_units), amount(bound), rules.quote, "capital if every buy filled"
    )


def order_notional(order: QuoteLevel, now: Situation) -> Refusal | None:
    rules = now.snapshot.instrument
    notional = rules.notional_units(order.ticks, order.lots)
    if notional <= now.limits.max_notional_units:
        return None
    limit = amount(now.limits.max_notional_units)
    return Refusal("order_notional", limit, amount(notional), rules.quote, "one order is too large")


def open_orders(_: QuoteLevel, now: Situation) -> Refusal | None:
    limit = min(now.limits.max_open_orders, now.snapshot.instrument.max_open_orders)
    if now.exposure.open_orders + 1 <= limit:
        return None
    value = str(now.exposure.open_orders + 1)
    return Refusal("open_orders", str(limit), value, "orders", "too many orders at one time")


def order_rate(_: QuoteLevel, now: Situation) -> Refusal | None:
    if now.recent_orders + 1 <= now.limits.max_orders_per_minute:
        return None
    limit, value = str(now.limits.max_orders_per_minute), str(now.recent_orders + 1)
    return Refusal("order_rate", limit, value, "orders/60s", "too many new orders within a minute")


CHECKS: tuple[Check, ...] = (
    market_down,
    one_sided_book,
    crossed_book,
    stale_book,
    order_grid,
    exchange_notional,
    price_collar,
    percent_price,
    self_cross,
    min_edge,
    holdings,
    max_position,
    capital,
    order_notional,
    funds,
    open_orders,
    order_rate,
    message_rate,
    cancel_to_fill,
)
"""In this order; the first refusal is the one that is told."""

MARKET_CHECKS: frozenset[Check] = frozenset({market_down, one_sided_book, crossed_book, stale_book})


def first_refusal(order: QuoteLevel, now: Situation) -> Refusal | None:
    return next((refusal for check in CHECKS if (refusal := check(order, now)) is not None), None)


def _has_reference(snapshot: Snapshot) -> bool:
    return math.isfinite(snapshot.reference_ticks) and snapshot.reference_ticks > 0


def _share(value: Fraction) -> str:
    """Six places are enough for a person; the comparison itself is exact."""
    return plain(round(Decimal(value.numerator) / Decimal(value.denominator), 6))
