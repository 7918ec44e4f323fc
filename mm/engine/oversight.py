"""What watches over the bot beside the gate: emergency levels, level 2's sales, the stop conditions of P-2.4."""

from collections.abc import Sequence

from mm.domain.actions import Action, Cancel
from mm.domain.events import ResumeRequested
from mm.domain.fill import Fill
from mm.domain.instrument import to_units
from mm.domain.order import Side
from mm.domain.snapshot import Snapshot
from mm.engine.account import Account
from mm.engine.emergency_plan import EmergencyPlan
from mm.engine.halving import halved
from mm.engine.quoting import Quoting
from mm.engine.reducing import Reducing
from mm.engine.setup import EngineSetup
from mm.engine.stop_conditions import StopConditions
from mm.execution.order_manager import OrderManager
from mm.risk.emergency import ORANGE as LEVEL_2
from mm.risk.engine import RiskEngine
from mm.strategy.base import Strategy
from mm.strategy.registry import build_strategy


def strategy_of(setup: EngineSetup, *, is_halved: bool) -> Strategy:
    chosen = halved(setup) if is_halved else setup
    return build_strategy(chosen.strategy, max_position_units=to_units(chosen.risk.max_position))


class Oversight:
    """The engine tells it of each step; most steps cost a comparison."""

    def __init__(
        self, setup: EngineSetup, account: Account, orders: OrderManager, risk: RiskEngine, quoting: Quoting
    ) -> None:
        self._setup = setup
        self._account = account
        self._risk = risk
        self._quoting = quoting
        self._emergency = risk.emergency
        self._plan = EmergencyPlan(setup, risk)
        self.reducing = Reducing(setup.risk, orders, risk, quoting)
        self.stops = StopConditions(risk, setup.recovery.history)

    def follow(self, actions: Sequence[Action], at: int, mono: int) -> list[Action]:
        """An event was handled with these actions: orders that ended are counted, a level that was reached is told."""
        more = self.stops.ended(actions, at) if actions else []
        told, level = self._plan.told, self._emergency.level
        if level != told:
            more += self._plan.announce(self._account.equity_units, mono)
            if told < LEVEL_2 == level:
                more += self.reducing.begin(self._account.position.base_units)
        return more

    def count_cancels(self, actions: Sequence[Action], mono: int) -> None:
        for action in actions:
            if type(action) is Cancel:
                self._risk.cancelled(mono)

    def filled(self, fill: Fill, mid_ticks: float, mono: int) -> list[Action]:
        self._plan.on_fill(fill, mid_ticks)
        return self._risk.filled(Side.BUY if fill.buy else Side.SELL, fill.client_id, mono)

    def pulse(self, snapshot: Snapshot) -> list[Action]:
        """Several times a second."""
        actions: list[Action] = []
        if snapshot.market_ok and snapshot.book.is_two_sided:
            actions += self._risk.mid_seen(snapshot.book.best_bid + snapshot.book.best_ask, snapshot.mono)
        actions += self.reducing.step(snapshot)
        return actions

    def watch(self, mono: int) -> list[Action]:
        return self._plan.watch(self._account.equity_units, mono) if self._account.is_marked else []

    def new_day(self) -> None:
        self._plan.new_day()

    def resume(self, event: ResumeRequested, snapshot: Snapshot) -> list[Action]:
        was_halved, halts = self._risk.is_halved, self._risk.halts
        actions = self._risk.resume(event.by, event.note, snapshot)
        self.stops.resumed([cause for cause in halts if cause not in self._risk.halts])
        if self._risk.is_halved and not was_halved:
            self.reducing.end()
            self._quoting.use(strategy_of(self._setup, is_halved=True))
            actions += self._risk.observe(snapshot)  # more than the halved cap may be held
        return actions
