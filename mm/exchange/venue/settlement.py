"""Money of orders: holds, releases and fills on an account's balances. Exact 1e-8 units."""

from mm.exchange.venue.account import Account
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.fees import BnbRates, commission
from mm.exchange.venue.order import Order
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.tape import Print


def hold_units(order_ticks: int, lots: int, rules: SymbolRules, *, buy: bool) -> tuple[str, int]:
    """Asset and 1e-8 units that `lots` of a limit order hold."""
    if buy:
        return rules.quote, order_ticks * lots * rules.quote_step
    return rules.base, lots * rules.lot_units


def needs(order: Order, rules: SymbolRules) -> int:
    """1e-8 units of what it pays with. A waiting STOP_LOSS or TAKE_PROFIT BUY is taken at its stop price."""
    return hold_units(order.ticks or order.stop_ticks, order.remaining, rules, buy=order.buy)[1]


def hold(account: Account, order: Order, units: int, rules: SymbolRules, changes: Changes) -> None:
    """Locks `units` for an order (negative: frees them); the caller has checked that they are free."""
    asset = rules.quote if order.buy else rules.base
    balance = account.balance(asset)
    balance.free -= units
    balance.locked += units
    order.held += units
    changes.balance(account, asset)


def release(account: Account, order: Order, lots: int, rules: SymbolRules, changes: Changes) -> None:
    """Frees the hold of `lots` of a limit order."""
    hold(account, order, -hold_units(order.ticks, lots, rules, buy=order.buy)[1], rules, changes)


def settle(
    account: Account, order: Order, trade: Print, rules: SymbolRules, *, changes: Changes, bnb: BnbRates, is_maker: bool
) -> tuple[int, str]:
    """Swaps the assets of a fill and returns the commission (units, asset): of the asset received, or BNB."""
    base, quote = trade.lots * rules.lot_units, trade.ticks * trade.lots * rules.quote_step
    paid_asset, paid, got_asset, got = (
        (rules.quote, quote, rules.base, base) if order.buy else (rules.base, base, rules.quote, quote)
    )
    spent = account.balance(paid_asset)
    if order.ticks:
        _, held = hold_units(order.ticks, trade.lots, rules, buy=order.buy)
        order.held -= held
        spent.locked -= held
        spent.free += held - paid  # a better price than the limit frees the difference
    else:
        spent.free -= paid
    account.balance(got_asset).free += got
    fee, fee_asset = commission(account, rules, bnb, received=got, quote_units=quote, buy=order.buy, is_maker=is_maker)
    account.balance(fee_asset).free -= fee
    for asset in (paid_asset, got_asset, fee_asset):
        changes.balance(account, asset)
    return fee, fee_asset
