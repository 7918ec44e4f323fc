"""Mail through a real server on loopback: plain, starttls with a log-in, refusals."""

import email
import ssl
from collections.abc import Iterator
from email.policy import default

import pytest
import trustme
from pydantic import SecretStr

from mm.alerts.channel import Message
from mm.alerts.email import EmailChannel
from mm.alerts.settings import EmailSettings
from mm.domain.alert import Severity
from tests.fakes.receivers import Mailbox, mail_server

MESSAGE = Message("[mm ERROR] sim: halted · 停", "lost 6 USDC\ncall 李\n", Severity.ERROR)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


def settings(port: int, security: str = "none", host: str = "127.0.0.1") -> EmailSettings:
    return EmailSettings.model_validate(
        {"host": host, "port": port, "security": security, "sender": "mm@x.test", "recipients": "a@x.test, b@x.test"}
    )


def test_a_mail_arrives_at_every_recipient(box: Mailbox) -> None:
    sent = EmailChannel(settings(box.port)).send(MESSAGE)
    assert (sent.ok, sent.detail) == (True, "taken by 127.0.0.1")
    (got,) = box.mails
    assert got.rcpt_tos == ["a@x.test", "b@x.test"]
    assert isinstance(got.content, bytes)
    mail = email.message_from_bytes(got.content, policy=default)
    assert mail["Subject"] == MESSAGE.subject
    body = mail.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == MESSAGE.body
    assert mail["X-Priority"] == "1"


def test_a_refusal_is_a_failure_with_the_servers_words(box: Mailbox) -> None:
    box.refuse = "554 no more of this"
    sent = EmailChannel(settings(box.port)).send(MESSAGE)
    assert (sent.ok, sent.detail) == (False, "127.0.0.1: 554 no more of this")


def test_starttls_with_a_log_in(authority: trustme.CA) -> None:
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    with mail_server(tls=server, log_in=("mm", "canary-password")) as box:
        password = SecretStr("canary-password")
        named = {"user": "mm", "password": password}
        sent = EmailChannel(settings(box.port, "starttls"), trust=client, **named).send(MESSAGE)  # type: ignore[arg-type]
        assert sent.ok, sent.detail
        assert box.log_ins == [(b"mm", b"canary-password")]
        wrong = EmailChannel(settings(box.port, "starttls"), "mm", SecretStr("canary-wrong"), client).send(MESSAGE)
        assert not wrong.ok
        assert "535" in wrong.detail
        assert "canary" not in wrong.detail
        unknown = EmailChannel(settings(box.port, "starttls"), "mm", password).send(MESSAGE)
        assert not unknown.ok
        assert "certificate" in unknown.detail.lower()
    assert len(box.mails) == 1


def test_a_password_is_never_sent_in_the_clear(box: Mailbox) -> None:
    sent = EmailChannel(settings(box.port), "mm", SecretStr("canary-password")).send(MESSAGE)
    assert not sent.ok
    assert "in the clear" in sent.detail
    assert "canary" not in sent.detail
    assert box.mails == []


def test_nobody_there_is_a_failure(box: Mailbox) -> None:
    assert "refused" in EmailChannel(settings(1)).send(MESSAGE).detail


def test_the_password_is_not_in_the_repr() -> None:
    assert "canary" not in repr(EmailChannel(settings(1), "mm", SecretStr("canary-password")))
