"""What a person reads: what, where, when, what to do next, whom to call."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mm import redaction
from mm.alerts.message import AT_MOST, IN_FULL, Duty, render
from mm.control.outbox import KeptAlert
from mm.domain.alert import Severity
from tests.fakes.channels import DUTY, START


def kept(code: str = "daily_loss", severity: Severity = Severity.ERROR, number: int = 1) -> KeptAlert:
    return KeptAlert(
        id=number,
        environment="mainnet",
        code=code,
        severity=severity,
        title=f"halted: {code}",
        text="lost 6 USDC, limit 5 USDC",
        at=START,
        times=1,
        last_at=START,
        last_text="lost 6 USDC, limit 5 USDC",
        next_try=0,
        tries=0,
        delivered_at=None,
        acked_at=None,
        acked_by=None,
        note=None,
    )


def test_it_says_what_where_when_and_what_to_do_next() -> None:
    message = render([kept()], DUTY)
    assert message.subject == "[mm ERROR] mainnet: halted: daily_loss"
    for words in (
        "lost 6 USDC, limit 5 USDC",
        "mainnet",
        "2026-11-28 12:00:00 UTC",
        "mm risk resume --mainnet --note",
        "On duty: Li",
        "mm alerts ack 1 --note",
    ):
        assert words in message.body


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.CRITICAL])
def test_both_contacts_stand_on_alerts_of_level_2_and_3(severity: Severity) -> None:
    body = render([kept(severity=severity)], DUTY).body
    assert "primary: Li, +86 1, li@x.test" in body
    assert "backup: Wu, +86 2, wu@x.test" in body


def test_they_do_not_stand_on_smaller_ones() -> None:
    body = render([kept("breaker_open", Severity.WARNING)], DUTY).body
    assert "+86" not in body
    assert "mm alerts ack" not in body


def test_missing_contacts_are_said() -> None:
    assert "none are named" in render([kept()], Duty()).body


def test_own_orders_that_may_be_left_name_the_emergency_stop() -> None:
    body = render([kept("not_proven", Severity.CRITICAL)], DUTY).body
    assert "mm stop --emergency --mainnet" in body


def test_repeats_say_how_often_and_what_was_known_last() -> None:
    repeated = replace(kept(), times=7, last_at=START + timedelta(hours=1), last_text="lost 9 USDC")
    body = render([repeated], DUTY).body
    assert "7 times, last 2026-11-28 13:00:00 UTC" in body
    assert "lost 9 USDC" in body


def test_of_many_the_gravest_come_first_and_none_is_left_out() -> None:
    many = [kept(f"code_{n}", Severity.WARNING, n) for n in range(1, AT_MOST)] + [
        kept("ledger", Severity.CRITICAL, 500)
    ]
    message = render(many, DUTY)
    assert message.severity is Severity.CRITICAL
    assert message.subject == f"[mm CRITICAL] mainnet: halted: ledger (and {AT_MOST - 1} more)"
    assert all(f"code_{n}" in message.body for n in range(1, AT_MOST))
    assert message.body.count("  known   ") == IN_FULL
    assert len(message.body.encode()) < 15_000


def test_no_secret_and_no_second_line_in_the_subject(no_secrets_registered: None, tmp_path: Path) -> None:
    redaction.register_secret("canary-secret-4711")
    bad = replace(kept(), title="canary-secret-4711\r\nBcc: thief@x.test", text="canary-secret-4711")
    message = render([bad], DUTY)
    assert "canary" not in message.subject + message.body
    assert "\n" not in message.subject
    assert "\r" not in message.subject
