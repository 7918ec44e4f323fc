"""DingTalk's robots. They answer HTTP 200 to everything: whether a message was taken is in `errcode`.

https://open.dingtalk.com/document/robots/custom-robot-access and …/customize-robot-security-settings (signature).
"""

import base64
import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlsplit

from pydantic import SecretStr

from mm.alerts.channel import Message, Sent
from mm.domain.alert import Severity
from mm.domain.errors import ConfigurationError
from mm.redaction import redact, register_secret

TIMEOUT = 10.0
"""Seconds for each answer."""
_LONGEST = 15_000
"""Bytes; a robot takes 20,000."""
_LONGEST_ANSWER = 65_536


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook that points elsewhere is not followed: the message would go to somebody else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class DingTalkChannel:
    """`clock` UTC ns, for the signature: DingTalk refuses one that is more than an hour off."""

    webhook: SecretStr = field(repr=False)
    secret: SecretStr | None = field(repr=False)
    minimum: Severity
    clock: Callable[[], int]
    name: str = "dingtalk"

    def __post_init__(self) -> None:
        """Raises ConfigurationError when the webhook is none (without showing it)."""
        parts = urlsplit(self.webhook.get_secret_value())
        if parts.scheme not in {"http", "https"} or not parts.hostname or "access_token=" not in parts.query:
            raise ConfigurationError(
                "MM_ALERTS_DINGTALK_WEBHOOK is no webhook",
                "it is like https://oapi.dingtalk.com/robot/send?access_token=…",
            )

    def send(self, message: Message) -> Sent:
        text = f"{message.subject}\n\n{message.body}".encode()[:_LONGEST].decode(errors="ignore")
        content = json.dumps({"msgtype": "text", "text": {"content": text}}).encode()
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self._address(), content, {"Content-Type": "application/json; charset=utf-8"}
        )
        try:
            with urllib.request.build_opener(_NoRedirect()).open(request, timeout=TIMEOUT) as answer:
                return self._judged(answer.read(_LONGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                return Sent(ok=False, detail=f"HTTP {error.code}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Sent(ok=False, detail=redact(f"{type(error).__name__}: {error}"))

    def _address(self) -> str:
        webhook = self.webhook.get_secret_value()
        if self.secret is None:
            return webhook
        stamp = str(self.clock() // 1_000_000)
        sign = signature(self.secret.get_secret_value(), stamp)
        register_secret(sign)
        return f"{webhook}&timestamp={stamp}&sign={quote_plus(sign)}"

    def _judged(self, body: bytes) -> Sent:
        try:
            said = json.loads(body)
            code, words = said["errcode"], str(said.get("errmsg", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            return Sent(ok=False, detail="the answer is none of DingTalk's (no errcode)")
        if isinstance(code, bool) or code != 0:
            return Sent(ok=False, detail=redact(f"errcode {code}: {words}")[:300])
        return Sent(ok=True, detail="errcode 0")


def signature(secret: str, stamp: str) -> str:
    """HMAC-SHA256 of "timestamp, newline, secret" with the secret as the key, in base64. `stamp` UTC ms."""
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
