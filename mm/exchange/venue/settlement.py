"""Money of orders: holds, releases and fills on an account's balances. Exact 1e-8 units."""

from mm.exchange.venue.account import Account
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.order import Order
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.tape import Print


def hold_units(order_ticks: int, lots: int, rules: SymbolRules, *, buy: bool) -> tuple[str, int]:
    """Asset and 1e-8 units that `lots` of a limit order hold."""
    if buy:
        return rules.quote, order_ticks * lots * rules.quote_step
    return rules.base, lots * rules.lot_units


def hold(account: Account, order: Order, rules: SymbolRules, changes: Changes) -> None:
    """Locks what a limit order may spend; the caller has checked that it is free."""
    _move(account, hold_units(order.ticks, order.remaining, rules, buy=order.buy), changes, -1)


def release(account: Account, order: Order, lots: int, rules: SymbolRules, changes: Changes) -> None:
    """Frees the hold of `lots` of a limit order."""
    _move(account, hold_units(order.ticks, lots, rules, buy=order.buy), changes, 1)


def _move(account: Account, held: tuple[str, int], changes: Changes, sign: int) -> None:
    asset, units = held
    balance = account.balance(asset)
    balance.free += sign * units
    balance.locked -= sign * units
    changes.balance(account, asset)


def settle(
    account: Account, order: Order, trade: Print, rules: SymbolRules, changes: Changes, *, is_maker: bool
) -> tuple[int, str]:
    """Swaps the assets of a fill and returns the commission (units, asset), taken from the asset received."""
    base, quote = trade.lots * rules.lot_units, trade.ticks * trade.lots * rules.quote_step
    paid_asset, paid, got_asset, got = (
        (rules.quote, quote, rules.base, base) if order.buy else (rules.base, base, rules.quote, quote)
    )
    fee = account.fee(got, is_maker=is_maker)
    spent = account.balance(paid_asset)
    if order.ticks:
        _, held = hold_units(order.ticks, trade.lots, rules, buy=order.buy)
        spent.locked -= held
        spent.free += held - paid  # a better price than the limit frees the difference
    else:
        spent.free -= paid
    account.balance(got_asset).free += got - fee
    changes.balance(account, paid_asset)
    changes.balance(account, got_asset)
    return fee, got_asset
