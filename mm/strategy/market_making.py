"""Quotes on both sides of a fair value, leaning towards an inventory target. A pure function of the snapshot."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from mm.domain.book import Book
from mm.domain.instrument import UNITS
from mm.domain.order import Side
from mm.domain.quote import Quote, QuoteLevel
from mm.domain.snapshot import Snapshot
from mm.fields import nanoseconds
from mm.strategy.effective_size import EffectiveSize, effective_size, is_sellable
from mm.strategy.fair_value import FAIR_VALUES
from mm.strategy.inventory import deviation, quote_shift
from mm.strategy.settings import StrategySettings
from mm.strategy.spread import quoted_spread

_NO_FALL = Decimal(0)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Prices in ticks, best first; bids floored, asks ceiled, never crossing the book of others."""

    bids: tuple[int, ...]
    asks: tuple[int, ...]


class MarketMaking:
    """Notes it may give: `market_down`, `one_sided_book`, `crossed_book`, `spread_floor`, `size_raised`,
    `min_notional`, `max_position`, `max_lots`, `max_inventory`, `no_funds_bid`, `seeding`, `dust`, `price_band`,
    `fill_delay_bid`, `fill_delay_ask`."""

    def __init__(self, settings: StrategySettings, max_position_units: int) -> None:
        self._settings = settings
        self._max_position_units = max_position_units
        self._max_inventory = Fraction(settings.max_inventory) * UNITS
        self._fill_delay = nanoseconds(settings.fill_delay)

    def quote(self, snapshot: Snapshot) -> Quote:
        others = snapshot.others_book()
        unfit = _unfit(snapshot, others)
        fair = FAIR_VALUES[self._settings.fair_value](others)
        if unfit or fair is None:
            return Quote((), fair or 0.0, (unfit or "one_sided_book",))
        notes: list[str] = []
        spread = quoted_spread(self._settings, snapshot.fees)
        if spread > self._settings.base_spread:
            notes.append("spread_floor")
        ladder = self._ladder(snapshot, others, fair, spread)
        bids: list[QuoteLevel] = []
        size = None
        if ladder.bids:
            # One size for all levels, from the deepest bid: what is bought lowest is the hardest to sell again.
            size = effective_size(
                self._settings, snapshot.instrument, snapshot.fees, ladder.bids[-1], self._max_position_units
            )
            bids = self._bids(snapshot, ladder.bids, size, notes)
        asks = self._asks(snapshot, ladder.asks, size, notes)
        return Quote((*bids, *asks), fair, tuple(dict.fromkeys(notes)))

    def _ladder(self, snapshot: Snapshot, others: Book, fair: float, spread: Decimal) -> Ladder:
        fair_over, fair_under = fair.as_integer_ratio()
        bids: list[int] = []
        asks: list[int] = []
        bid_limit, ask_limit = others.best_ask - 1, others.best_bid + 1
        for below, above in _places(self._settings, self._max_inventory, snapshot.position.base_units, spread):
            bid = min(fair_over * below.numerator // (fair_under * below.denominator), bid_limit)
            ask = max(-(-fair_over * above.numerator // (fair_under * above.denominator)), ask_limit)
            if bid > 0:
                bids.append(bid)
            asks.append(ask)
            bid_limit, ask_limit = bid - 1, ask + 1  # two levels never share a price
        return Ladder(tuple(bids), tuple(asks))

    def _bids(
        self, snapshot: Snapshot, prices: tuple[int, ...], size: EffectiveSize, notes: list[str]
    ) -> list[QuoteLevel]:
        if size.reason != "configured":
            notes.append("size_raised" if size.reason == "raised" else size.reason)
        if size.lots == 0:
            return []
        if snapshot.last_buy_mono and snapshot.mono - snapshot.last_buy_mono < self._fill_delay:
            notes.append("fill_delay_bid")
            return []
        instrument = snapshot.instrument
        cap = min(int(self._max_inventory), self._max_position_units)
        room = max(0, instrument.lots_in(cap - snapshot.position.base_units))
        funds = _spendable_units(snapshot)
        levels: list[QuoteLevel] = []
        for level, ticks in enumerate(prices):
            if not self._in_band(snapshot, Side.BUY, ticks):
                notes.append("price_band")
                continue
            affordable = max(0, funds) // instrument.notional_units(ticks, 1)
            lots = min(size.lots, room, affordable)
            if lots < size.lots:
                notes.append("max_inventory" if room <= affordable else "no_funds_bid")
            if lots < size.smallest:
                break  # bought, it could not be sold again
            levels.append(QuoteLevel(Side.BUY, ticks, lots, level))
            room -= lots
            funds -= instrument.notional_units(ticks, lots)
        return levels

    def _asks(
        self, snapshot: Snapshot, prices: tuple[int, ...], size: EffectiveSize | None, notes: list[str]
    ) -> list[QuoteLevel]:
        instrument = snapshot.instrument
        left = instrument.lots_in(_sellable_units(snapshot))
        if left <= 0:
            notes.append("seeding")
            return []
        if snapshot.last_sell_mono and snapshot.mono - snapshot.last_sell_mono < self._fill_delay:
            notes.append("fill_delay_ask")
            return []
        one = max(size.lots or size.smallest, 1) if size else left
        levels: list[QuoteLevel] = []
        for level, ticks in enumerate(prices):
            if not self._in_band(snapshot, Side.SELL, ticks):
                notes.append("price_band")
                continue
            lots = min(one, left)
            if left - lots > 0 and not is_sellable(left - lots, instrument, ticks, self._settings.dust_margin):
                lots = left  # the rest alone could not be sold any more
            lots = min(lots, instrument.max_lots)
            if not is_sellable(lots, instrument, ticks, _NO_FALL):
                if left:
                    notes.append("dust")
                break
            levels.append(QuoteLevel(Side.SELL, ticks, lots, level))
            left -= lots
        return levels

    def _in_band(self, snapshot: Snapshot, side: Side, ticks: int) -> bool:
        price = snapshot.instrument.price(ticks)
        ceiling = self._settings.price_ceiling
        if ceiling and price > ceiling:
            return False
        return side is Side.SELL or price >= self._settings.price_floor


@lru_cache(maxsize=64)
def _places(
    settings: StrategySettings, max_inventory: Fraction, held_units: int, spread: Decimal
) -> tuple[tuple[Fraction, Fraction], ...]:
    """Bid and ask of each level as multiples of the fair value; they change with the position, not with the book."""
    half = Fraction(spread) / 2
    target = max_inventory * Fraction(settings.inventory_target)
    deviated = deviation(held_units, target, int(max_inventory))
    shift = quote_shift(deviated, Fraction(settings.inventory_skew), half)
    spacing = Fraction(settings.level_spacing)
    return tuple(
        (1 - half - level * spacing + shift, 1 + half + level * spacing + shift) for level in range(settings.levels)
    )


def _unfit(snapshot: Snapshot, others: Book) -> str:
    if not snapshot.market_ok:
        return "market_down"
    if snapshot.book.is_crossed:
        return "crossed_book"
    return "" if others.is_two_sided else "one_sided_book"


def _spendable_units(snapshot: Snapshot) -> int:
    """Quote for all bids together: the wish replaces own bids, so what they hold counts too."""
    held = sum(snapshot.instrument.notional_units(o.ticks, o.lots) for o in snapshot.own_orders if o.side is Side.BUY)
    return snapshot.free_quote_units + held


def _sellable_units(snapshot: Snapshot) -> int:
    """Base for all asks together: free, or locked by own asks that the wish replaces; never more than is owned."""
    held = sum(snapshot.instrument.base_units(o.lots) for o in snapshot.own_orders if o.side is Side.SELL)
    return min(snapshot.free_base_units + held, snapshot.position.base_units)
