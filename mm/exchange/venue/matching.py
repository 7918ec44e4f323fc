"""Takes orders in, matches them, settles fills. Collects every change; whoever calls it commits them."""

from collections.abc import Callable
from dataclasses import dataclass

from mm.domain.instrument import from_units
from mm.exchange.venue.account import Account
from mm.exchange.venue.admission import Request
from mm.exchange.venue.book import Book
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.errors import DUPLICATE, INSUFFICIENT, WOULD_MATCH, rejected
from mm.exchange.venue.ids import Ids
from mm.exchange.venue.order import MARKET_UID, Appetite, Order, Plan
from mm.exchange.venue.reports import execution_report, public_trade
from mm.exchange.venue.settlement import hold, hold_units, release, settle
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.tape import Print, Tape
from mm.exchange.venue.views import TradeView


@dataclass(slots=True)
class SymbolMarket:
    rules: SymbolRules
    book: Book
    tape: Tape


class Matching:
    """`accounts` by uid; orders of `MARKET_UID` are the anonymous market's: no balances, no reports, no record."""

    def __init__(self, accounts: dict[int, Account], ids: Ids, changes: Changes, now_ms: Callable[[], int]) -> None:
        self._accounts = accounts
        self._ids = ids
        self._changes = changes
        self._now_ms = now_ms
        self._anonymous = 0
        self.has_listeners = False
        self.has_public_listeners = False

    # --- orders of accounts ------------------------------------------------------------

    def check(self, account: Account, request: Request, market: SymbolMarket) -> Plan:
        """Raises what `place` raises; returns what the order would take."""
        rules = market.rules
        request.check_filters(rules, market.tape.average(self._now_ms()), account.open_count(rules.symbol))
        if request.client_id is not None and account.open_client(rules.symbol, request.client_id):
            raise rejected(DUPLICATE)
        if request.type == "LIMIT_MAKER":
            other = market.book.best(buy=not request.buy)
            if other is not None and (request.ticks >= other if request.buy else request.ticks <= other):
                raise rejected(WOULD_MATCH)
            plan = Plan()
        else:
            plan = market.book.plan(_appetite(account.uid, request, rules))
        asset, needed = _funds(request, plan, rules)
        if account.balance(asset).free < needed:
            raise rejected(INSUFFICIENT)
        return plan

    def place(self, account: Account, request: Request, market: SymbolMarket) -> tuple[Order, list[TradeView]]:
        plan = self.check(account, request, market)
        order = self._accept(account, request, plan, market.rules)
        if order.ticks:
            hold(account, order, market.rules, self._changes)
        if order.time_in_force == "FOK" and plan.lots < order.lots:
            self.end(order, "EXPIRED", market)
            return order, []
        for maker in plan.prevented:
            self.end(maker, "EXPIRED_IN_MATCH", market, execution="TRADE_PREVENTION")
        fills = self._take(order, plan, market)
        if order.remaining or order.status == "NEW":
            if plan.taker_expires:
                self.end(order, "EXPIRED_IN_MATCH", market, execution="TRADE_PREVENTION")
            elif order.type == "MARKET" or order.time_in_force in {"IOC", "FOK"}:
                self.end(order, "EXPIRED", market)
            else:
                market.book.rest(order)
        return order, fills

    def _accept(self, account: Account, request: Request, plan: Plan, rules: SymbolRules) -> Order:
        order_id = self._ids.next("order")
        now = self._now_ms()
        order = Order(
            order_id=order_id,
            uid=account.uid,
            symbol=rules.symbol,
            client_id=request.client_id or f"venue-{order_id}",
            buy=request.buy,
            type=request.type,
            time_in_force=request.time_in_force,
            ticks=request.ticks,
            lots=plan.lots if request.quote_target else request.lots,
            created_ms=now,
            updated_ms=now,
            self_trade=request.self_trade,
            quote_target=request.quote_target,
        )
        account.add_order(order)
        self._changes.orders[order_id] = order
        self._changes.accounts[account.uid] = account
        self._report(order, rules, "NEW", is_on_book=order.ticks > 0 and not plan.matches)
        return order

    def end(
        self,
        order: Order,
        status: str,
        market: SymbolMarket,
        *,
        execution: str | None = None,
        cancel_id: str | None = None,
    ) -> None:
        """Takes an open order out: CANCELED, EXPIRED or EXPIRED_IN_MATCH; its hold is released."""
        account = self._accounts[order.uid]
        if market.book.holds(order):
            market.book.remove(order)
        if order.ticks:
            release(account, order, order.remaining, market.rules, self._changes)
        order.status = status
        order.updated_ms = self._now_ms()
        account.open.pop(order.order_id, None)
        self._changes.orders[order.order_id] = order
        self._report(order, market.rules, execution or status, cancel_id=cancel_id)

    def amend(self, order: Order, lots: int, market: SymbolMarket, new_client_id: str) -> None:
        """Fewer lots, the same place in the queue."""
        account = self._accounts[order.uid]
        gone = order.lots - lots
        market.book.shrink(order, gone)
        release(account, order, gone, market.rules, self._changes)
        order.lots = lots
        order.updated_ms = self._now_ms()
        old_id, order.client_id = order.client_id, new_client_id
        account.by_client.pop((order.symbol, old_id), None)
        account.by_client[order.symbol, new_client_id] = order
        self._changes.orders[order.order_id] = order
        self._report(order, market.rules, "REPLACED", cancel_id=None, is_on_book=True)

    def fill_resting(self, order: Order, lots: int, market: SymbolMarket) -> None:
        """A recorded aggressor takes `lots` of a resting order at its own price."""
        self._trade(None, order, order.ticks, lots, market, buyer_is_maker=order.buy)

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
        self._take(order, market.book.plan(Appetite(MARKET_UID, buy, limit, lots)), market)
        return order.executed

    def print_recorded(self, market: SymbolMarket, ticks: int, lots: int, *, buyer_is_maker: bool) -> None:
        """A recorded trade between others."""
        self._publish(market, ticks, lots, buyer_is_maker=buyer_is_maker)

    def _anonymous_order(self, symbol: str, ticks: int, lots: int, *, buy: bool) -> Order:
        self._anonymous -= 1  # below every account's order id
        return Order(self._anonymous, MARKET_UID, symbol, "", buy, "LIMIT", "GTC", ticks, lots, 0, 0)

    # --- fills -------------------------------------------------------------------------

    def _take(self, taker: Order, plan: Plan, market: SymbolMarket) -> list[TradeView]:
        fills = []
        for match in plan.matches:
            view = self._trade(taker, match.maker, match.ticks, match.lots, market, buyer_is_maker=not taker.buy)
            if view is not None:
                fills.append(view)
        return fills

    def _trade(
        self,
        taker: Order | None,
        maker: Order | None,
        ticks: int,
        lots: int,
        market: SymbolMarket,
        *,
        buyer_is_maker: bool,
    ) -> TradeView | None:
        """One trade; returns the taker's fill when the taker is an account's."""
        trade = self._publish(market, ticks, lots, buyer_is_maker=buyer_is_maker)
        taker_fill = self._fill(taker, trade, market, is_maker=False) if taker is not None else None
        if maker is not None:
            self._fill(maker, trade, market, is_maker=True)
        market.book.take(maker, ticks, lots, buy=buyer_is_maker)
        return taker_fill

    def _publish(self, market: SymbolMarket, ticks: int, lots: int, *, buyer_is_maker: bool) -> Print:
        trade_id = self._ids.next(f"trade:{market.rules.symbol}")
        trade = Print(trade_id, ticks, lots, self._now_ms(), buyer_is_maker)
        market.tape.add(trade)
        if self.has_public_listeners:
            self._changes.events.append(public_trade(trade, market.rules))
        return trade

    def _fill(self, order: Order, trade: Print, market: SymbolMarket, *, is_maker: bool) -> TradeView | None:
        rules = market.rules
        quote = trade.ticks * trade.lots * rules.quote_step
        order.executed += trade.lots
        order.quote_units += quote
        order.status = "PARTIALLY_FILLED" if order.remaining else "FILLED"
        if order.uid == MARKET_UID:
            return None
        order.updated_ms = trade.time_ms
        account = self._accounts[order.uid]
        fee, fee_asset = settle(account, order, trade, rules, self._changes, is_maker=is_maker)
        view = TradeView(
            uid=order.uid,
            symbol=order.symbol,
            trade_id=trade.trade_id,
            order_id=order.order_id,
            client_id=order.client_id,
            side="BUY" if order.buy else "SELL",
            price=from_units(trade.ticks * rules.tick_units),
            quantity=from_units(trade.lots * rules.lot_units),
            quote=from_units(quote),
            commission=from_units(fee),
            commission_asset=fee_asset,
            time_ms=trade.time_ms,
            is_maker=is_maker,
        )
        account.trades.append(view)
        if not order.remaining:
            account.open.pop(order.order_id, None)
        self._changes.trades.append(view)
        self._changes.orders[order.order_id] = order
        self._report(order, rules, "TRADE", trade=view, is_on_book=bool(order.remaining) and is_maker)
        return view

    def _report(
        self,
        order: Order,
        rules: SymbolRules,
        execution: str,
        *,
        trade: TradeView | None = None,
        cancel_id: str | None = None,
        is_on_book: bool = False,
    ) -> None:
        self._accounts[order.uid].updated_ms = order.updated_ms
        number = self._ids.next("execution")
        if self.has_listeners:
            self._changes.events.append(
                execution_report(
                    order, rules, execution, number, trade=trade, cancel_id=cancel_id, is_on_book=is_on_book
                )
            )


def _appetite(uid: int, request: Request, rules: SymbolRules) -> Appetite:
    notional = request.quote_target // rules.quote_step if request.quote_target else None
    return Appetite(
        uid, request.buy, request.ticks or None, request.lots or None, notional, self_trade=request.self_trade
    )


def _funds(request: Request, plan: Plan, rules: SymbolRules) -> tuple[str, int]:
    """Asset and units that must be free: a limit order's hold, a MARKET order's whole cost at this book."""
    if request.ticks:
        return hold_units(request.ticks, request.lots, rules, buy=request.buy)
    if request.buy:
        return rules.quote, max(request.quote_target, plan.notional * rules.quote_step)
    return rules.base, max(request.lots, plan.lots) * rules.lot_units
