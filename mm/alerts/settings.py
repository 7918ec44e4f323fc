"""What can be set about alerts. Passwords, webhooks and Apprise URLs are no settings: see mm.alerts.secrets."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from mm.domain.alert import Severity
from mm.fields import Duration, Settings

Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Level = Literal["INFO", "WARNING", "ERROR", "CRITICAL"]


class EmailSettings(Settings):
    host: Line = ""
    """Mail server (SMTP); empty: no alerts by mail."""
    port: Annotated[int, Field(ge=1, le=65535)] = 465
    """Its port: 465 goes with tls, 587 with starttls."""
    security: Literal["tls", "starttls", "none"] = "tls"
    """tls from the first byte, starttls, or none; a password is never sent over none."""
    sender: Line = ""
    """Address the mails come from."""
    recipients: Line = ""
    """Addresses they go to, commas between them."""
    minimum: Level = "WARNING"
    """Alerts below this severity are not sent here: INFO, WARNING, ERROR or CRITICAL."""


class DingTalkSettings(Settings):
    minimum: Level = "WARNING"
    """Alerts below this severity are not sent here."""


class AppriseSettings(Settings):
    minimum: Level = "WARNING"
    """Alerts below this severity are not sent here."""


class AlertsSettings(Settings):
    retry_first: Duration = timedelta(seconds=10)
    """Pause after the first delivery that failed on every channel; each further one is twice as long."""
    retry_longest: Duration = timedelta(minutes=5)
    """Longest such pause."""
    escalate_after: Duration = timedelta(minutes=15)
    """ERROR and CRITICAL are sent again to all channels this often until `mm alerts ack`."""
    halt_after: Duration = timedelta(minutes=15)
    """When every channel has failed for this long, trading is halted."""
    email: EmailSettings = EmailSettings()
    dingtalk: DingTalkSettings = DingTalkSettings()
    apprise: AppriseSettings = AppriseSettings()

    def contradictions(self) -> list[str]:
        """Keys that are each allowed but do not go together, one line each."""
        email = self.email
        rules = (
            (not email.host or bool(email.sender), "alerts.email.sender must be set when alerts.email.host is"),
            (not email.host or bool(email.recipients), "alerts.email.recipients must be set when alerts.email.host is"),
            (self.retry_first <= self.retry_longest, "alerts.retry_first must not exceed alerts.retry_longest"),
        )
        return [said for holds, said in rules if not holds]


def severity(level: Level) -> Severity:
    return Severity[level]
