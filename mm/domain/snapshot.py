"""The read-only picture that strategy and risk decide on. Built by the engine, never kept."""

from typing import NamedTuple

from mm.domain.book import Book
from mm.domain.fill import FeeRates
from mm.domain.instrument import Instrument
from mm.domain.order import OwnOrder
from mm.domain.position import Position
from mm.domain.risk import RiskBaseline


class Snapshot(NamedTuple):
    """One moment.

    `book` is the market with own orders still in it, `own_orders` every live or unknown order of the bot.
    `book_mono` when the book was last confirmed by data; `reference_ticks` a slow reference price from trades,
    independent of the resting book (0: none yet). `free_quote_units`, `free_base_units`: what the bot may still
    commit, holds of its own orders already taken off and never more than its capital and its own base.
    `last_buy_mono`, `last_sell_mono`: the last fill of each side (0: none). `market_ok`: stream up, no gap.
    `others`: what `others_book` answers, where the engine has it already.
    """

    at: int
    mono: int
    instrument: Instrument
    fees: FeeRates
    book: Book
    book_mono: int
    market_ok: bool
    reference_ticks: float
    own_orders: tuple[OwnOrder, ...]
    position: Position
    equity_units: int
    baseline: RiskBaseline
    free_quote_units: int
    free_base_units: int
    last_buy_mono: int = 0
    last_sell_mono: int = 0
    others: Book | None = None

    def others_book(self) -> Book:
        """The book without own orders."""
        return self.others or self.book.minus_own_orders(self.own_orders)
