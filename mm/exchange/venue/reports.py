"""From the venue's integers to the pictures it hands out."""

from mm.domain.instrument import from_units
from mm.exchange.venue.account import Account
from mm.exchange.venue.events import ExecutionReport
from mm.exchange.venue.order import Order
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.tape import Bar, Print
from mm.exchange.venue.views import (
    AccountState,
    BalanceView,
    Kline,
    OrderView,
    PublicTrade,
    Ticker24h,
    TradeView,
)

_NOTHING = from_units(0)


def order_view(
    order: Order, rules: SymbolRules, fills: tuple[TradeView, ...] = (), cancel_id: str | None = None
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
) -> ExecutionReport:
    return ExecutionReport(
        uid=order.uid,
        symbol=order.symbol,
        execution=execution,
        status=order.status,
        order_id=order.order_id,
        client_id=cancel_id or order.client_id,
        orig_client_id=order.client_id if cancel_id else "",
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
        working_ms=order.created_ms,
        time_ms=order.updated_ms,
        execution_id=execution_id,
        self_trade=order.self_trade,
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
    )


def public_trade(trade: Print, rules: SymbolRules) -> PublicTrade:
    return PublicTrade(
        symbol=rules.symbol,
        trade_id=trade.trade_id,
        price=from_units(trade.ticks * rules.tick_units),
        quantity=from_units(trade.lots * rules.lot_units),
        quote=from_units(trade.ticks * trade.lots * rules.quote_step),
        time_ms=trade.time_ms,
        buyer_is_maker=trade.buyer_is_maker,
    )


def kline(bar: Bar, interval_ms: int, rules: SymbolRules) -> Kline:
    return Kline(
        symbol=rules.symbol,
        open_ms=bar.open_ms,
        close_ms=bar.open_ms + interval_ms - 1,
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


def ticker_24h(day: Bar | None, last_lots: int, rules: SymbolRules, now_ms: int) -> Ticker24h:
    bar = day or Bar(now_ms, 0, 0, 0, 0, -1, -1)
    return Ticker24h(
        symbol=rules.symbol,
        open_ms=bar.open_ms,
        close_ms=now_ms,
        open=from_units(bar.open * rules.tick_units),
        high=from_units(bar.high * rules.tick_units),
        low=from_units(bar.low * rules.tick_units),
        last=from_units(bar.close * rules.tick_units),
        last_quantity=from_units(last_lots * rules.lot_units),
        volume=from_units(bar.lots * rules.lot_units),
        quote_volume=from_units(bar.notional * rules.quote_step),
        first_trade_id=bar.first_id,
        last_trade_id=bar.last_id,
        trades=bar.trades,
    )
