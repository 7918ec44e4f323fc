"""Which actions people are told, how soon, and that faults which mend themselves are not told."""

import pytest

from mm.domain.actions import Action, OpenHalt, OpenIncident, RecordRisk, RecordState, StopRun
from mm.domain.alert import Alert, Severity
from mm.domain.risk import TradingState
from mm.runner.alerting import STANDS_LONG_NS, Alerting, alert_of, alerts_of, run_broke, run_ended

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("action", "severity"),
    [
        (RecordRisk("level_1", "warning", "lost 2.1 %"), Severity.WARNING),
        (RecordRisk("level_2", "error", "lost 5.1 %"), Severity.ERROR),
        (RecordRisk("level_3", "critical", "lost 10.1 %"), Severity.CRITICAL),
        (RecordRisk("breaker_open", "error", "unknown: 3 failures"), Severity.WARNING),
        (RecordRisk("order_unknown", "warning", "mm-x-1: time-out"), Severity.WARNING),
        (RecordRisk("unrecorded_order", "critical", "mm-x-9"), Severity.CRITICAL),
        (RecordRisk("something_new", "critical", "?"), Severity.ERROR),
        (RecordRisk("resumed", "info", "Li lifted"), Severity.INFO),
        (OpenHalt("daily_loss", "lost 6"), Severity.ERROR),
        (OpenHalt("authentication", "-2015"), Severity.ERROR),
        (OpenHalt("stage_loss_10pct", "lost 11"), Severity.CRITICAL),
        (OpenHalt("day_loss_10pct", "lost 11"), Severity.CRITICAL),
        (OpenHalt("ledger", "disk full"), Severity.CRITICAL),
        (OpenHalt("data_inconsistent", "base missing"), Severity.CRITICAL),
        (OpenIncident("crashes", "4 crashes"), Severity.ERROR),
        (OpenIncident("data_inconsistent", "?"), Severity.CRITICAL),
    ],
)
def test_what_is_told_and_how_gravely(action: Action, severity: Severity) -> None:
    found = alert_of(action, "sim")
    assert found is not None
    assert (found.severity, found.environment) == (severity, "sim")
    assert found.text == action.detail  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "action",
    [
        RecordState(TradingState.ACTIVE, TradingState.HALTED, ("stale_book",)),
        StopRun("signal SIGTERM"),
        RecordRisk("cause_raised", "warning", "stale_book: 2100 ms"),
        RecordRisk("cause_cleared", "info", "stale_book"),
        RecordRisk("stream_down", "warning", "market: closed"),
        RecordRisk("reconcile", "warning", "time-out"),
        RecordRisk("breaker_closed", "info", "unknown"),
        RecordRisk("resume_refused", "warning", "no note"),
        RecordRisk("new_day", "info", "2026-11-28"),
        RecordRisk("stop", "info", "asked"),
    ],
)
def test_what_is_not_told(action: Action) -> None:
    assert alert_of(action, "sim") is None


def test_a_halt_is_told_once() -> None:
    decided = [
        RecordRisk("daily_loss", "critical", "lost 6"),
        OpenHalt("daily_loss", "lost 6"),
        RecordState(TradingState.ACTIVE, TradingState.HALTED, ("daily_loss",)),
    ]
    assert [alert.code for alert in alerts_of(decided, "sim")] == ["daily_loss"]


def test_ends_of_runs() -> None:
    assert run_ended("sim", "asked", clean=True).severity is Severity.INFO
    assert run_ended("sim", "cleared", clean=False).severity is Severity.WARNING
    broke, unproven = run_broke("sim", "KeyError", proven=True), run_broke("sim", "time-out", proven=False)
    assert (broke.code, broke.severity) == ("crashed", Severity.CRITICAL)
    assert (unproven.code, unproven.severity) == ("not_proven", Severity.CRITICAL)


class Told:
    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.alerting = Alerting("sim", self.alerts.append, 0)

    @property
    def codes(self) -> list[str]:
        return [alert.code for alert in self.alerts]

    def raised(self, cause: str, at: int) -> None:
        self.alerting.heard([RecordRisk("cause_raised", "warning", f"{cause}: closed")], at)

    def cleared(self, cause: str, at: int) -> None:
        self.alerting.heard([RecordRisk("cause_cleared", "info", cause)], at)


def test_a_stream_that_reconnects_is_not_told_however_often() -> None:
    told = Told()
    told.cleared("starting", SECOND)
    for minute in range(100):
        at = minute * 70 * SECOND
        told.raised("market_stream", at)
        told.alerting.passed(at + 59 * SECOND)
        told.cleared("market_stream", at + 59 * SECOND)
        told.alerting.passed(at + 69 * SECOND)
    assert told.codes == []


def test_a_stream_that_stays_down_is_told_once_and_its_return_too() -> None:
    told = Told()
    told.cleared("starting", SECOND)
    told.raised("market_stream", 2 * SECOND)
    for second in range(3, 600):
        told.alerting.passed(second * SECOND)
    assert told.codes == ["market_stream"]
    assert told.alerts[0].severity is Severity.WARNING
    assert told.alerts[0].text == "for 60 s, and still: closed"
    told.cleared("market_stream", 600 * SECOND)
    assert told.codes == ["market_stream", "market_stream_over"]
    assert told.alerts[1].severity is Severity.INFO


def test_each_condition_has_its_own_minute() -> None:
    told = Told()
    told.cleared("starting", 0)
    told.raised("market_stream", 0)
    told.raised("clock_drift", 30 * SECOND)
    told.alerting.passed(STANDS_LONG_NS)
    assert told.codes == ["market_stream"]
    told.alerting.passed(30 * SECOND + STANDS_LONG_NS)
    assert told.codes == ["market_stream", "clock_drift"]


def test_a_start_that_does_not_come_to_its_end_is_told() -> None:
    told = Told()
    told.alerting.passed(59 * SECOND)
    assert told.codes == []
    told.alerting.passed(60 * SECOND)
    assert told.codes == ["starting"]
