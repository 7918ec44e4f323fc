"""An alert, or several that are due together, as a person reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mm.alerts.channel import Message
from mm.control.outbox import KeptAlert
from mm.domain.alert import Severity
from mm.redaction import redact

IN_FULL = 10
"""So many alerts of one message are told in full; the others in a line each."""
AT_MOST = 100
"""Alerts of one message."""

_RESUME = "review, then mm risk resume --{environment} --note WHY"
_NEXT = {
    "not_proven": "mm stop --emergency --{environment}, at once",
    "crashed": "mm logs --{environment}; mm status --{environment}; start it again only when the cause is known",
    "unrecorded_order": "compare with the exchange: mm ledger audit --{environment}",
    "ledger": "free the disk or mend it; then " + _RESUME,
    "data_inconsistent": "mm ledger audit --{environment}; then " + _RESUME,
    "authentication": "look at the API key and its permissions; then " + _RESUME,
    "geo_blocked": "the exchange refuses this machine's place; then " + _RESUME,
    "alerts_down": "mend the channels (mm alerts test); then " + _RESUME,
    "level_1": "watch it: mm status --watch --{environment}; be ready to stop it: mm stop --{environment}",
    "level_2": _RESUME,
    "level_3": "full check: mm ledger audit --{environment}, mm review daily --{environment}; then qualify on testnet",
    "stage_loss_10pct": "full check: mm ledger audit --{environment}; the stage is over, qualify again on testnet",
    "day_loss_10pct": "full check: mm ledger audit --{environment}; the stage is over, qualify again on testnet",
    "breaker_open": "mm logs --{environment}; it closes by itself when the exchange answers again",
    "order_unknown": "nothing: it is queried until its fate is known; mm ledger orders --{environment} shows it",
}
_BY_SEVERITY = {
    Severity.CRITICAL: "mm status --{environment}; stop it when in doubt: mm stop --emergency --{environment}",
    Severity.ERROR: "mm risk show --{environment}; " + _RESUME,
    Severity.WARNING: "mm status --{environment}; mm logs --{environment}",
}


@dataclass(frozen=True, slots=True)
class Contact:
    """Who to call (P-6.4); empty words are left out."""

    role: str
    name: str = ""
    phone: str = ""
    email: str = ""

    def __str__(self) -> str:
        known = ", ".join(word for word in (self.name, self.phone, self.email) if word)
        return f"{self.role}: {known or 'nobody is named (config.yaml, contacts)'}"


@dataclass(frozen=True, slots=True)
class Duty:
    """`operator` who is on duty; `contacts` stand on every alert of level 2 and 3."""

    operator: str = ""
    contacts: tuple[Contact, ...] = ()


def render(alerts: Sequence[KeptAlert], duty: Duty) -> Message:
    """One message of one or more alerts, the gravest first. Secrets are taken out."""
    ordered = sorted(alerts, key=lambda alert: (-alert.severity, alert.id))
    first = ordered[0]
    more = f" (and {len(ordered) - 1} more)" if len(ordered) > 1 else ""
    where = f" {first.environment}:" if first.environment else ""
    subject = f"[mm {first.severity.name}]{where} {first.title}{more}"
    paragraphs = [_in_full(alert) for alert in ordered[:IN_FULL]]
    if ordered[IN_FULL:]:
        paragraphs.append("\n".join(_line(alert) for alert in ordered[IN_FULL:]))
    if first.severity >= Severity.ERROR:
        called = "\n".join(f"  {contact}" for contact in duty.contacts)
        paragraphs.append(f"Emergency contacts\n{called}" if called else "Emergency contacts: none are named")
    if duty.operator:
        paragraphs.append(f"On duty: {duty.operator}")
    unseen = " ".join(str(alert.id) for alert in ordered if alert.severity >= Severity.ERROR)
    if unseen:
        paragraphs.append(f'Sent again until somebody says: mm alerts ack {unseen} --note "what is done about it"')
    plain = "".join(letter if letter.isprintable() else " " for letter in redact(subject))
    return Message(plain[:200], redact("\n\n".join(paragraphs)) + "\n", first.severity)


def _in_full(alert: KeptAlert) -> str:
    rows = [
        ("what", alert.title),
        ("where", alert.environment or "this machine"),
        ("when", _when(alert)),
        ("known", alert.text),
        ("at last", alert.last_text if alert.last_text != alert.text else ""),
        ("next", _next(alert)),
    ]
    head = f"{alert.severity.name} {alert.code} (alert {alert.id})"
    return "\n".join([head, *(f"  {name:<8}{_indented(text)}" for name, text in rows if text)])


def _line(alert: KeptAlert) -> str:
    where = f"{alert.environment}: " if alert.environment else ""
    return f"{alert.severity.name} {where}{alert.title} (alert {alert.id}, {_when(alert)})"


def _when(alert: KeptAlert) -> str:
    if alert.times == 1:
        return _moment(alert.at)
    return f"{_moment(alert.at)}; {alert.times} times, last {_moment(alert.last_at)}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _next(alert: KeptAlert) -> str:
    if not alert.environment:
        return ""
    step = _NEXT.get(alert.code) or _BY_SEVERITY.get(alert.severity, "")
    return step.format(environment=alert.environment)


def _indented(text: str) -> str:
    return text.strip().replace("\n", "\n          ")
