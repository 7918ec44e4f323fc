"""Takes secrets out of text before it reaches a log, an error line or a crash file. Standard library only.

Two nets: exact values told by whoever read a key (`register_secret`), and the forms in which Binance's secrets
travel (signed query strings, the key header, 64-character keys). The second catches what nobody registered.
"""

import re
from urllib.parse import quote

HIDDEN = "[hidden]"
_known: set[str] = set()

_PATTERNS = (
    # signature=… in a query string or a printed dictionary; the key header in any spelling.
    re.compile(r"(?i)((?:signature|listenkey|api_?key|api_?secret|secret|access_?token|x-mbx-apikey)[\"']?\s*(?:[=:]|%3D)\s*[\"']?)"
               r"([A-Za-z0-9_\-+/=%]{16,})"),
    # Binance's keys are 64 letters and digits.
    re.compile(r"()(?<![A-Za-z0-9])([A-Za-z0-9]{64})(?![A-Za-z0-9])"),
)  # fmt: skip


def register_secret(value: str) -> None:
    """From now on `value` (6 characters or more) is hidden, also URL-encoded and escaped."""
    if len(value) >= 6:
        _known.update({value, quote(value, safe=""), repr(value)[1:-1]})


def redact(text: str) -> str:
    """`text` without secrets."""
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, HIDDEN)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text
