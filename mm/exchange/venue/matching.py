"""Takes orders in, matches them, settles fills. Collects every change; whoever calls it commits them."""

from collections.abc import Callable
from dataclasses import dataclass

from mm.exchange.venue.account import Account
from mm.exchange.venue.admission import Request
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.entry import enter
from mm.exchange.venue.fees import BnbRates
from mm.exchange.venue.ids import Ids
from mm.exchange.venue.list_keeping import ListKeeping
from mm.exchange.venue.order import MARKET_UID, Appetite, Match, Order, Plan
from mm.exchange.venue.prevention import prevent
from mm.exchange.venue.records import PreventedMatch, Prevention
from mm.exchange.venue.reports import execution_report, public_trade, trade_view
from mm.exchange.venue.settlement import hold, needs, settle
from mm.exchange.venue.symbol_market import SymbolMarket
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.tape import Print
from mm.exchange.venue.views import TradeView

__all__ = ["Matching", "Outcome", "SymbolMarket"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order as it was placed."""

    order: Order
    fills: tuple[TradeView, ...] = ()
    prevented: tuple[PreventedMatch, ...] = ()


class Matching:
    """`accounts` by uid; orders of `MARKET_UID` are the anonymous market's: no balances, no reports, no record."""

    def __init__(
        self,
        accounts: dict[int, Account],
        ids: Ids,
        changes: Changes,
        now_ms: Callable[[], int],
        bnb: BnbRates,
    ) -> None:
        self.accounts = accounts
        self.ids = ids
        self.changes = changes
        self.now_ms = now_ms
        self.lists = ListKeeping(self)
        self._bnb = bnb
        self._anonymous = 0
        self.has_listeners = False
        self.has_public_listeners = False

    # --- orders of accounts ------------------------------------------------------------

    def check(self, account: Account, request: Request, market: SymbolMarket) -> Plan:
        """Raises what `place` raises; returns what the order would take."""
        return enter(account, request, market, self.now_ms())

    def place(self, account: Account, request: Request, market: SymbolMarket) -> Outcome:
        plan = self.check(account, request, market)
        order = self.accept(account, request, plan, market.rules)
        if order.ticks or order.stop_ticks:
            hold(account, order, needs(order, market.rules), market.rules, self.changes)
        if order.stop_ticks:
            self.wait(order, market)
            return Outcome(order)
        self.report(order, market.rules, "NEW", is_on_book=not plan.matches)
        return self.work(order, plan, market)  # stops it has reached go to work as the change is committed

    def accept(
        self, account: Account, request: Request, plan: Plan | None, rules: SymbolRules, list_id: int = -1
    ) -> Order:
        """A new order on record, without a hold, a report or a place yet."""
        order_id, now = self.ids.next("order"), self.now_ms()
        order = Order(
            order_id=order_id,
            uid=account.uid,
            symbol=rules.symbol,
            client_id=request.client_id or f"venue-{order_id}",
            buy=request.buy,
            type=request.type,
            time_in_force=request.time_in_force,
            ticks=request.ticks,
            lots=request.lots,
            created_ms=now,
            updated_ms=now,
            self_trade=request.self_trade,
            quote_target=request.quote_target,
            stop_ticks=request.stop_ticks,
            iceberg=request.iceberg,
            list_id=list_id,
            working_ms=-1 if request.stop_ticks else now,
            strategy_id=request.strategy_id,
            strategy_type=request.strategy_type,
        )
        if plan is not None and request.quote_target:
            order.lots = plan.asked(order.self_trade)
        account.add_order(order)
        self.changes.orders[order_id] = order
        self.changes.accounts[account.uid] = account
        return order

    def wait(self, order: Order, market: SymbolMarket) -> None:
        """A stop that is accepted: it holds its funds and waits outside the book."""
        market.stops.add(order)
        self.report(order, market.rules, "NEW")

    def rest(self, order: Order, market: SymbolMarket) -> None:
        market.book.rest(order)
        order.priority = market.book.log.last_id
        self.changes.orders[order.order_id] = order

    def work(self, order: Order, plan: Plan, market: SymbolMarket) -> Outcome:
        """Takes what the plan says; the rest goes into the book or ends."""
        if order.time_in_force == "FOK" and plan.lots < order.remaining:
            self.end(order, "EXPIRED", market, reason="UNFILLED_FOK_ORDER_EXPIRED")
            return Outcome(order)
        fills: list[TradeView] = []
        prevented: list[PreventedMatch] = []
        for place, match in enumerate(plan.matches):
            if match.prevented:
                prevented.append(prevent(self, order, match, market))
                continue
            completes = _completes(plan.matches, place)
            fill = self._trade(order, match, market, taker_buys=order.buy, completes=completes)
            if fill is not None:
                fills.append(fill)
        if order.is_open:
            if not order.ticks:
                self.end(order, "EXPIRED", market, reason="INSUFFICIENT_LIQUIDITY")
            elif order.time_in_force in {"IOC", "FOK"}:
                self.end(order, "EXPIRED", market, reason="UNFILLED_IOC_QUANTITY_EXPIRED")
            else:
                self.rest(order, market)
        return Outcome(order, tuple(fills), tuple(prevented))

    def end(
        self,
        order: Order,
        status: str,
        market: SymbolMarket,
        *,
        reason: str = "",
        cancel_id: str | None = None,
        prevention: Prevention | None = None,
    ) -> None:
        """Takes an open order out: CANCELED, EXPIRED or EXPIRED_IN_MATCH; its hold is released, its list ends too."""
        account = self.accounts[order.uid]
        if market.book.holds(order):
            market.book.remove(order)
        market.stops.discard(order)
        if order.held:
            hold(account, order, -order.held, market.rules, self.changes)
        if prevention is not None:
            order.prevented += prevention.lots
            order.prevented_match = prevention.match_id
        order.status, order.expiry = status, reason
        order.updated_ms = self.now_ms()
        account.open.pop(order.order_id, None)
        self.changes.orders[order.order_id] = order
        execution = status if prevention is None else "TRADE_PREVENTION"
        self.report(order, market.rules, execution, cancel_id=cancel_id, prevention=prevention)
        if order.list_id >= 0:
            self.lists.leg_ended(order, market, cancel_id)

    def fill_resting(self, order: Order, lots: int, market: SymbolMarket) -> None:
        """A recorded aggressor takes `lots` of a resting order at its own price."""
        self._trade(None, Match(order, order.ticks, lots), market, taker_buys=not order.buy, completes=True)

    # --- stops ---------------------------------------------------------------------------

    def fire(self, market: SymbolMarket) -> None:
        """Every stop that the trades since the last look have reached goes to work, one after the other."""
        while (order := market.stops.next_due()) is not None:
            self._trigger(order, market)

    def _trigger(self, order: Order, market: SymbolMarket) -> None:
        account, rules = self.accounts[order.uid], market.rules
        if order.list_id >= 0:
            self.lists.activate(order, market)
        if not order.ticks:
            hold(account, order, -order.held, rules, self.changes)
        plan = market.book.plan(
            Appetite(order.uid, order.buy, order.ticks or None, order.remaining, self_trade=order.self_trade)
        )
        if not order.ticks and order.buy and plan.notional * rules.quote_step > account.balance(rules.quote).free:
            self.end(order, "EXPIRED", market, reason="REJECTED")
            return
        order.working_ms = order.updated_ms = self.now_ms()
        self.changes.orders[order.order_id] = order
        self.report(order, rules, "NEW", is_on_book=not plan.matches)
        self.work(order, plan, market)

    # --- the anonymous market ----------------------------------------------------------

    def rest_anonymous(self, market: SymbolMarket, ticks: int, lots: int, *, buy: bool) -> Order | None:
        """A limit order that never takes: None when it would match."""
        other = market.book.best(buy=not buy)
        if other is not None and (ticks >= other if buy else ticks <= other):
            return None
        order = self._anonymous_order(market.rules.symbol, ticks, lots, buy=buy)
        market.book.rest(order)
        return order

    def take_anonymous(self, market: SymbolMarket, lots: int, limit: int | None, *, buy: bool) -> int:
        """An aggressor down to `limit` (IOC). Returns the lots it got."""
        order = self._anonymous_order(market.rules.symbol, limit or 0, lots, buy=buy)
        matches = market.book.plan(Appetite(MARKET_UID, buy, limit, lots)).matches
        for place, match in enumerate(matches):
            completes = _completes(matches, place)
            self._trade(order, match, market, taker_buys=buy, completes=completes)
        if market.stops.waiting:
            self.fire(market)
        return order.executed

    def print_recorded(self, market: SymbolMarket, ticks: int, lots: int, *, buyer_is_maker: bool) -> None:
        """A recorded trade between others."""
        self._publish(market, ticks, lots, buyer_is_maker=buyer_is_maker, completes=True)

    def _anonymous_order(self, symbol: str, ticks: int, lots: int, *, buy: bool) -> Order:
        self._anonymous -= 1  # below every account's order id
        return Order(self._anonymous, MARKET_UID, symbol, "", buy, "LIMIT", "GTC", ticks, lots, 0, 0)

    # --- fills -------------------------------------------------------------------------

    def _trade(
        self,
        taker: Order | None,
        match: Match,
        market: SymbolMarket,
        *,
        taker_buys: bool,
        completes: bool,
    ) -> TradeView | None:
        """One trade; returns the taker's fill when the taker is an account's. `completes`: the last at its price."""
        maker, ticks, lots = match.maker, match.ticks, match.lots
        trade = self._publish(market, ticks, lots, buyer_is_maker=not taker_buys, completes=completes)
        taker_fill = self._fill(taker, trade, market, is_maker=False) if taker is not None else None
        if maker is not None:
            self._fill(maker, trade, market, is_maker=True)
        market.book.take(maker, ticks, lots, buy=not taker_buys)
        return taker_fill

    def _publish(self, market: SymbolMarket, ticks: int, lots: int, *, buyer_is_maker: bool, completes: bool) -> Print:
        symbol = market.rules.symbol
        trade_id = self.ids.next(f"trade:{symbol}")
        if market.aggregate_id == 0:
            market.aggregate_id = self.ids.next(f"aggregate:{symbol}")
        trade = Print(trade_id, ticks, lots, self.now_ms(), buyer_is_maker, market.aggregate_id)
        if completes:
            market.aggregate_id = 0
        market.tape.add(trade)
        if market.stops.waiting:
            market.stops.note(ticks)
        if self.has_public_listeners:
            self.changes.events.append(public_trade(trade, market.rules, completes=completes))
        return trade

    def _fill(self, order: Order, trade: Print, market: SymbolMarket, *, is_maker: bool) -> TradeView | None:
        if order.uid == MARKET_UID:
            order.executed += trade.lots
            return None
        if order.list_id >= 0:
            self.lists.activate(order, market)
        rules, account = market.rules, self.accounts[order.uid]
        order.executed += trade.lots
        order.quote_units += trade.ticks * trade.lots * rules.quote_step
        order.status = "PARTIALLY_FILLED" if order.remaining else "FILLED"
        order.updated_ms = trade.time_ms
        fee, fee_asset = settle(account, order, trade, rules, changes=self.changes, bnb=self._bnb, is_maker=is_maker)
        view = trade_view(order, trade, rules, fee, fee_asset, is_maker=is_maker)
        account.trades.append(view)
        if not order.remaining:
            account.open.pop(order.order_id, None)
        self.changes.trades.append(view)
        self.changes.orders[order.order_id] = order
        self.report(order, rules, "TRADE", trade=view, is_on_book=bool(order.remaining) and is_maker)
        if order.list_id >= 0 and not order.remaining:
            self.lists.leg_ended(order, market, None)
        return view

    def report(
        self,
        order: Order,
        rules: SymbolRules,
        execution: str,
        *,
        trade: TradeView | None = None,
        cancel_id: str | None = None,
        is_on_book: bool = False,
        prevention: Prevention | None = None,
        orig_client_id: str = "",
    ) -> int:
        """Tells the account; returns the execution id."""
        account = self.changes.accounts[order.uid] = self.accounts[order.uid]
        account.updated_ms = order.updated_ms
        number = self.ids.next("execution")
        if self.has_listeners:
            self.changes.events.append(
                execution_report(
                    order,
                    rules,
                    execution,
                    number,
                    trade=trade,
                    cancel_id=cancel_id,
                    is_on_book=is_on_book,
                    prevention=prevention,
                    orig_client_id=orig_client_id,
                )
            )
        return number


def _completes(matches: list[Match], place: int) -> bool:
    """True for the last trade of a taker at a price."""
    after = place + 1
    return after == len(matches) or matches[after].prevented or matches[after].ticks != matches[place].ticks
