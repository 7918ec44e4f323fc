"""Preflight items about the exchange: key, network, clock, funds, sizes, spread. Read only."""

from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from mm.checklist.context import PreflightContext
from mm.checklist.expectation import expectation
from mm.checklist.key_rights import key_permissions
from mm.checklist.model import Check, Item
from mm.domain.fill import FeeRates
from mm.domain.instrument import Instrument, from_units, to_units
from mm.domain.order import OrderReport
from mm.fields import seconds
from mm.ports import Account, AccountReader, KeyPermissions
from mm.rollout.stages import MAINNET, cap_risk
from mm.strategy.effective_size import SizeRules
from mm.strategy.spread import quoted_spread, spread_floor

SHORTFALL = Decimal("0.01")
"""The bot's part of the account may be this much below the ledger's word (fees and prices move) before it blocks."""


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """Milliseconds. `drift` is exchange time less local time, from the quickest sample."""

    median: float
    drift: float
    samples: int


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was read from the exchange."""

    instrument: Instrument
    fees: FeeRates
    account: Account
    open_orders: tuple[OrderReport, ...]
    last_price: Decimal
    permissions: KeyPermissions | None
    trips: RoundTrips


async def look(context: PreflightContext, reader: AccountReader) -> Seen:
    """Reads everything once. Raises ExchangeError as the reader does."""
    symbol = context.loaded.settings.symbol
    account = await reader.account()
    return Seen(
        instrument=await reader.instrument(symbol),
        fees=await reader.fee_rates(symbol),
        account=account,
        open_orders=await reader.open_orders(symbol),
        last_price=await reader.last_price(symbol),
        permissions=await reader.key_permissions(),
        trips=await round_trips(context, reader),
    )


async def round_trips(context: PreflightContext, reader: AccountReader) -> RoundTrips:
    trips: list[tuple[float, float]] = []
    for _ in range(context.samples):
        wall, began = context.now_ns(), context.mono_ns()
        server_ms = await reader.server_time_ms()
        trip = (context.mono_ns() - began) / 1e6
        trips.append((trip, server_ms - (wall / 1e6 + trip / 2)))
    return RoundTrips(median(trip for trip, _ in trips), min(trips)[1], len(trips))


def exchange_items(context: PreflightContext, seen: Seen) -> list[Item]:
    return [
        key(context, seen),
        key_permissions(context, seen.permissions),
        network(context, seen),
        clock(context, seen),
        funds(context, seen),
        others(context, seen),
        size(context, seen),
        spread(context, seen),
        recorded(context, seen),
    ]


EXCHANGE_CHECKS = (
    Check("key_permissions", "P-5.1"),
    Check("network", "P-5.1"),
    Check("clock"),
    Check("funds", "P-5.1"),
    Check("other_holdings", "P-5.1", blocking=False),
    Check("size"),
    Check("spread", blocking=False),
    Check("expectation", blocking=False),
)


def unreachable(check: Check, message: str, hint: str) -> list[Item]:
    """The item that says why, and every other one honestly not checked."""
    rest = [other.failed("not checked: the exchange could not be read", f"see {check.id}") for other in EXCHANGE_CHECKS]
    return [check.failed(message, hint or "see the message"), *rest]


def key(context: PreflightContext, seen: Seen) -> Item:
    check = Check("key", "P-5.1")
    if not seen.account.can_trade:
        return check.failed("the account may not trade", "the exchange has to release the account for trading")
    return check.passed(f"the key works on {context.environment}, account {seen.account.uid}")


def network(context: PreflightContext, seen: Seen) -> Item:
    limits = context.loaded.settings.preflight
    check = Check("network", "P-5.1", blocking=context.environment != "sim")
    trip = seen.trips.median
    text = f"median round trip {trip:.1f} ms of {seen.trips.samples}"
    most, warn = seconds(limits.max_round_trip) * 1000, seconds(limits.warn_round_trip) * 1000
    if trip > most:
        text, mend = f"{text}, above {most:g} ms", "use a nearer machine, or raise preflight.max_round_trip"
        return check.failed(text, mend) if check.blocking else check.warned(text, mend)
    if trip > warn:
        return check.warned(f"{text}, above the plan's {warn:g} ms", "quotes follow the market this much later")
    return check.passed(text)


def clock(context: PreflightContext, seen: Seen) -> Item:
    check = Check("clock")
    most = seconds(context.loaded.settings.risk.max_clock_drift) * 1000
    text = f"the exchange's clock is {seen.trips.drift:+.0f} ms from this one, {most:g} ms allowed"
    if abs(seen.trips.drift) > most:
        return check.failed(text, "synchronise this machine's clock (NTP)")
    return check.passed(text)


def funds(context: PreflightContext, seen: Seen) -> Item:
    """A fresh account must hold the capital in quote; a known one what the ledger says the bot's part is worth."""
    check = Check("funds", "P-5.1")
    instrument = seen.instrument
    capital = context.loaded.settings.capital
    free, held = _balance(seen, instrument.quote)
    known = context.account
    if known is None or known.uid != seen.account.uid:
        text = f"{_money(free)} {instrument.quote} free in the Spot account, capital {_money(capital)}"
        return check.passed(text) if free >= capital else check.failed(text, _deposit(context))
    base = sum(_balance(seen, instrument.base), Decimal(0))
    aside = sum((from_units(b.units) for b in known.baselines if b.asset == instrument.base), Decimal(0))
    worth = free + held + max(Decimal(0), base - aside) * seen.last_price
    expected = known.cash + known.base * seen.last_price
    text = (
        f"{_money(free)} {instrument.quote} free; quote and own {instrument.base} are worth {_money(worth)}, "
        f"{_money(expected)} by the ledger, capital {_money(capital)}"
    )
    return check.passed(text) if worth >= expected * (1 - SHORTFALL) else check.failed(text, _deposit(context))


def others(context: PreflightContext, seen: Seen) -> Item:
    """What is not the bot's: it stays untouched, but a person should know."""
    check = Check("other_holdings", "P-5.1", blocking=False)
    instrument = seen.instrument
    known = context.account if context.account and context.account.uid == seen.account.uid else None
    found, unread = [], Decimal(0)
    for balance in seen.account.balances:
        spare = from_units(balance.free_units + balance.locked_units)
        if balance.asset == instrument.quote:
            continue
        if balance.asset == instrument.base and known is not None:
            aside = sum((from_units(b.units) for b in known.baselines if b.asset == instrument.base), Decimal(0))
            unread = spare - known.base - aside
            spare = aside
        if spare > 0:
            found.append(f"{spare.normalize():f} {balance.asset}")
    foreign = [order for order in seen.open_orders if not _is_own(context, order)]
    found += [
        f"open order {order.client_id or order.exchange_id} ({order.side.value} {instrument.size(order.lots)} at "
        f"{instrument.price(order.ticks)})"
        for order in foreign
    ]
    own = len(seen.open_orders) - len(foreign)
    left = f"; {own} own open orders are left from before, start-up takes care of them" if own else ""
    if unread:
        left += f"; {unread.normalize():+f} {instrument.base} against the ledger: start-up reads fills that were missed"
    if found:
        return check.warned(f"not the bot's: {', '.join(found)}{left}", "the bot does not touch them")
    return check.passed(f"the account holds nothing but {instrument.quote} and the bot's own{left}")


def size(context: PreflightContext, seen: Seen) -> Item:
    check = Check("size")
    settings, instrument = context.loaded.settings, seen.instrument
    ticks = instrument.ticks_down(seen.last_price)
    limits = cap_risk(settings.risk, context.stage, context.environment) if _allowed(context) else settings.risk
    found = SizeRules(settings.strategy, instrument, seen.fees, to_units(limits.max_position)).at(ticks)
    if found.lots == 0:
        return check.failed(found.explanation, "raise base_size or max_position, or trade a higher tier")
    if found.reason != "configured":
        return check.warned(found.explanation, "set strategy.base_size to the size that is really quoted")
    return check.passed(found.explanation)


def spread(context: PreflightContext, seen: Seen) -> Item:
    check = Check("spread", blocking=False)
    settings = context.loaded.settings.strategy
    floor = spread_floor(settings, seen.fees)
    text = f"base_spread {_percent(settings.base_spread)}, maker fee {_percent(seen.fees.maker)} a side"
    if settings.base_spread < floor:
        return check.warned(
            f"{text}: a round trip would lose money; the bot quotes {_percent(floor)} instead",
            "set a base_spread above 2 × maker fee + min_edge, or lower the fee (BNB discount, account level)",
        )
    return check.passed(f"{text}: {_percent(settings.base_spread - 2 * seen.fees.maker)} are left of a round trip")


def recorded(context: PreflightContext, seen: Seen) -> Item:
    check = Check("expectation", blocking=False)
    settings = context.loaded.settings
    limits = cap_risk(settings.risk, context.stage, context.environment) if _allowed(context) else settings.risk
    expected = expectation(
        settings.capital, limits.daily_loss_limit, quoted_spread(settings.strategy, seen.fees), seen.fees.maker
    )
    if expected.is_negative:
        return check.warned(expected.line(), "expect a loss: wider quotes and lower fees lose less")
    return check.passed(expected.line())


def _allowed(context: PreflightContext) -> bool:
    return not (context.environment == MAINNET and context.stage.value == "testnet")


def _is_own(context: PreflightContext, order: OrderReport) -> bool:
    return context.own_prefix is not None and order.client_id.startswith(context.own_prefix)


def _balance(seen: Seen, asset: str) -> tuple[Decimal, Decimal]:
    """Free and locked."""
    for balance in seen.account.balances:
        if balance.asset == asset:
            return from_units(balance.free_units), from_units(balance.locked_units)
    return Decimal(0), Decimal(0)


def _deposit(context: PreflightContext) -> str:
    if context.environment == "sim":
        return "set venue.deposit to the capital and open the account anew with `mm sim reset`"
    return "deposit the difference, or choose a smaller profile"


def _money(value: Decimal) -> str:
    return f"{value:.2f}"


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"
