"""From the venue's integers to the pictures it hands out."""

from collections.abc import Iterable

from mm.domain.instrument import from_units
from mm.exchange.venue.account import Account
from mm.exchange.venue.events import ExecutionReport
from mm.exchange.venue.order import Order
from mm.exchange.venue.order_list import OrderList
from mm.exchange.venue.records import Amendment, PreventedMatch, Prevention
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.tape import Aggregate, Bar, Print
from mm.exchange.venue.views import (
    AccountState,
    AggregateTrade,
    AmendmentView,
    BalanceView,
    Kline,
    OrderListView,
    OrderView,
    PreventedView,
    PublicTrade,
    Ticker,
    TradeView,
)

_NOTHING = from_units(0)


def order_view(
    order: Order,
    rules: SymbolRules,
    fills: tuple[TradeView, ...] = (),
    cancel_id: str | None = None,
    preventions: tuple[PreventedMatch, ...] = (),
) -> OrderView:
    return OrderView(
        symbol=order.symbol,
        order_id=order.order_id,
        client_id=cancel_id or order.client_id,
        orig_client_id=order.client_id,
        side="BUY" if order.buy else "SELL",
        type=order.type,
        time_in_force=order.time_in_force,
        status=order.status,
        price=from_units(order.ticks * rules.tick_units),
        quantity=from_units(order.lots * rules.lot_units),
        executed=from_units(order.executed * rules.lot_units),
        quote_executed=from_units(order.quote_units),
        quote_quantity=from_units(order.quote_target),
        created_ms=order.created_ms,
        updated_ms=order.updated_ms,
        self_trade=order.self_trade,
        fills=fills,
        preventions=tuple(prevented_view(each, rules) for each in preventions),
        stop_price=from_units(order.stop_ticks * rules.tick_units),
        iceberg=from_units(order.iceberg * rules.lot_units),
        list_id=order.list_id,
        working_ms=order.working_ms,
        expiry_reason=order.expiry,
        prevented=from_units(order.prevented * rules.lot_units),
        prevented_match=order.prevented_match,
        strategy_id=_known(order.strategy_id),
        strategy_type=_known(order.strategy_type),
    )


def _known(number: int) -> int | None:
    return None if number < 0 else number


def list_view(
    listed: OrderList, legs: Iterable[Order], rules: SymbolRules, cancel_id: str | None = None
) -> OrderListView:
    return OrderListView(
        list_id=listed.list_id,
        symbol=listed.symbol,
        contingency=listed.contingency,
        client_id=listed.client_id,
        status_type=listed.status_type,
        status=listed.status,
        created_ms=listed.created_ms,
        updated_ms=listed.updated_ms,
        orders=tuple(order_view(leg, rules, cancel_id=cancel_id) for leg in legs),
    )


def prevented_view(match: PreventedMatch, rules: SymbolRules) -> PreventedView:
    return PreventedView(
        symbol=match.symbol,
        match_id=match.match_id,
        taker_order_id=match.taker_order_id,
        maker_order_id=match.maker_order_id,
        mode=match.mode,
        price=from_units(match.ticks * rules.tick_units),
        taker_quantity=None if match.taker_lots is None else from_units(match.taker_lots * rules.lot_units),
        maker_quantity=None if match.maker_lots is None else from_units(match.maker_lots * rules.lot_units),
        time_ms=match.time_ms,
    )


def amendment_view(amendment: Amendment, rules: SymbolRules) -> AmendmentView:
    return AmendmentView(
        symbol=amendment.symbol,
        order_id=amendment.order_id,
        execution_id=amendment.execution_id,
        orig_client_id=amendment.old_client_id,
        new_client_id=amendment.new_client_id,
        orig_quantity=from_units(amendment.old_lots * rules.lot_units),
        new_quantity=from_units(amendment.new_lots * rules.lot_units),
        time_ms=amendment.time_ms,
    )


def trade_view(
    order: Order, trade: Print, rules: SymbolRules, fee: int, fee_asset: str, *, is_maker: bool
) -> TradeView:
    return TradeView(
        uid=order.uid,
        symbol=order.symbol,
        trade_id=trade.trade_id,
        order_id=order.order_id,
        client_id=order.client_id,
        side="BUY" if order.buy else "SELL",
        price=from_units(trade.ticks * rules.tick_units),
        quantity=from_units(trade.lots * rules.lot_units),
        quote=from_units(trade.ticks * trade.lots * rules.quote_step),
        commission=from_units(fee),
        commission_asset=fee_asset,
        time_ms=trade.time_ms,
        is_maker=is_maker,
        list_id=order.list_id,
    )


def execution_report(
    order: Order,
    rules: SymbolRules,
    execution: str,
    execution_id: int,
    *,
    trade: TradeView | None = None,
    cancel_id: str | None = None,
    is_on_book: bool = False,
    prevention: Prevention | None = None,
    orig_client_id: str = "",
) -> ExecutionReport:
    return ExecutionReport(
        uid=order.uid,
        symbol=order.symbol,
        execution=execution,
        status=order.status,
        order_id=order.order_id,
        client_id=cancel_id or order.client_id,
        orig_client_id=order.client_id if cancel_id else orig_client_id,
        side="BUY" if order.buy else "SELL",
        type=order.type,
        time_in_force=order.time_in_force,
        price=from_units(order.ticks * rules.tick_units),
        quantity=from_units(order.lots * rules.lot_units),
        quote_quantity=from_units(order.quote_target),
        executed=from_units(order.executed * rules.lot_units),
        quote_executed=from_units(order.quote_units),
        last_price=trade.price if trade else _NOTHING,
        last_quantity=trade.quantity if trade else _NOTHING,
        last_quote=trade.quote if trade else _NOTHING,
        trade_id=trade.trade_id if trade else -1,
        commission=trade.commission if trade else _NOTHING,
        commission_asset=trade.commission_asset if trade else None,
        is_maker=trade.is_maker if trade else False,
        is_on_book=is_on_book,
        created_ms=order.created_ms,
        working_ms=order.working_ms,
        time_ms=order.updated_ms,
        execution_id=execution_id,
        self_trade=order.self_trade,
        stop_price=from_units(order.stop_ticks * rules.tick_units),
        iceberg=from_units(order.iceberg * rules.lot_units),
        list_id=order.list_id,
        expiry_reason=order.expiry,
        prevented=from_units(order.prevented * rules.lot_units),
        prevented_match=order.prevented_match,
        last_prevented=from_units(prevention.lots * rules.lot_units) if prevention else _NOTHING,
        counter_order_id=prevention.counter_order_id if prevention else -1,
        prevented_quantity=from_units(prevention.matched * rules.lot_units) if prevention else _NOTHING,
        prevented_price=from_units(prevention.ticks * rules.tick_units) if prevention else _NOTHING,
        strategy_id=_known(order.strategy_id),
        strategy_type=_known(order.strategy_type),
    )


def balance_view(account: Account, asset: str) -> BalanceView:
    balance = account.balance(asset)
    return BalanceView(asset, from_units(balance.free), from_units(balance.locked))


def account_state(account: Account, assets: tuple[str, ...]) -> AccountState:
    """With all `assets`, and whatever else it holds."""
    names = dict.fromkeys([*assets, *account.balances])
    return AccountState(
        uid=account.uid,
        api_key=account.api_key,
        maker_fee=from_units(account.maker_fee),
        taker_fee=from_units(account.taker_fee),
        created_ms=account.created_ms,
        updated_ms=account.updated_ms,
        closed_ms=account.closed_ms,
        balances=tuple(balance_view(account, asset) for asset in names),
        burns_bnb=account.burns_bnb,
    )


def public_trade(trade: Print, rules: SymbolRules, *, completes: bool = True) -> PublicTrade:
    return PublicTrade(
        symbol=rules.symbol,
        trade_id=trade.trade_id,
        price=from_units(trade.ticks * rules.tick_units),
        quantity=from_units(trade.lots * rules.lot_units),
        quote=from_units(trade.ticks * trade.lots * rules.quote_step),
        time_ms=trade.time_ms,
        buyer_is_maker=trade.buyer_is_maker,
        aggregate_id=trade.aggregate_id,
        completes=completes,
    )


def aggregate_trade(trades: Aggregate, rules: SymbolRules) -> AggregateTrade:
    first = trades[0]
    return AggregateTrade(
        symbol=rules.symbol,
        aggregate_id=first.aggregate_id,
        price=from_units(first.ticks * rules.tick_units),
        quantity=from_units(sum(trade.lots for trade in trades) * rules.lot_units),
        first_trade_id=first.trade_id,
        last_trade_id=trades[-1].trade_id,
        time_ms=first.time_ms,
        buyer_is_maker=first.buyer_is_maker,
    )


def kline(open_ms: int, next_ms: int, bar: Bar, rules: SymbolRules) -> Kline:
    """A bar of an interval that ends just before `next_ms`."""
    return Kline(
        symbol=rules.symbol,
        open_ms=open_ms,
        close_ms=next_ms - 1,
        open=from_units(bar.open * rules.tick_units),
        high=from_units(bar.high * rules.tick_units),
        low=from_units(bar.low * rules.tick_units),
        close=from_units(bar.close * rules.tick_units),
        volume=from_units(bar.lots * rules.lot_units),
        quote_volume=from_units(bar.notional * rules.quote_step),
        trades=bar.trades,
        taker_volume=from_units(bar.taker_lots * rules.lot_units),
        taker_quote_volume=from_units(bar.taker_notional * rules.quote_step),
        first_trade_id=bar.first_id,
        last_trade_id=bar.last_id,
    )


def ticker(
    bar: Bar | None,
    rules: SymbolRules,
    span: tuple[int, int],
    *,
    before: int | None,
    last: Print | None,
    last_ticks: int | None,
) -> Ticker:
    """`span` the window's first and last millisecond; `last_ticks` the last price ever, None without any."""
    bar = bar or Bar.flat(span[0], last_ticks or 0)
    return Ticker(
        symbol=rules.symbol,
        open_ms=span[0],
        close_ms=span[1],
        open=from_units(bar.open * rules.tick_units),
        high=from_units(bar.high * rules.tick_units),
        low=from_units(bar.low * rules.tick_units),
        last=from_units(bar.close * rules.tick_units),
        before=from_units((bar.open if before is None else before) * rules.tick_units),
        last_quantity=from_units(last.lots * rules.lot_units if last else 0),
        volume=from_units(bar.lots * rules.lot_units),
        quote_volume=from_units(bar.notional * rules.quote_step),
        first_trade_id=bar.first_id,
        last_trade_id=bar.last_id,
        trades=bar.trades,
    )
