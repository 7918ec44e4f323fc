"""What is put in stays until it was delivered; repeats are counted; what was seen is said with a name and a note."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mm import redaction
from mm.control.outbox import FOLD_WITHIN_NS, Outbox
from mm.control.store import ControlStore
from mm.domain.alert import Alert, Severity

START = datetime(2026, 11, 28, 12, tzinfo=UTC)
MINUTE = 60_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = START

    @property
    def ns(self) -> int:
        return int(self.now.timestamp()) * 1_000_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore(tmp_path / "control.db", now=lambda: clock.now) as opened:
        yield opened


@pytest.fixture
def outbox(store: ControlStore) -> Outbox:
    return store.outbox


def alert(code: str = "daily_loss", severity: Severity = Severity.ERROR, text: str = "lost 6 USDC") -> Alert:
    return Alert("sim", code, severity, f"halted: {code}", text)


def due(outbox: Outbox, clock: Clock) -> list[int]:
    return [kept.id for kept in outbox.due(clock.ns, 60 * MINUTE)]


def deliver(outbox: Outbox, clock: Clock, repeat_at: int | None = None) -> None:
    outbox.delivered(outbox.due(clock.ns, 60 * MINUTE), "mail", "taken", now=clock.ns, repeat_at=repeat_at)


def test_what_was_added_is_there_after_a_restart(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db", now=lambda: START) as store:
        number = store.outbox.add(alert())
    with ControlStore(tmp_path / "control.db", now=lambda: START) as store:
        (kept,) = store.outbox.list()
    assert (kept.id, kept.code, kept.severity, kept.text, kept.at) == (
        number,
        "daily_loss",
        Severity.ERROR,
        "lost 6 USDC",
        START,
    )


def test_the_gravest_is_due_first(outbox: Outbox, clock: Clock) -> None:
    small = outbox.add(alert("breaker_open", Severity.WARNING))
    grave = outbox.add(alert("ledger", Severity.CRITICAL))
    assert due(outbox, clock) == [grave, small]


def test_repeats_are_counted_while_the_first_waits_however_long(outbox: Outbox, clock: Clock) -> None:
    first = outbox.add(alert(text="first"))
    for _ in range(5):
        clock.now += timedelta(hours=1)
        assert outbox.add(alert(text="last")) == first
    (kept,) = outbox.list()
    assert (kept.times, kept.text, kept.last_text, kept.last_at) == (6, "first", "last", clock.now)


def test_after_delivery_repeats_are_counted_for_ten_minutes_then_told_anew(outbox: Outbox, clock: Clock) -> None:
    first = outbox.add(alert())
    deliver(outbox, clock)
    clock.now += timedelta(microseconds=FOLD_WITHIN_NS // 1000)
    assert outbox.add(alert()) == first
    assert due(outbox, clock) == []
    clock.now += timedelta(seconds=1)
    second = outbox.add(alert())
    assert second != first
    assert due(outbox, clock) == [second]


def test_a_flapping_cause_is_told_six_times_an_hour_at_most(outbox: Outbox, clock: Clock) -> None:
    for _ in range(3600):
        outbox.add(alert("breaker_open", Severity.WARNING))
        deliver(outbox, clock)
        clock.now += timedelta(seconds=1)
    kept = outbox.list()
    assert len(kept) == 6
    assert sum(each.times for each in kept) == 3600


@pytest.mark.parametrize(
    "other",
    [
        alert("drawdown"),
        alert(severity=Severity.CRITICAL),
        Alert("mainnet", "daily_loss", Severity.ERROR, "halted", ""),
    ],
)
def test_another_code_severity_or_environment_is_another_alert(outbox: Outbox, other: Alert) -> None:
    assert outbox.add(alert()) != outbox.add(other)


def test_after_an_acknowledgement_a_repeat_is_told_at_once(outbox: Outbox, clock: Clock) -> None:
    first = outbox.add(alert())
    deliver(outbox, clock)
    outbox.ack([first], "Li", "on it")
    second = outbox.add(alert())
    assert second != first
    assert due(outbox, clock) == [second]


def test_a_repeat_that_came_while_an_old_alert_was_under_way_stays_due(outbox: Outbox, clock: Clock) -> None:
    number = outbox.add(alert("order_unknown", Severity.WARNING, "the first"))
    clock.now += timedelta(hours=1)
    under_way = outbox.due(clock.ns, 60 * MINUTE)
    outbox.add(alert("order_unknown", Severity.WARNING, "the second"))
    outbox.delivered(under_way, "mail", "taken", now=clock.ns, repeat_at=None)
    assert due(outbox, clock) == [number]
    deliver(outbox, clock)
    assert due(outbox, clock) == []


def test_grave_alerts_are_due_again_until_acknowledged(outbox: Outbox, clock: Clock) -> None:
    number = outbox.add(alert())
    deliver(outbox, clock, repeat_at=clock.ns + 15 * MINUTE)
    assert due(outbox, clock) == []
    assert [kept.id for kept in outbox.unacknowledged()] == [number]
    clock.now += timedelta(minutes=15)
    assert due(outbox, clock) == [number]
    outbox.ack(None, "Li", "on it")
    assert due(outbox, clock) == []
    assert outbox.unacknowledged() == []


def test_an_acknowledgement_needs_a_name_and_a_note_and_stands_in_the_audit_chain(store: ControlStore) -> None:
    number = store.outbox.add(alert())
    for by, note in (("", "seen"), ("Li", "  ")):
        with pytest.raises(ValueError, match="name and a note"):
            store.outbox.ack([number], by, note)
    assert [kept.id for kept in store.outbox.ack([number], "Li", "seen")] == [number]
    assert store.outbox.ack([number], "Li", "again") == []
    (row,) = store.audit.rows()
    assert (row.kind, row.by, row.payload["alert"], row.payload["note"]) == ("alert_ack", "Li", number, "seen")
    assert store.audit.verify() is None


def test_all_open_ones_of_an_environment_are_acknowledged(outbox: Outbox, clock: Clock) -> None:
    other = outbox.add(Alert("mainnet", "ledger", Severity.CRITICAL, "halted", ""))
    ours = outbox.add(alert())
    told = outbox.add(alert("breaker_open", Severity.WARNING))
    deliver(outbox, clock, repeat_at=clock.ns + MINUTE)
    assert [kept.id for kept in outbox.ack(None, "Li", "seen", "sim")] == [ours]
    assert [kept.id for kept in outbox.list(only_open=True)] == [other]
    assert told not in {kept.id for kept in outbox.list("sim", only_open=True)}


def test_failures_of_one_alert_on_one_channel_are_one_row(outbox: Outbox, clock: Clock) -> None:
    outbox.add(alert())
    for number in range(50):
        waiting = outbox.due(clock.ns, 60 * MINUTE)
        outbox.refused(waiting, "mail", f"refused {number}", now=clock.ns)
        outage = outbox.failed(waiting, [clock.ns], now=clock.ns)
        clock.now += timedelta(seconds=1)
    (row,) = outbox.deliveries()
    assert (row.ok, row.times, row.detail) == (False, 50, "refused 49")
    assert outage.rounds == 50
    assert outbox.outage() == outage
    deliver(outbox, clock)
    assert outbox.outage() is None


def test_no_secret_gets_into_control_db(tmp_path: Path, no_secrets_registered: None) -> None:
    redaction.register_secret("canary-secret-4711")
    with ControlStore(tmp_path / "control.db") as store:
        number = store.outbox.add(
            Alert("sim", "crashed", Severity.CRITICAL, "canary-secret-4711", "at canary-secret-4711"),
            last_text="again canary-secret-4711",
        )
        kept = store.outbox.list()
        store.outbox.refused(kept, "mail", "refused canary-secret-4711", now=1)
        store.outbox.ack([number], "Li", "note canary-secret-4711")
        store.outbox.tested("mail", ok=False, detail="canary-secret-4711", by="Li")
    assert b"canary-secret-4711" not in (tmp_path / "control.db").read_bytes()


def test_a_test_is_evidence_and_is_never_sent(store: ControlStore, clock: Clock) -> None:
    store.outbox.tested("dingtalk", ok=True, detail="errcode 0", by="Li")
    assert due(store.outbox, clock) == []
    assert store.outbox.list(only_open=True) == []
    (row,) = store.audit.rows()
    assert (row.kind, row.by, row.payload) == (
        "alert_test",
        "Li",
        {"channel": "dingtalk", "ok": True, "detail": "errcode 0"},
    )
