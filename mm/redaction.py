"""Takes secrets out of text before it reaches a log, an error line, a report or a crash file. Standard library only.

Two nets: values told by whoever read a key (`register_secret`), in every form in which they travel, and the forms of
Binance's own secrets (signed query strings, the key header, 64-character keys). The second catches what nobody
registered.
"""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
SHORTEST = 6
"""Characters: anything shorter is a word, and hiding it would hide ordinary text."""
LINE = 300
_CORE = 8

_known: dict[str, None] = {}
_forms: tuple[str, ...] = ()

_PATTERNS = (
    # signature=… in a query string or a printed dictionary; the key header in any spelling.
    re.compile(r"(?i)((?:signature|listenkey|api_?key|api_?secret|secret|access_?token|x-mbx-apikey)[\"']?\s*(?:[=:]|%3D)\s*[\"']?)"
               r"([A-Za-z0-9_\-+/=%]{16,})"),
    # Binance's keys are 64 letters and digits.
    re.compile(r"()(?<![A-Za-z0-9])([A-Za-z0-9]{64})(?![A-Za-z0-9])"),
)  # fmt: skip
_SIGNED = re.compile(r"(?i)((?:signature|timestamp|apikey|x-mbx-apikey|listenkey)['\"]?\s*[=:]\s*['\"]?)[^&\s'\",})]+")
_QUERY = re.compile(r"((?:https?|wss?)://[^\s?'\"]+)\?[^\s'\"]*")


def register_secret(value: str) -> None:
    """From now on `value` (6 characters or more) is hidden: as it is, in other letters, escaped, URL-encoded, in hex
    and in base64, there also as a part of something longer."""
    if len(value) >= SHORTEST and value not in _known:
        _known[value] = None
        _gather()


def redact_known(text: str) -> str:
    """`text` without the registered secrets alone: hashes, which look like keys, stay."""
    for form in _forms:
        if form in text:
            text = text.replace(form, HIDDEN)
    return text


def redact(text: str) -> str:
    """`text` without secrets, and without what looks like one."""
    text = redact_known(text)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text


def one_line(text: str) -> str:
    """What another program said, for an error or an event: no secrets, no query strings, one line of at most 300
    characters."""
    text = _SIGNED.sub(rf"\1{HIDDEN}", _QUERY.sub(rf"\1?{HIDDEN}", redact(text)))
    return " ".join(text.split())[:LINE]


@contextmanager
def secrets_of_a_while() -> Iterator[None]:
    """Secrets that are registered within are forgotten afterwards."""
    before = dict(_known)
    try:
        yield
    finally:
        _known.clear()
        _known.update(before)
        _gather()


def _gather() -> None:
    global _forms  # noqa: PLW0603  one process, one set of secrets
    _forms = tuple(sorted({form for value in _known for form in forms_of(value)}, key=len, reverse=True))


@lru_cache(maxsize=64)
def forms_of(value: str) -> frozenset[str]:
    """Every text that gives `value` away."""
    raw = value.encode("utf-8", "surrogatepass")
    quoted = {quote(raw, safe=""), quote_plus(raw), quote(raw)}
    escaped = {re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), form) for form in quoted}
    twice = {quote(form, safe="") for form in quoted}
    written = {value, *_escaped(value)}
    written |= {form for once in written for form in _escaped(once)} | {value.lower(), value.upper()}
    encoded = {raw.hex(), raw.hex().upper(), *_base64(raw)}
    return frozenset(form for form in written | quoted | escaped | twice | encoded if len(form) >= SHORTEST)


def _escaped(value: str) -> set[str]:
    """As Python and JSON write it between quotes; an error that was printed and then kept as JSON is escaped twice."""
    return {repr(value)[1:-1], ascii(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}


def _base64(raw: bytes) -> Iterator[str]:
    """What of it stands in any base64 text around it, at each of the three offsets, in both alphabets."""
    for offset, skipped in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(bytes(offset) + raw).decode().rstrip("=")
        # The last character holds bits of what follows, unless the groups end evenly.
        core = text[skipped:] if (offset + len(raw)) % 3 == 0 else text[skipped:-1]
        if len(core) >= _CORE:
            yield core
            yield core.replace("+", "-").replace("/", "_")
