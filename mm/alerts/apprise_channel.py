"""Everything else: one Apprise URL (Telegram, Slack, Feishu, ntfy … about 170 services) as a channel."""

import logging
import re
from dataclasses import dataclass, field

from pydantic import SecretStr

from mm.alerts.channel import Message, Sent
from mm.domain.alert import Severity
from mm.domain.errors import ConfigurationError
from mm.redaction import redact

_SCHEMA = re.compile(r"^([a-z0-9]{2,20})://\S+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """`number` its place among the URLs, from 1; the name is like `apprise-1-tgram`."""

    url: SecretStr = field(repr=False)
    number: int
    minimum: Severity

    def __post_init__(self) -> None:
        """Raises ConfigurationError for what is no Apprise URL, and for DingTalk (without showing it)."""
        match = _SCHEMA.match(self.url.get_secret_value())
        if match is None:
            raise ConfigurationError(
                f"MM_ALERTS_APPRISE_URLS: number {self.number} is no URL", "it is like tgram://token/chat"
            )
        if match[1].lower() == "dingtalk":
            # Apprise looks at the HTTP status alone, and DingTalk answers 200 when it refuses a message.
            raise ConfigurationError(
                f"MM_ALERTS_APPRISE_URLS: number {self.number} is DingTalk, whose refusals Apprise does not see",
                "set MM_ALERTS_DINGTALK_WEBHOOK (and _SECRET) instead",
            )

    @property
    def name(self) -> str:
        return f"apprise-{self.number}-{self.url.get_secret_value().partition('://')[0].lower()}"

    def send(self, message: Message) -> Sent:
        import apprise  # noqa: PLC0415 - half a second; only who sends through it pays

        kind = {Severity.INFO: apprise.NotifyType.INFO, Severity.WARNING: apprise.NotifyType.WARNING}
        service = apprise.Apprise()
        with apprise.LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]
            try:
                known = service.add(self.url.get_secret_value())
                ok = known and service.notify(
                    body=message.body,
                    title=message.subject,
                    notify_type=kind.get(message.severity, apprise.NotifyType.FAILURE),
                    body_format=apprise.NotifyFormat.TEXT,
                )
            except Exception as error:  # noqa: BLE001 - 170 plugins: whatever one raises is a message that did not leave
                return Sent(ok=False, detail=redact(f"{type(error).__name__}: {error}")[:300])
            said = log.getvalue().strip().splitlines() if log is not None else []
        if ok:
            return Sent(ok=True, detail="taken")
        why = said[-1] if said else "not taken"
        return Sent(ok=False, detail=redact(why if known else "Apprise does not know this URL")[:300])
