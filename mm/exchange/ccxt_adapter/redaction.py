"""Takes secrets out of any text before it can reach a log, an error or an event."""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

_SIGNED = re.compile(r"(?i)(signature|timestamp|apikey|x-mbx-apikey|listenkey)(['\"]?\s*[=:]\s*['\"]?)[^&\s'\",})]+")
_QUERY = re.compile(r"((?:https?|wss?)://[^\s?'\"]+)\?[^\s'\"]*")
_LONGEST = 300


class Redactor:
    """Knows the secrets of one key pair and hides them in raw, URL-encoded, hex and base64 form."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if not secret:
                continue
            raw = secret.encode()
            forms |= {secret, quote(secret, safe=""), raw.hex(), base64.b64encode(raw).decode().rstrip("=")}
            forms.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))
        ordered = sorted(forms, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, ordered)), re.IGNORECASE) if ordered else None

    def __call__(self, text: str) -> str:
        """`text` on one line, at most 300 characters, without secrets, signatures and query strings."""
        if self._secrets is not None:
            text = self._secrets.sub("***", text)
        text = _QUERY.sub(r"\1?***", text)
        text = _SIGNED.sub(r"\1\2***", text)
        return " ".join(text.split())[:_LONGEST]

    def __repr__(self) -> str:
        return "Redactor(***)"
