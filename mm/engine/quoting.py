"""When to quote, and the way from a wish to approved orders."""

from mm.domain.actions import Action, Place
from mm.domain.order import OrderIntent, OrderType
from mm.domain.quote import Quote, QuoteLevel
from mm.domain.risk import TradingState
from mm.domain.snapshot import Snapshot
from mm.engine.setup import EngineSetup
from mm.execution.client_order_id import client_id
from mm.execution.order_diff import diff_orders
from mm.execution.order_manager import OrderManager
from mm.fields import nanoseconds
from mm.risk.engine import RiskEngine
from mm.strategy.base import Strategy

_HALTED = TradingState.HALTED


class Quoting:
    """Renews quotes at each tick, and between ticks as soon as one leaves the tolerance.

    A quote taken down for its price is put up again as soon as its cancel is proved (`is_due`); a side that was
    filled waits for the tick.
    """

    def __init__(self, setup: EngineSetup, strategy: Strategy, orders: OrderManager, risk: RiskEngine) -> None:
        self._setup = setup
        self._strategy = strategy
        self._orders = orders
        self._risk = risk
        self._seq = setup.recovery.last_seq
        self._replacing = False
        self._is_awake = False
        self._awaits_balances = False
        self._tolerance = setup.strategy.refresh_tolerance.as_integer_ratio()
        self._max_age_ns = nanoseconds(setup.strategy.max_order_age)

    @property
    def is_due(self) -> bool:
        return self._is_awake and self._replacing

    def use(self, strategy: Strategy) -> None:
        """Quote with another strategy from here on."""
        self._strategy = strategy

    def begin(self) -> None:
        """Trading was allowed again: quote at once, not only at the next tick."""
        self._is_awake = self._replacing = True

    def wake(self) -> None:
        """An order ended: a replacement that waited for it may go."""
        self._is_awake = True

    def await_balances(self) -> None:
        self._awaits_balances = True

    def balances_known(self) -> None:
        self._awaits_balances = False

    def requote(self, snapshot: Snapshot, *, place: bool) -> tuple[Quote, list[Action]]:
        """The wish of this moment and what to do about it. `place` False: only take down what is off."""
        if self._risk.state is _HALTED or not snapshot.market_ok:
            return Quote((), 0.0), []
        self._is_awake = False
        quote = self._strategy.quote(snapshot)
        share, whole = self._tolerance
        diff = diff_orders(
            quote.levels,
            snapshot.own_orders,
            tolerance_ticks=int(quote.fair_ticks) * share // whole,
            mono=snapshot.mono,
            max_age_ns=self._max_age_ns,
        )
        actions: list[Action] = []
        for order_id, why in diff.cancel:
            actions += self._orders.cancel(order_id, why, snapshot.mono)
        if diff.cancel or place:
            self._replacing = bool(diff.cancel or diff.waiting)
        if place and diff.place and not self._awaits_balances:
            approval = self._risk.approve(diff.place, snapshot, quote.fair_ticks)
            actions += approval.actions
            for level in approval.approved:
                actions.append(self.decide(level, snapshot))
        return quote, actions

    def decide(
        self, level: QuoteLevel, snapshot: Snapshot, kind: OrderType = OrderType.LIMIT_MAKER, purpose: str = "quote"
    ) -> Place:
        """An approved order under the next number, its exposure reserved."""
        self._seq += 1
        intent = OrderIntent(
            client_id=client_id(self._setup.tag, self._seq),
            symbol=self._setup.instrument.symbol,
            side=level.side,
            type=kind,
            ticks=level.ticks,
            lots=level.lots,
            decided_at=snapshot.at,
            purpose=purpose,
            level=level.level,
        )
        self._orders.decide(intent, snapshot.mono)
        return Place(intent)
