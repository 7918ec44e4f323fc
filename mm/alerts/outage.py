"""When every channel has been down for too long: nobody could be told of anything, so nothing may trade."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from mm.control.outbox import Outage
from mm.control.store import ControlStore
from mm.domain.alert import Alert, Severity
from mm.home import ENVIRONMENTS, Home
from mm.runner.lock import is_held

CAUSE = "alerts_down"
_FEWEST_ROUNDS = 3
"""A clock that jumps makes no outage of one failure."""


def running_environments(home: Home) -> list[str]:
    """Where a bot runs now."""
    return [name for name in ENVIRONMENTS if is_held(home.environment(name))]


class Outages:
    """`halt_after` how long; `running` tells where bots run. An environment is halted when a bot runs there, or when
    alerts of it wait."""

    def __init__(self, store: ControlStore, halt_after: timedelta, running: Callable[[], list[str]]) -> None:
        self._store = store
        self._halt_after = halt_after
        self._running = running

    def mind(self, outage: Outage | None, now: int) -> None:
        """`now` UTC ns. Raises LedgerError."""
        if outage is None or outage.rounds < _FEWEST_ROUNDS:
            return
        since, moment = _utc(outage.since), _utc(now)
        if moment - since < self._halt_after:
            return
        waiting = {alert.environment for alert in self._store.outbox.list(only_open=True) if alert.tries}
        for environment in sorted({*waiting, *self._running()} & {*ENVIRONMENTS}):
            self._halt(environment, since, moment)

    def _halt(self, environment: str, since: datetime, now: datetime) -> None:
        ours = [halt for halt in self._store.halts(environment) if halt.cause == CAUSE]
        if any(halt.lifted_at is None for halt in ours):
            return
        # Who resumes knows that nothing is delivered; they get the same time again to mend it.
        lifted = max((halt.lifted_at for halt in ours if halt.lifted_at is not None), default=since)
        if now - max(since, lifted) < self._halt_after:
            return
        detail = f"no alert could be delivered since {since:%Y-%m-%d %H:%M:%S} UTC, on any channel"
        # First the running bot: a courier that dies in between gives the command twice, which does no harm.
        self._store.add_command(environment, "halt", {"cause": CAUSE, "detail": detail}, "courier")
        self._store.open_halt(environment, CAUSE, detail)
        self._store.outbox.add(Alert(environment, CAUSE, Severity.ERROR, "halted: alerts cannot be delivered", detail))
        structlog.get_logger().error("halted: alerts cannot be delivered", environment=environment, since=str(since))


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at // 1_000_000_000, tz=UTC)
