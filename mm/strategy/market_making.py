"""Quotes on both sides of a fair value, leaning towards an inventory target. A pure function of the snapshot."""

from typing import NamedTuple

from mm.domain.book import Book
from mm.domain.order import Side
from mm.domain.quote import Quote, QuoteLevel
from mm.domain.snapshot import Snapshot
from mm.fields import nanoseconds
from mm.strategy.effective_size import EffectiveSize
from mm.strategy.fair_value import FAIR_VALUES
from mm.strategy.settings import StrategySettings
from mm.strategy.terms import Terms

_BUY, _SELL = Side.BUY, Side.SELL


class Ladder(NamedTuple):
    """Prices in ticks, best first; bids floored, asks ceiled, never crossing the book of others."""

    bids: list[int]
    asks: list[int]


class MarketMaking:
    """Notes it may give: `market_down`, `one_sided_book`, `crossed_book`, `spread_floor`, `size_raised`,
    `min_notional`, `max_position`, `max_lots`, `max_inventory`, `no_funds_bid`, `seeding`, `dust`, `price_band`,
    `fill_delay_bid`, `fill_delay_ask`."""

    def __init__(self, settings: StrategySettings, max_position_units: int) -> None:
        self._settings = settings
        self._max_position_units = max_position_units
        self._fill_delay = nanoseconds(settings.fill_delay)
        self._fair_value = FAIR_VALUES[settings.fair_value]
        self._terms: Terms | None = None

    def quote(self, snapshot: Snapshot) -> Quote:
        others = snapshot.others_book()
        unfit = _unfit(snapshot, others)
        fair = self._fair_value(others)
        if unfit or fair is None:
            return Quote((), fair or 0.0, (unfit or "one_sided_book",))
        terms = self._terms_of(snapshot)
        notes: list[str] = []
        if terms.is_spread_raised:
            notes.append("spread_floor")
        ladder = _ladder(terms, snapshot, others, fair)
        bids: list[QuoteLevel] = []
        size = None
        if ladder.bids:
            # One size for all levels, from the deepest bid: what is bought lowest is the hardest to sell again.
            size = terms.sizes.at(ladder.bids[-1])
            bids = self._bids(terms, snapshot, ladder.bids, size, notes)
        asks = self._asks(terms, snapshot, ladder.asks, size, notes)
        return Quote((*bids, *asks), fair, tuple(dict.fromkeys(notes)))

    def _terms_of(self, snapshot: Snapshot) -> Terms:
        """The same object for the whole of a run: neither the symbol's rules nor the fees change in it."""
        terms = self._terms
        if terms is None or terms.instrument is not snapshot.instrument or terms.fees is not snapshot.fees:
            terms = Terms(self._settings, snapshot.instrument, snapshot.fees, self._max_position_units)
            self._terms = terms
        return terms

    def _bids(
        self, terms: Terms, snapshot: Snapshot, prices: list[int], size: EffectiveSize, notes: list[str]
    ) -> list[QuoteLevel]:
        if size.reason != "configured":
            notes.append("size_raised" if size.reason == "raised" else size.reason)
        if size.lots == 0:
            return []
        if snapshot.last_buy_mono and snapshot.mono - snapshot.last_buy_mono < self._fill_delay:
            notes.append("fill_delay_bid")
            return []
        instrument = snapshot.instrument
        room = max(0, instrument.lots_in(terms.most_units - snapshot.position.base_units))
        funds = _spendable_units(snapshot)
        levels: list[QuoteLevel] = []
        for level, ticks in enumerate(prices):
            if ticks < terms.floor_ticks or _is_too_high(terms, ticks):
                notes.append("price_band")
                continue
            affordable = max(0, funds) // instrument.notional_units(ticks, 1)
            lots = min(size.lots, room, affordable)
            if lots < size.lots:
                notes.append("max_inventory" if room <= affordable else "no_funds_bid")
            if lots < size.smallest:
                break  # bought, it could not be sold again
            levels.append(QuoteLevel(_BUY, ticks, lots, level))
            room -= lots
            funds -= instrument.notional_units(ticks, lots)
        return levels

    def _asks(
        self, terms: Terms, snapshot: Snapshot, prices: list[int], size: EffectiveSize | None, notes: list[str]
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
            if _is_too_high(terms, ticks):
                notes.append("price_band")
                continue
            lots = min(one, left)
            if left - lots > 0 and not terms.sizes.after_a_fall.at(left - lots, ticks):
                lots = left  # the rest alone could not be sold any more
            lots = min(lots, instrument.max_lots)
            if not terms.sizes.at_once.at(lots, ticks):
                if left:
                    notes.append("dust")
                break
            levels.append(QuoteLevel(_SELL, ticks, lots, level))
            left -= lots
        return levels


def _ladder(terms: Terms, snapshot: Snapshot, others: Book, fair: float) -> Ladder:
    fair_over, fair_under = fair.as_integer_ratio()
    bids: list[int] = []
    asks: list[int] = []
    bid_limit, ask_limit = others.best_ask - 1, others.best_bid + 1
    for place in terms.places(snapshot.position.base_units):
        bid = min(fair_over * place.bid_over // (fair_under * place.bid_under), bid_limit)
        ask = max(-(-fair_over * place.ask_over // (fair_under * place.ask_under)), ask_limit)
        if bid > 0:
            bids.append(bid)
        asks.append(ask)
        bid_limit, ask_limit = bid - 1, ask + 1  # two levels never share a price
    return Ladder(bids, asks)


def _is_too_high(terms: Terms, ticks: int) -> bool:
    return terms.has_ceiling and ticks > terms.ceiling_ticks


def _unfit(snapshot: Snapshot, others: Book) -> str:
    if not snapshot.market_ok:
        return "market_down"
    if snapshot.book.is_crossed:
        return "crossed_book"
    return "" if others.is_two_sided else "one_sided_book"


def _spendable_units(snapshot: Snapshot) -> int:
    """Quote for all bids together: the wish replaces own bids, so what they hold counts too."""
    value = snapshot.instrument.notional_units
    return snapshot.free_quote_units + sum([value(o.ticks, o.lots) for o in snapshot.own_orders if o.side is _BUY])


def _sellable_units(snapshot: Snapshot) -> int:
    """Base for all asks together: free, or locked by own asks that the wish replaces; never more than is owned."""
    held = snapshot.instrument.base_units(sum([o.lots for o in snapshot.own_orders if o.side is _SELL]))
    return min(snapshot.free_base_units + held, snapshot.position.base_units)
