"""What the engine knows of its own money. All amounts in 1e-8 units."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from mm.domain.actions import RecordEquity
from mm.domain.book import Book
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
    """What `orders` lock: quote for bids, base for asks. Worked out anew only for other orders."""

    orders: tuple[OwnOrder, ...]
    quote_units: int
    base_units: int

    @classmethod
    def of(cls, orders: tuple[OwnOrder, ...], instrument: Instrument) -> "_Holds":
        quote_units = sum(instrument.notional_units(order.ticks, order.lots) for order in orders if order.side is _BUY)
        base_units = sum(instrument.base_units(order.lots) for order in orders if order.side is _SELL)
        return cls(orders, quote_units, base_units)


class _Others(NamedTuple):
    """What `others` was made of."""

    book: Book
    own: tuple[OwnOrder, ...]
    others: Book


class Account:
    """Position and cash from the bot's own fills; the exchange's balances only ever lower what may be spent."""

    def __init__(self, instrument: Instrument, recovery: Recovery) -> None:
        self._instrument = instrument
        self.position: Position = recovery.position
        self._kept = {baseline.asset: baseline.units for baseline in recovery.balances}
        self._balances: dict[str, tuple[int, int]] = {}
        self._mark_ticks = 0
        self._since_fill_mono: dict[Side, int] = {Side.BUY: 0, Side.SELL: 0}
        self._short_before = False
        self._is_settled = True
        self._holds = _Holds.of((), instrument)
        self._known_others = _Others(_NO_BOOK, (), _NO_BOOK)
        # Cash alone until a price is seen: right without base, and not believed with it (`is_marked`).
        self.equity_units = self.position.equity_units(instrument, 0)

    def on_fill(self, fill: Fill, mono: int) -> None:
        self.position = self.position.after(fill, self._instrument)
        self._since_fill_mono[Side.BUY if fill.buy else Side.SELL] = mono
        self._is_settled = False

    def on_balance(self, event: BalanceSeen) -> None:
        self._balances[event.asset] = (event.free_units, event.locked_units)

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
        bid = self._others(market.book, orders.own_orders()).best_bid
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
        own = orders.own_orders()
        instrument, position = self._instrument, self.position
        if self._holds.orders is not own:
            self._holds = _Holds.of(own, instrument)
        return Snapshot(
            at=at,
            mono=mono,
            instrument=instrument,
            fees=setup.fees,
            book=market.book,
            book_mono=market.book_mono,
            market_ok=market.is_up,
            reference_ticks=market.reference_ticks,
            own_orders=own,
            position=position,
            equity_units=self.equity_units,
            baseline=baseline,
            free_quote_units=max(0, self._spendable(instrument.quote, position.cash_units) - self._holds.quote_units),
            free_base_units=max(0, self._spendable(instrument.base, position.base_units) - self._holds.base_units),
            last_buy_mono=self._since_fill_mono[_BUY],
            last_sell_mono=self._since_fill_mono[_SELL],
            others=self._others(market.book, own),
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

    def _others(self, book: Book, own: tuple[OwnOrder, ...]) -> Book:
        """The book as others make it; taken apart once for a book and the orders in it."""
        known = self._known_others
        if known.book is not book or known.own is not own:
            others = book.minus_own_orders([order for order in own if order.is_in_market])
            known = self._known_others = _Others(book, own, others)
        return known.others

    def _spendable(self, asset: str, ours: int) -> int:
        """Never more than our own, and never what the account held before (once the exchange told balances)."""
        if asset not in self._balances:
            return ours
        free, locked = self._balances[asset]
        return min(ours, max(0, free + locked - self._kept.get(asset, 0)))
