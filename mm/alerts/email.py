"""Mail over SMTP."""

import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from pydantic import SecretStr

from mm.alerts.channel import Message, Sent
from mm.alerts.settings import EmailSettings
from mm.domain.alert import Severity
from mm.redaction import redact

TIMEOUT = 10.0
"""Seconds for each answer of the server."""


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """`trust` whose certificates are believed (None: those this machine trusts)."""

    settings: EmailSettings
    user: str = ""
    password: SecretStr | None = field(default=None, repr=False)
    trust: ssl.SSLContext | None = None
    name: str = "email"

    @property
    def minimum(self) -> Severity:
        return Severity[self.settings.minimum]

    def send(self, message: Message) -> Sent:
        try:
            with self._connected() as server:
                if self.password is not None:
                    server.login(self.user, self.password.get_secret_value())
                refused = server.send_message(self._mail(message))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return Sent(ok=False, detail=redact(f"{self.settings.host}: {_said(error)}"))
        if refused:
            return Sent(ok=True, detail=redact(f"taken, but not for {', '.join(refused)}"))
        return Sent(ok=True, detail=f"taken by {self.settings.host}")

    def _connected(self) -> smtplib.SMTP:
        settings = self.settings
        # smtplib would look up this machine's full name; a name server that is gone must not hold a mail up.
        own = socket.gethostname()
        own = own if "." in own else "[127.0.0.1]"
        if settings.security == "none":
            if self.password is not None:
                raise ValueError("a password is set, and alerts.email.security is none: it would be sent in the clear")
            return smtplib.SMTP(settings.host, settings.port, own, TIMEOUT)
        trust = self.trust or ssl.create_default_context()
        if settings.security == "tls":
            return smtplib.SMTP_SSL(settings.host, settings.port, own, timeout=TIMEOUT, context=trust)
        server = smtplib.SMTP(settings.host, settings.port, own, TIMEOUT)
        try:
            server.starttls(context=trust)
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, message: Message) -> EmailMessage:
        settings = self.settings
        mail = EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = settings.sender
        mail["To"] = ", ".join(address.strip() for address in settings.recipients.split(",") if address.strip())
        mail["Date"] = formatdate(localtime=False)
        mail["Message-ID"] = make_msgid("mm", domain="mm.invalid")
        mail["Auto-Submitted"] = "auto-generated"
        if message.severity >= Severity.ERROR:
            mail["X-Priority"] = "1"
        mail.set_content(message.body)
        return mail


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{address}: {_answer(*answer)}" for address, answer in error.recipients.items())
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _answer(code: int, text: bytes | str) -> str:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {said}"
