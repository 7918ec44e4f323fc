"""Level 2 sells half the position, step by step, while everything else stands (P-6.2)."""

from collections.abc import Sequence
from fractions import Fraction

from mm.domain.actions import Action, RecordRisk
from mm.domain.instrument import from_units, to_units
from mm.domain.order import OrderType, Side
from mm.domain.quote import QuoteLevel
from mm.domain.snapshot import Snapshot
from mm.engine.quoting import Quoting
from mm.execution.order_manager import OrderManager
from mm.fields import nanoseconds
from mm.risk.engine import RiskEngine
from mm.risk.settings import RiskSettings

PURPOSE = "reduce"
"""Of its orders in the ledger."""


class Reducing:
    """One limit order at a time, priced as far down the visible bids as it needs to fill and the collar allows; what
    does not fill is cancelled after `renew` and priced anew. Over when half is left, or a person resumed."""

    def __init__(self, settings: RiskSettings, orders: OrderManager, risk: RiskEngine, quoting: Quoting) -> None:
        self._collar = Fraction(min(settings.reduce_collar, settings.price_collar))
        self._renew_ns = nanoseconds(settings.reduce_renew)
        self._orders = orders
        self._risk = risk
        self._quoting = quoting
        self._keep_units: int | None = None
        """What may stay; None: nothing is to be sold."""

    def begin(self, held_units: int) -> list[Action]:
        """Level 2 was reached with so much base held."""
        self._keep_units = held_units // 2
        return [
            RecordRisk("halving", "error", f"{from_units(held_units)} held, {from_units(held_units // 2)} may stay")
        ]

    def end(self) -> None:
        """A person resumed: the halved cap holds from here on."""
        self._keep_units = None

    def cancel_others(self, why: str, mono: int) -> list[Action]:
        """Everything in the market but the sale under way, while that may go on."""
        if self._keep_units is None or not self._risk.may_reduce:
            return self._orders.cancel_all(why, mono)
        return [
            action
            for order in list(self._orders)
            if order.intent.purpose != PURPOSE
            for action in self._orders.cancel(order.intent.client_id, why, mono)
        ]

    def step(self, snapshot: Snapshot) -> Sequence[Action]:
        if self._keep_units is None or not self._risk.may_reduce:
            return ()
        if len(self._orders):
            return [
                action
                for order in list(self._orders)
                if order.intent.purpose == PURPOSE and snapshot.mono - order.placed_mono >= self._renew_ns
                for action in self._orders.cancel(order.intent.client_id, "renewed", snapshot.mono)
            ]
        held = snapshot.position.base_units
        sell = self._sale(snapshot, held - self._keep_units)
        if sell is None:
            return ()
        if not sell.lots:
            self._keep_units = None
            return [RecordRisk("halved", "info", f"{from_units(held)} {snapshot.instrument.base} left")]
        approval = self._risk.approve_reduction(sell, snapshot)
        actions = approval.actions
        for level in approval.approved:
            actions.append(self._quoting.decide(level, snapshot, OrderType.LIMIT, PURPOSE))
        return actions

    def _sale(self, snapshot: Snapshot, excess_units: int) -> QuoteLevel | None:
        """No lots: nothing is left that must, or can, be sold. None: nobody bids within the collar now."""
        rules = snapshot.instrument
        wanted = -(-excess_units // rules.units_per_lot)
        reference = Fraction(snapshot.reference_ticks)
        lowest, highest = -int(-reference * (1 - self._collar) // 1), int(reference * (1 + self._collar))
        price, unmet = 0, wanted
        for ticks, lots in snapshot.others_book().bids:
            if ticks < lowest or (price and unmet <= 0):
                break
            price, unmet = min(ticks, highest), unmet - lots
        if wanted > 0 and not price:
            return None
        if wanted <= 0:
            return QuoteLevel(Side.SELL, price, 0)
        one = rules.notional_units(price, 1)
        smallest = max(rules.min_lots, -(-to_units(rules.min_notional) // one))
        lots = max(min(wanted, self._risk.limits.max_notional_units // one), smallest)
        has = rules.lots_in(snapshot.position.base_units)
        return QuoteLevel(Side.SELL, price, lots if lots <= has else 0)
