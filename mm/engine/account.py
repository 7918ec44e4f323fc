"""What the engine knows of its own money. All amounts in 1e-8 units."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from mm.domain.actions import RecordEquity
from mm.domain.book import Book, OwnSizes
from mm.domain.events import BalanceSeen, CapitalFlowSeen
from mm.domain.fill import Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderStatus, OwnOrder, Side
from mm.domain.position import Position
from mm.domain.records import Recovery
from mm.domain.risk import RiskBaseline
from mm.domain.snapshot import Snapshot
from mm.engine.market import Market
from mm.engine.setup import EngineSetup
from mm.execution.order_manager import OrderManager

_BUY, _SELL = Side.BUY, Side.SELL
_NO_BOOK = Book((), ())


@dataclass(frozen=True, slots=True)
class _Holds:
    """What `orders` lock, quote for bids and base for asks, and where they stand. Worked out anew only for others."""

    orders: tuple[OwnOrder, ...]
    quote_units: int
    base_units: int
    sizes: OwnSizes

    @classmethod
    def of(cls, orders: tuple[OwnOrder, ...], instrument: Instrument) -> "_Holds":
        quote_units = sum(instrument.notional_units(order.ticks, order.lots) for order in orders if order.side is _BUY)
        base_units = sum(instrument.base_units(order.lots) for order in orders if order.side is _SELL)
        return cls(orders, quote_units, base_units, OwnSizes.of(orders))


class _Free(NamedTuple):
    """What `quote_units` and `base_units` that may still be committed were made of: none of it changes in place."""

    holds: _Holds
    position: Position
    balances: dict[str, tuple[int, int]]
    quote_units: int
    base_units: int


class _Others(NamedTuple):
    """What `others` was made of."""

    book: Book
    holds: _Holds
    others: Book


class Account:
    """Position and cash from the bot's own fills; the exchange's balances only ever lower what may be spent."""

    def __init__(self, instrument: Instrument, recovery: Recovery) -> None:
        self._instrument = instrument
        self.position: Position = recovery.position
        self._kept = {baseline.asset: baseline.units for baseline in recovery.balances}
        self._balances: dict[str, tuple[int, int]] = {}
        self._mark_ticks = 0
        self._last_buy_mono = 0
        self._last_sell_mono = 0
        self._short_before = False
        self._is_settled = True
        self._holds = _Holds.of((), instrument)
        self._known_others = _Others(_NO_BOOK, self._holds, _NO_BOOK)
        self._free: _Free | None = None
        # Cash alone until a price is seen: right without base, and not believed with it (`is_marked`).
        self.equity_units = self.position.equity_units(instrument, 0)

    def on_fill(self, fill: Fill, mono: int) -> None:
        self.position = self.position.after(fill, self._instrument)
        if fill.buy:
            self._last_buy_mono = mono
        else:
            self._last_sell_mono = mono
        self._is_settled = False

    def on_balance(self, event: BalanceSeen) -> None:
        self._balances = {**self._balances, event.asset: (event.free_units, event.locked_units)}

    def on_flow(self, event: CapitalFlowSeen) -> None:
        position = self.position
        self.position = Position(
            position.base_units,
            position.cash_units + event.quote_units,
            position.cost_units,
            position.realised_units,
            position.third_fee_units,
        )
        self.equity_units += event.quote_units  # as the baseline it is compared with moves

    def mark(self, market: Market, orders: OrderManager) -> None:
        """Equity at the best bid of others; without a book the last mark stands."""
        bid = self._others(market.book, self._holds_of(orders)).best_bid
        if bid:
            self._mark_ticks = bid
        self.equity_units = self.position.equity_units(self._instrument, self._mark_ticks)

    @property
    def is_marked(self) -> bool:
        """False while base is held and no price was seen: equity is then not known, rather than low."""
        return self._mark_ticks > 0 or self.position.base_units == 0

    def problems(self) -> tuple[str, ...]:
        """Base that the ledger says the bot holds and the exchange does not have (ledger against exchange).

        Told only when two reads in a row agree with no fill between them: a fill and a balance travel apart.
        """
        free, locked = self._balances.get(self._instrument.base, (0, 0))
        missing = self._kept.get(self._instrument.base, 0) + self.position.base_units - free - locked
        settled, self._is_settled = self._is_settled, True
        is_short = missing > 0
        if is_short and settled and self._short_before:
            held = Decimal(missing).scaleb(-8)
            return (f"{held:f} {self._instrument.base} that the ledger holds are missing at the exchange",)
        self._short_before = is_short and settled
        return ()

    def snapshot(
        self, market: Market, orders: OrderManager, setup: EngineSetup, baseline: RiskBaseline, *, at: int, mono: int
    ) -> Snapshot:
        holds = self._holds_of(orders)
        free = self._free
        if (
            free is None
            or free.holds is not holds
            or free.position is not self.position
            or free.balances is not self._balances
        ):
            free = self._free = self._free_with(holds)
        # By place, since names cost as much again and this is made for every event that is looked at.
        return Snapshot(
            at,
            mono,
            self._instrument,
            setup.fees,
            market.book,
            market.book_mono,
            market.is_up,
            market.reference_ticks,
            holds.orders,
            self.position,
            self.equity_units,
            baseline,
            free.quote_units,
            free.base_units,
            self._last_buy_mono,
            self._last_sell_mono,
            self._others(market.book, holds),
        )

    def equity_record(self, market: Market, orders: OrderManager, baseline: RiskBaseline) -> RecordEquity:
        book = market.book
        own = [order for order in orders.own_orders() if order.status is OrderStatus.OPEN]
        bids = [order.ticks for order in own if order.side is Side.BUY]
        asks = [order.ticks for order in own if order.side is Side.SELL]
        drawdown = Decimal(baseline.peak_units - self.equity_units) / baseline.capital_units
        return RecordEquity(
            equity_units=self.equity_units,
            position=self.position,
            bid_ticks=book.best_bid,
            ask_ticks=book.best_ask,
            day_pnl_units=self.equity_units - baseline.day_start_units,
            peak_units=baseline.peak_units,
            drawdown=max(Decimal(0), drawdown),
            spread_ticks=min(asks) - max(bids) if bids and asks else 0,
        )

    def _holds_of(self, orders: OrderManager) -> _Holds:
        own = orders.own_orders()
        if self._holds.orders is not own:
            self._holds = _Holds.of(own, self._instrument)
        return self._holds

    def _free_with(self, holds: _Holds) -> _Free:
        instrument, position = self._instrument, self.position
        quote = self._spendable(instrument.quote, position.cash_units) - holds.quote_units
        base = self._spendable(instrument.base, position.base_units) - holds.base_units
        return _Free(holds, position, self._balances, max(0, quote), max(0, base))

    def _others(self, book: Book, holds: _Holds) -> Book:
        """The book as others make it; taken apart once for a book and the orders in it."""
        known = self._known_others
        if known.book is not book or known.holds is not holds:
            known = self._known_others = _Others(book, holds, book.minus(holds.sizes))
        return known.others

    def _spendable(self, asset: str, ours: int) -> int:
        """Never more than our own, and never what the account held before (once the exchange told balances)."""
        if asset not in self._balances:
            return ours
        free, locked = self._balances[asset]
        return min(ours, max(0, free + locked - self._kept.get(asset, 0)))
