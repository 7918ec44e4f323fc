"""The venue as an `Exchange` without a wire: the same answers and events, straight from the façade.

For virtual time, where HTTP and sockets have no place. Latency is the clock's; nothing here is random.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import takewhile

from mm.domain.book import Book
from mm.domain.errors import ExchangeError
from mm.domain.events import BalanceSeen, BookSeen, FillSeen, MarketTradeSeen, OrderSeen, StreamUp
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument, to_units
from mm.domain.order import OrderIntent, OrderReport, OrderStatus, OrderType, Side
from mm.exchange.refusals import Meaning, meaning_of_code
from mm.exchange.venue.book import Book as VenueBook
from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.events import AccountPosition, ExecutionReport, VenueEvent
from mm.exchange.venue.print import Print
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder, OrderView, TradeView
from mm.ports import Account, Balance, CancelAnswer, Clock, EventSink, KeyPermissions, PlaceAnswer, Rejected, Unknown

_STATUS = {
    "NEW": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.OPEN,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
_STEP_SECONDS = 0.1


class InProcessExchange:
    """Plays `mm.ports.Exchange` for one account and symbol. `advance(now_ms)` drives the market between steps,
    `step_seconds` apart (None: a tenth of a second). `only_changes`: a book is told when it changed, as on a depth
    stream, else at every step."""

    fence_seconds = 13.0

    def __init__(
        self,
        venue: Venue,
        uid: int,
        symbol: str,
        *,
        clock: Clock,
        advance: Callable[[int], None],
        depth: int = 10,
        step_seconds: float | None = None,
        only_changes: bool = False,
    ) -> None:
        self._venue = venue
        self.uid = uid
        self._symbol = symbol
        self._clock = clock
        self._advance = advance
        self._depth = depth
        self._step_seconds = step_seconds
        self._only_changes = only_changes
        self._rules = venue.market(symbol).rules
        self._grid = self._instrument()

    # --- orders -----------------------------------------------------------------------

    async def place(self, intent: OrderIntent) -> PlaceAnswer:
        order = NewOrder(
            symbol=intent.symbol,
            side=str(intent.side),
            type=str(intent.type),
            quantity=self._grid.size(intent.lots),
            price=None if intent.type is OrderType.MARKET else self._grid.price(intent.ticks),
            time_in_force="GTC" if intent.type is OrderType.LIMIT else None,
            client_id=intent.client_id,
        )
        try:
            return self._report(self._venue.place(self.uid, order))
        except VenueError as error:
            return _refused(error)

    async def cancel(self, client_id: str) -> CancelAnswer:
        try:
            return self._report(self._venue.cancel(self.uid, self._symbol, orig_client_id=client_id))
        except VenueError as error:
            return _refused(error)

    # --- reads ------------------------------------------------------------------------

    async def server_time_ms(self) -> int:
        return self._venue.now_ms()

    async def resync_clock(self) -> tuple[int, float]:
        return self._venue.now_ms() - self._clock.now() // 1_000_000, 0.0

    async def instrument(self, symbol: str) -> Instrument:
        assert symbol == self._symbol  # noqa: S101 - one symbol is what this object is for
        return self._grid

    async def fee_rates(self, symbol: str) -> FeeRates:
        state = self._venue.account(self.uid)
        return FeeRates(state.maker_fee, state.taker_fee, state.burns_bnb)

    async def account(self) -> Account:
        state = self._venue.account(self.uid)
        balances = tuple(Balance(b.asset, to_units(b.free), to_units(b.locked)) for b in state.balances)
        return Account(str(self.uid), can_trade=True, balances=balances)

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        return tuple(self._report(view) for view in self._venue.open_orders(self.uid, symbol))

    async def order(self, client_id: str) -> OrderReport | None:
        return self._found(orig_client_id=client_id)

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None:
        return self._found(order_id=int(exchange_id))

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        found = self._venue.all_orders(self.uid, symbol, from_order_id=from_exchange_id, limit=limit)
        return tuple(self._report(view) for view in found)

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        return tuple(
            self._fill(trade, client_id="")
            for trade in self._venue.my_trades(self.uid, symbol, from_id=from_id, limit=limit)
        )

    async def last_price(self, symbol: str) -> Decimal:
        price = self._venue.last_price(symbol)
        if price is None:
            raise ExchangeError(f"{symbol} has not traded yet")
        return price

    async def key_permissions(self) -> KeyPermissions | None:
        return None

    # --- streams ----------------------------------------------------------------------

    async def run(self, sink: EventSink) -> None:
        """The market moves while this runs. The account's events are those of this account alone."""
        unsubscribe = self._venue.subscribe(lambda event: self._tell(event, sink), public=False)
        market, clock = self._venue.market(self._symbol), self._clock
        tape = market.tape
        told = tape.prints[-1].trade_id if tape.prints else 0
        pause = self._step_seconds or _STEP_SECONDS
        shown = -1
        try:
            for stream in ("market", "account"):
                sink(StreamUp(stream=stream, **self._now()))
            while True:
                now_ms = self._venue.now_ms()
                self._advance(now_ms)
                at, mono = clock.now(), clock.monotonic()
                for trade in _after(tape.prints, told):
                    told = trade.trade_id
                    sink(
                        MarketTradeSeen(
                            at=at,
                            mono=mono,
                            ticks=trade.ticks,
                            lots=trade.lots,
                            buyer_is_maker=trade.buyer_is_maker,
                            trade_id=told,
                            exchange_ms=trade.time_ms,
                        )
                    )
                book_id = market.book.log.last_id
                if book_id != shown or not self._only_changes:
                    shown = book_id
                    sink(BookSeen(at=at, mono=mono, book=self._book(market.book), exchange_ms=now_ms))
                await clock.sleep(pause)
        finally:
            unsubscribe()

    async def close(self) -> None:
        return None

    # --- inside -------------------------------------------------------------------------

    def _tell(self, event: VenueEvent, sink: EventSink) -> None:
        if isinstance(event, ExecutionReport) and event.uid == self.uid:
            self._tell_report(event, sink)
        elif isinstance(event, AccountPosition) and event.uid == self.uid:
            for b in event.balances:
                seen = BalanceSeen(
                    asset=b.asset, free_units=to_units(b.free), locked_units=to_units(b.locked), **self._now()
                )
                sink(seen)

    def _tell_report(self, event: ExecutionReport, sink: EventSink) -> None:
        view = self._venue.order(self.uid, event.symbol, event.order_id)
        if event.trade_id >= 0:
            trade = self._venue.my_trades(self.uid, event.symbol, from_id=event.trade_id, limit=1)[0]
            sink(FillSeen(fill=self._fill(trade, client_id=view.orig_client_id), source="stream", **self._now()))
        sink(OrderSeen(report=self._report(view), source="stream", **self._now()))

    def _found(self, order_id: int | None = None, orig_client_id: str | None = None) -> OrderReport | None:
        try:
            return self._report(self._venue.order(self.uid, self._symbol, order_id, orig_client_id))
        except VenueError as error:
            if error.code != -2013:
                raise
            return None

    def _report(self, view: OrderView) -> OrderReport:
        return OrderReport(
            client_id=view.orig_client_id,
            exchange_id=str(view.order_id),
            symbol=view.symbol,
            side=Side(view.side),
            type=view.type,
            status=_STATUS[view.status],
            ticks=self._grid.ticks(view.price),
            lots=self._grid.lots(view.quantity),
            executed_lots=self._grid.lots(view.executed),
            quote_units=to_units(view.quote_executed),
            updated_ms=view.updated_ms,
            fills=tuple(self._fill(trade, client_id=view.orig_client_id) for trade in view.fills),
            created_ms=view.created_ms,
        )

    def _fill(self, trade: TradeView, client_id: str) -> Fill:
        fee = to_units(trade.commission)
        ticks = self._grid.ticks(trade.price)
        in_quote = {self._grid.quote: fee, self._grid.base: self._grid.value_units(fee, ticks)}
        return Fill(
            symbol=trade.symbol,
            trade_id=trade.trade_id,
            exchange_id=str(trade.order_id),
            client_id=client_id,
            buy=trade.is_buyer,
            ticks=ticks,
            lots=self._grid.lots(trade.quantity),
            quote_units=to_units(trade.quote),
            fee_units=fee,
            fee_asset=trade.commission_asset,
            fee_quote_units=in_quote.get(trade.commission_asset),
            maker=trade.is_maker,
            time_ms=trade.time_ms,
        )

    def _book(self, book: VenueBook) -> Book:
        depth = self._depth
        return Book(tuple(book.levels(depth, buy=True)), tuple(book.levels(depth, buy=False)), book.log.last_id)

    def _instrument(self) -> Instrument:
        rules = self._rules
        return Instrument(
            symbol=rules.symbol,
            base=rules.base,
            quote=rules.quote,
            tick_size=rules.tick_size,
            lot_size=rules.lot_size,
            min_lots=1,
            max_lots=int(rules.max_quantity / rules.lot_size),
            min_notional=rules.min_notional,
            max_notional=rules.max_notional,
            max_open_orders=rules.max_orders,
            price_up=rules.price_up,
            price_down=rules.price_down,
        )

    def _now(self) -> dict[str, int]:
        return {"at": self._clock.now(), "mono": self._clock.monotonic()}


def _after(prints: Sequence[Print], told: int) -> Sequence[Print]:
    """Trades that are newer than trade `told`, oldest first."""
    if not prints or prints[-1].trade_id <= told:
        return ()
    return list(takewhile(lambda trade: trade.trade_id > told, reversed(prints)))[::-1]


def _refused(error: VenueError) -> Rejected | Unknown:
    """As over the wire: an order whose id is open already may be this very order, so nothing is known of it."""
    meaning, reason = meaning_of_code(error.code, error.message)
    if meaning in (Meaning.REFUSED, Meaning.REFUSED_NOW):
        return Rejected(error.code, reason, error.message)
    return Unknown(error.message)
