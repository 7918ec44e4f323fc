"""Snapshots of an ETHUSDC-like market around 3000.00, flat and quiet unless a test says otherwise."""

from decimal import Decimal
from typing import Any

from mm.domain.book import Book
from mm.domain.fill import FeeRates
from mm.domain.instrument import UNITS, Instrument, to_units
from mm.domain.order import OrderStatus, OwnOrder, Side
from mm.domain.position import Position
from mm.domain.risk import RiskBaseline
from mm.domain.snapshot import Snapshot
from mm.risk.settings import RiskSettings
from mm.strategy.settings import StrategySettings

SECOND = 1_000_000_000
NOW = 1_000 * SECOND
CAPITAL = 100 * UNITS

ETHUSDC = Instrument(
    symbol="ETHUSDC",
    base="ETH",
    quote="USDC",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.0001"),
    min_lots=1,
    max_lots=90_000_000,
    min_notional=Decimal(5),
    max_notional=Decimal(9_000_000),
)
FEES = FeeRates(maker=Decimal("0.001"), taker=Decimal("0.001"))
BOOK = Book(bids=((299_990, 1_000), (299_980, 1_000)), asks=((300_010, 1_000), (300_020, 1_000)))
"""Mid and microprice are exactly 3000.00."""
BASELINE = RiskBaseline("2026-11-22", CAPITAL, CAPITAL, CAPITAL, CAPITAL)


def eth(amount: str) -> int:
    return to_units(Decimal(amount))


usdc = eth


def held(base: str, cost: str = "0", cash: str = "100") -> Position:
    return Position(base_units=eth(base), cash_units=usdc(cash), cost_units=usdc(cost))


def own(side: Side, ticks: int, lots: int, status: OrderStatus = OrderStatus.OPEN, number: int = 1) -> OwnOrder:
    return OwnOrder(f"mm-abcdef-{number}", side, ticks, lots, status)


def snapshot(**changes: Any) -> Snapshot:
    """Free funds follow position and own orders unless they are given."""
    base = Snapshot(
        at=NOW,
        mono=NOW,
        instrument=ETHUSDC,
        fees=FEES,
        book=BOOK,
        book_mono=NOW,
        market_ok=True,
        reference_ticks=300_000.0,
        own_orders=(),
        position=Position(cash_units=CAPITAL),
        equity_units=CAPITAL,
        baseline=BASELINE,
        free_quote_units=0,
        free_base_units=0,
    )
    made = base._replace(**changes)
    rules = made.instrument
    buys = sum(rules.notional_units(o.ticks, o.lots) for o in made.own_orders if o.side is Side.BUY)
    sells = sum(rules.base_units(o.lots) for o in made.own_orders if o.side is Side.SELL)
    if "free_quote_units" not in changes:
        made = made._replace(free_quote_units=max(0, made.position.cash_units - buys))
    if "free_base_units" not in changes:
        made = made._replace(free_base_units=max(0, made.position.base_units - sells))
    return made


def strategy_settings(**changes: Any) -> StrategySettings:
    """Profile 100usdc's numbers."""
    return StrategySettings(
        **{"base_spread": Decimal("0.002"), "base_size": Decimal("0.001"), "max_inventory": Decimal("0.01"), **changes}
    )


def risk_settings(**changes: Any) -> RiskSettings:
    return RiskSettings(**{"daily_loss_limit": Decimal(5), "max_position": Decimal("0.01"), **changes})
