"""The outbox of alerts: what people must be told stays here until it was delivered, and until somebody says "seen".

An alert counts from the commit of `add`. It stays due until a delivery is recorded, so a courier that dies between
sending and recording sends it twice, never not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from mm.control.audit_chain import AuditChain
from mm.control.connection import ControlConnection, moment, moment_or_none
from mm.control.schema import alerts, deliveries, meta
from mm.domain.alert import Alert, Severity
from mm.redaction import redact

FOLD_WITHIN_NS = 600_000_000_000
"""Ten minutes: what repeats within it is counted, not told again; a cause that flaps must not flood people."""
_LONGEST_TEXT = 4000
_DOWN_SINCE = "alerts_down_since"


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """`id` as people say it. `times` it happened; `text` what was known at first, `last_text` at last. `tries` in vain
    since it was last delivered; `next_try` UTC ns, None when nothing is to be sent any more."""

    id: int
    environment: str
    code: str
    severity: Severity
    title: str
    text: str
    at: datetime
    times: int
    last_at: datetime
    last_text: str
    next_try: int | None
    tries: int
    delivered_at: datetime | None
    acked_at: datetime | None
    acked_by: str | None
    note: str | None

    @property
    def is_open(self) -> bool:
        """Nobody was told yet, or nobody has said that a grave one was seen."""
        return self.acked_at is None and (self.severity >= Severity.ERROR or self.next_try is not None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """`times` it failed on this channel in a row of one alert; 1 for one that arrived. `detail` why, or the answer."""

    alert_id: int
    channel: str
    at: datetime
    ok: bool
    times: int
    detail: str


@dataclass(frozen=True, slots=True)
class Outage:
    """Every delivery has failed since `since` (UTC ns), `rounds` times."""

    since: int
    rounds: int


class Outbox:
    def __init__(self, connection: ControlConnection, chain: AuditChain) -> None:
        self._db = connection
        self._chain = chain

    def add(self, alert: Alert, *, times: int = 1, last_text: str | None = None) -> int:
        """Answers the alert's id: that of an earlier one when it is folded into it.

        It is folded into one of the same environment, code and severity that nobody acknowledged, while that one has
        not been delivered, or for ten minutes after it happened first. `times` it happened already, `last_text` what
        was known then. Secrets are taken out. Raises LedgerError.
        """
        text = redact(alert.text)[:_LONGEST_TEXT]
        last = text if last_text is None else redact(last_text)[:_LONGEST_TEXT]
        at = self._db.at()
        same = (
            alerts.c.environment == alert.environment,
            alerts.c.code == alert.code,
            alerts.c.severity == int(alert.severity),
            alerts.c.acked_at.is_(None),
        )
        with self._db.writing() as connection:
            earlier = connection.execute(select(alerts).where(*same).order_by(alerts.c.id.desc()).limit(1)).first()
            if earlier is not None and _folds(earlier, at):
                connection.execute(
                    update(alerts)
                    .where(alerts.c.id == earlier.id)
                    .values(times=alerts.c.times + times, last_at=at, last_text=last)
                )
                return int(earlier.id)
            row = {
                "environment": alert.environment,
                "code": alert.code,
                "severity": int(alert.severity),
                "title": redact(alert.title)[:200],
                "text": text,
                "at": at,
                "times": times,
                "last_at": at,
                "last_text": last,
                "next_try": at,
                "tries": 0,
            }
            return int(connection.execute(insert(alerts).values(row).returning(alerts.c.id)).scalar_one())

    def due(self, now: int, clock_slack: int) -> list[KeptAlert]:
        """What is to be sent at `now` (UTC ns), the gravest first. `clock_slack` ns: a try planned further ahead than
        this was planned by a clock that has been set back since."""
        is_due = or_(alerts.c.next_try <= now, alerts.c.next_try > now + clock_slack)
        query = select(alerts).where(alerts.c.next_try.is_not(None), is_due)
        with self._db.reading() as connection:
            return [_alert(row) for row in connection.execute(query.order_by(alerts.c.severity.desc(), alerts.c.id))]

    def next_try(self) -> int | None:
        """When the next one is due, UTC ns."""
        query = select(func.min(alerts.c.next_try)).where(alerts.c.next_try.is_not(None))
        with self._db.reading() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else int(found)

    def unacknowledged(self) -> list[KeptAlert]:
        """Those of ERROR and CRITICAL that were delivered and that nobody has acknowledged, the gravest first."""
        query = select(alerts).where(
            alerts.c.severity >= int(Severity.ERROR), alerts.c.acked_at.is_(None), alerts.c.delivered_at.is_not(None)
        )
        with self._db.reading() as connection:
            return [_alert(row) for row in connection.execute(query.order_by(alerts.c.severity.desc(), alerts.c.id))]

    def delivered(
        self, sent: Sequence[KeptAlert], channel: str, detail: str, *, now: int, repeat_at: int | None
    ) -> None:
        """`channel` took these at `now` (UTC ns); grave ones are sent again at `repeat_at` until they are acknowledged.
        One that happened again meanwhile, longer after its first time than repeats are folded for, stays due."""
        with self._db.writing() as connection:
            for alert in sent:
                connection.execute(insert(deliveries).values(_delivery_row(alert, channel, now, 1, detail)))
                row = connection.execute(select(alerts).where(alerts.c.id == alert.id)).one()
                told_late = row.times != alert.times and row.last_at - row.at > FOLD_WITHIN_NS
                following = repeat_at if alert.severity >= Severity.ERROR else None
                values = {"tries": 0, "delivered_at": row.delivered_at or now}
                if row.acked_at is None:
                    values["next_try"] = now if told_late else following
                connection.execute(update(alerts).where(alerts.c.id == alert.id).values(values))
            if _outage(connection) is not None:
                # Somebody can be told again: what waits for the end of a long pause goes out now.
                waiting = (alerts.c.delivered_at.is_(None), alerts.c.acked_at.is_(None), alerts.c.next_try > now)
                connection.execute(update(alerts).where(*waiting).values(next_try=now))
                connection.execute(delete(meta).where(meta.c.key == _DOWN_SINCE))

    def refused(self, sent: Sequence[KeptAlert], channel: str, detail: str, *, now: int) -> None:
        """`channel` did not take these. They stay due as they were: others may take them."""
        with self._db.writing() as connection:
            for alert in sent:
                row = upsert(deliveries).values(_delivery_row(alert, channel, now, 0, detail))
                changed = {"times": deliveries.c.times + 1, "at": row.excluded.at, "detail": row.excluded.detail}
                connection.execute(
                    row.on_conflict_do_update(
                        index_elements=["alert_id", "channel"], index_where=deliveries.c.ok == 0, set_=changed
                    )
                )

    def failed(self, sent: Sequence[KeptAlert], next_try: Sequence[int], *, now: int) -> Outage:
        """No channel took these: they are tried again at `next_try` (UTC ns, one each). Answers the outage so far."""
        with self._db.writing() as connection:
            for alert, at in zip(sent, next_try, strict=True):
                this = (alerts.c.id == alert.id, alerts.c.acked_at.is_(None))
                connection.execute(update(alerts).where(*this).values(tries=alerts.c.tries + 1, next_try=at))
            before = _outage(connection)
            outage = Outage(now, 1) if before is None else Outage(before.since, before.rounds + 1)
            row = upsert(meta).values(key=_DOWN_SINCE, value=f"{outage.since} {outage.rounds}")
            connection.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))
        return outage

    def unwanted(self, kept: Sequence[KeptAlert]) -> None:
        """These are below what every channel takes: they are kept and not sent."""
        with self._db.writing() as connection:
            ids = [alert.id for alert in kept]
            connection.execute(update(alerts).where(alerts.c.id.in_(ids)).values(next_try=None))

    def outage(self) -> Outage | None:
        """None while the last delivery arrived."""
        with self._db.reading() as connection:
            return _outage(connection)

    def ack(self, ids: Sequence[int] | None, by: str, note: str, environment: str | None = None) -> list[KeptAlert]:
        """Somebody has seen these (None: all that are open, of one environment if named): they are not sent again.

        Answers those acknowledged now, as they were; others are unknown or were acknowledged before. Raises ValueError
        without a name or a note.
        """
        if not by.strip() or not note.strip():
            raise ValueError("an acknowledgement needs a name and a note")
        at = self._db.at()
        query = select(alerts).where(alerts.c.acked_at.is_(None)).order_by(alerts.c.id)
        if ids is not None:
            query = query.where(alerts.c.id.in_(ids))
        if environment is not None:
            query = query.where(alerts.c.environment == environment)
        with self._db.writing() as connection:
            rows = connection.execute(query).all()
            found = [alert for alert in map(_alert, rows) if ids is not None or alert.is_open]
            acked = [alert.id for alert in found]
            values = {"acked_at": at, "acked_by": by, "note": redact(note), "next_try": None}
            connection.execute(update(alerts).where(alerts.c.id.in_(acked)).values(values))
            for alert in found:
                told = {"alert": alert.id, "code": alert.code, "severity": alert.severity.name, "note": redact(note)}
                self._chain.note(connection, at, "alert_ack", told, environment=alert.environment, by=by)
        return found

    def tested(self, channel: str, *, ok: bool, detail: str, by: str) -> int:
        """A test message on `channel`, as evidence: an alert that was delivered or failed, and a row of the audit
        chain (`alert_test`). It is never sent again."""
        at = self._db.at()
        row = {
            "environment": "",
            "code": "test",
            "severity": int(Severity.INFO),
            "title": f"test of {channel}",
            "text": redact(detail),
            "at": at,
            "times": 1,
            "last_at": at,
            "last_text": redact(detail),
            "tries": 0 if ok else 1,
            "delivered_at": at if ok else None,
            "acked_at": at,
            "acked_by": by,
            "note": "a test",
        }
        with self._db.writing() as connection:
            number = int(connection.execute(insert(alerts).values(row).returning(alerts.c.id)).scalar_one())
            sent = {"alert_id": number, "channel": channel, "at": at, "ok": int(ok), "times": 1}
            connection.execute(insert(deliveries).values({**sent, "detail": redact(detail)}))
            told = {"channel": channel, "ok": ok, "detail": redact(detail)}
            self._chain.note(connection, at, "alert_test", told, environment="", by=by)
        return number

    def list(self, environment: str | None = None, *, only_open: bool = False) -> list[KeptAlert]:
        """Oldest first."""
        query = select(alerts).order_by(alerts.c.id)
        if environment is not None:
            query = query.where(alerts.c.environment == environment)
        with self._db.reading() as connection:
            found = [_alert(row) for row in connection.execute(query)]
        return [alert for alert in found if alert.is_open] if only_open else found

    def deliveries(self, alert_id: int | None = None) -> "Sequence[Delivery]":
        """Of one alert or of all, oldest first. Failures of one alert on one channel are one row, counted."""
        query = select(deliveries).order_by(deliveries.c.id)
        if alert_id is not None:
            query = query.where(deliveries.c.alert_id == alert_id)
        with self._db.reading() as connection:
            return [
                Delivery(row.alert_id, row.channel, moment(row.at), bool(row.ok), row.times, row.detail)
                for row in connection.execute(query)
            ]


def _folds(earlier: Any, at: int) -> bool:
    is_waiting = earlier.delivered_at is None and earlier.next_try is not None
    return is_waiting or abs(at - earlier.at) <= FOLD_WITHIN_NS


def _delivery_row(alert: KeptAlert, channel: str, at: int, ok: int, detail: str) -> dict[str, Any]:
    sent = {"alert_id": alert.id, "channel": channel, "at": at}
    return {**sent, "ok": ok, "times": 1, "detail": redact(detail)[:_LONGEST_TEXT]}


def _outage(connection: Connection) -> Outage | None:
    kept = connection.execute(select(meta.c.value).where(meta.c.key == _DOWN_SINCE)).scalar()
    if kept is None:
        return None
    since, rounds = str(kept).split()
    return Outage(int(since), int(rounds))


def _alert(row: Any) -> KeptAlert:
    return KeptAlert(
        id=row.id,
        environment=row.environment,
        code=row.code,
        severity=Severity(row.severity),
        title=row.title,
        text=row.text,
        at=moment(row.at),
        times=row.times,
        last_at=moment(row.last_at),
        last_text=row.last_text,
        next_try=row.next_try,
        tries=row.tries,
        delivered_at=moment_or_none(row.delivered_at),
        acked_at=moment_or_none(row.acked_at),
        acked_by=row.acked_by,
        note=row.note,
    )
