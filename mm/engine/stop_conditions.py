"""The conditions of P-2.4 that are no loss: crashes, abnormal orders, inconsistent data. Each halts and opens an
incident; they wait for a person and change no stage."""

from collections.abc import Sequence

from mm.domain.actions import Action, OpenIncident, RecordOrder
from mm.domain.order_outcome import ended_abnormally
from mm.domain.risk import StageHistory
from mm.risk.engine import RiskEngine
from mm.risk.order_window import OrderWindow

CRASHES = "crashes"
ABNORMAL_ORDERS = "abnormal_orders"
INCONSISTENT = "data_inconsistent"
MOST_CRASHES = 3


class StopConditions:
    def __init__(self, risk: RiskEngine, history: StageHistory) -> None:
        self._risk = risk
        self._crashes = history.crashes
        self._window = OrderWindow(history.orders)

    def started(self) -> list[Action]:
        """Recovery has finished. Told once a run; a resume that lifted it counts crashes anew."""
        crashes, self._crashes = self._crashes, 0
        if crashes <= MOST_CRASHES:
            return []
        return self.halt(CRASHES, f"{crashes} runs of this stage did not end in order, at most {MOST_CRASHES} may")

    def ended(self, actions: Sequence[Action], at: int) -> list[Action]:
        """What became of orders in this step."""
        is_counted = False
        for action in actions:
            if type(action) is RecordOrder and action.status.is_final:
                is_counted = True
                self._window.add(at, abnormal=ended_abnormally(action.status, action.reason))
        if not is_counted or not self._window.is_abnormal:
            return []
        return self.halt(ABNORMAL_ORDERS, self._window.describe())

    def inconsistent(self, problem: str) -> list[Action]:
        return self.halt(INCONSISTENT, problem)

    def resumed(self, lifted: Sequence[str]) -> None:
        if ABNORMAL_ORDERS in lifted:
            self._window.clear()

    def halt(self, cause: str, detail: str) -> list[Action]:
        actions = self._risk.halt(cause, detail)
        return [*actions, OpenIncident(cause, detail)] if actions else []
