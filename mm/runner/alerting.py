"""Which of the engine's actions a person must be told, and how soon. It stands beside the dispatcher, not in
mm.alerts: that room is above this one, and knows channels; nothing here knows how an alert travels.

Faults that come and go by themselves are told only when they stand for long.
"""

from collections.abc import Iterator, Sequence

from mm.domain.actions import Action, OpenHalt, OpenIncident, RecordRisk
from mm.domain.alert import Alert, AlertSink, Severity
from mm.risk.limits import RED

STANDS_LONG_NS = 60_000_000_000
"""A minute: stream, clock, reconciliation, stale book; they mend themselves in seconds, or not at all."""
_RISK = {
    "level_1": (Severity.WARNING, "loss of level 1: watch it"),
    "level_2": (Severity.ERROR, "loss of level 2: trading is paused"),
    "level_3": (Severity.CRITICAL, "loss of level 3: emergency stop"),
    "breaker_open": (Severity.WARNING, "the circuit breaker opened"),
    "order_unknown": (Severity.WARNING, "an order's fate is unknown"),
    "unrecorded_order": (Severity.CRITICAL, "an own order that the ledger does not know"),
    "resumed": (Severity.INFO, "resumed"),
}
_QUIET = frozenset({"cause_raised", "cause_cleared", "stream_down", "reconcile", "resume_refused", "stop", "new_day"})
"""Told as a standing condition, or answered to the person who asked."""
_BY_RECORD = {"critical": Severity.ERROR, "error": Severity.ERROR}
_CRITICAL_HALTS = RED | {"level_3", "ledger", "data_inconsistent", "unrecorded_order"}
_CRITICAL_INCIDENTS = frozenset({"data_inconsistent", "unrecorded_order", "emergency", "level_3"})


def alert_of(action: Action, environment: str) -> Alert | None:
    """None for what nobody needs to be told. A change of the trading state is never told by itself: its cause is, and
    the end of a run is told by the run, which knows whether it was proved."""
    if isinstance(action, OpenHalt):
        severity = Severity.CRITICAL if action.cause in _CRITICAL_HALTS else Severity.ERROR
        return Alert(environment, action.cause, severity, f"halted: {action.cause}", action.detail)
    if isinstance(action, OpenIncident):
        severity = Severity.CRITICAL if action.kind in _CRITICAL_INCIDENTS else Severity.ERROR
        return Alert(environment, action.kind, severity, f"incident: {action.kind}", action.detail)
    if isinstance(action, RecordRisk) and action.code not in _QUIET:
        known = _RISK.get(action.code)
        if known is not None:
            return Alert(environment, action.code, *known, action.detail)
        if action.severity in _BY_RECORD:
            return Alert(environment, action.code, _BY_RECORD[action.severity], action.code, action.detail)
    return None


def alerts_of(actions: Sequence[Action], environment: str) -> Iterator[Alert]:
    """Of one decision: a record that goes with a halt of the same cause is told once, by the halt."""
    halted = {action.cause for action in actions if isinstance(action, OpenHalt)}
    for action in actions:
        if isinstance(action, RecordRisk) and action.code in halted:
            continue
        alert = alert_of(action, environment)
        if alert is not None:
            yield alert


def run_started(environment: str, what: str) -> Alert:
    return Alert(environment, "run_started", Severity.INFO, "the bot runs", what)


def run_ended(environment: str, why: str, *, clean: bool) -> Alert:
    """No own order is left in either case; an end that is not clean may have missed last fills."""
    if clean:
        return Alert(environment, "run_ended", Severity.INFO, "the bot has ended", why)
    text = f"{why}; its last fills may be read only at the next start"
    return Alert(environment, "run_ended_unclean", Severity.WARNING, "the bot has ended, and not in order", text)


def run_broke(environment: str, why: str, *, proven: bool) -> Alert:
    """`proven`: the exchange was read and held no own order."""
    if proven:
        title = "the bot is gone: it broke, no own order is left"
        return Alert(environment, "crashed", Severity.CRITICAL, title, why)
    return Alert(environment, "not_proven", Severity.CRITICAL, "own orders may be left at the exchange", why)


class Alerting:
    """Hears what the dispatcher carries out, and the time. Everything is told to `sink`, which returns at once."""

    def __init__(self, environment: str, sink: AlertSink, mono: int) -> None:
        """`mono` ns: from then on the run is starting."""
        self._environment = environment
        self._sink = sink
        self._standing: dict[str, tuple[int, str]] = {"starting": (mono, "recovery has not finished")}
        self._told: set[str] = set()
        self._next = mono + STANDS_LONG_NS

    def heard(self, actions: Sequence[Action], mono: int) -> None:
        for action in actions:
            if isinstance(action, RecordRisk) and action.code in {"cause_raised", "cause_cleared"}:
                cause, _, detail = action.detail.partition(": ")
                self._condition(cause, detail, mono, stands=action.code == "cause_raised")
        for alert in alerts_of(actions, self._environment):
            self._sink(alert)

    def passed(self, mono: int) -> None:
        """Cheap: it is called with every event."""
        if mono < self._next:
            return
        for cause, (since, detail) in self._standing.items():
            if cause not in self._told and mono - since >= STANDS_LONG_NS:
                self._told.add(cause)
                text = f"for {(mono - since) // 1_000_000_000} s, and still: {detail}"
                self._sink(Alert(self._environment, cause, Severity.WARNING, f"not trading freely: {cause}", text))
        self._plan()

    def _condition(self, cause: str, detail: str, mono: int, *, stands: bool) -> None:
        if stands:
            self._standing[cause] = (mono, detail)
        else:
            since, _ = self._standing.pop(cause, (mono, ""))
            if cause in self._told:
                self._told.discard(cause)
                text = f"it stood for {(mono - since) // 1_000_000_000} s"
                self._sink(Alert(self._environment, f"{cause}_over", Severity.INFO, f"over: {cause}", text))
        self._plan()

    def _plan(self) -> None:
        waiting = [since for cause, (since, _) in self._standing.items() if cause not in self._told]
        self._next = min(waiting) + STANDS_LONG_NS if waiting else 1 << 62
