"""When the bot is killed or stopped, and how: at any moment, or just between two of its steps."""

import random
from collections.abc import Sequence

from mm.domain.actions import Action, Reconcile
from mm.domain.events import Event, FillSeen, IntentsCommitted, OrderSeen, OrderSent, Reconciled
from mm.soak.pace import DAYS, Pace

KILL_NOW = "killed"
STOP = "stopped"
TRIP = "stop latch tripped"
KILLS: dict[str, type[Event]] = {
    "killed after a commit": IntentsCommitted,
    "killed after a request": OrderSent,
    "killed after an answer": OrderSeen,
    "killed after a fill": FillSeen,
    "killed after reconciling": Reconciled,
}
KILL_WHILE_RECONCILING = "killed while reconciling"
KINDS = (KILL_NOW, STOP, TRIP, *KILLS, KILL_WHILE_RECONCILING)


class Restarts:
    """Draws the next one: `due` seconds from a start until it may happen; the moment itself is that of the first
    event of its kind from then on."""

    def __init__(self, rng: random.Random, *, is_on: bool = True, pace: Pace = DAYS) -> None:
        self._rng = rng
        self._is_on = is_on
        self._pace = pace
        self.kind = ""
        self.due_ns = 0
        self.is_armed = False

    def draw(self, mono: int) -> None:
        self.kind = KINDS[self._rng.randrange(len(KINDS))]
        pause = self._pace.restart_least + self._rng.expovariate(1.0 / self._pace.restart_mean)
        self.due_ns = mono + int(pause * 1e9) if self._is_on else 1 << 62
        self.is_armed = False

    def is_moment(self, event: Event, actions: Sequence[Action]) -> bool:
        """Whether the armed kill strikes right after this event."""
        if not self.is_armed:
            return False
        if self.kind == KILL_WHILE_RECONCILING:
            return any(isinstance(action, Reconcile) for action in actions)
        kind = KILLS.get(self.kind)
        return kind is not None and isinstance(event, kind)
