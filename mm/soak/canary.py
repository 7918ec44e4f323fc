"""I6: secrets that were put in on purpose must be in no file that was written."""

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from mm.soak.market import CANARY_KEY, CANARY_SECRET

_CHUNK = 1 << 20


def spellings(secret: str) -> tuple[bytes, ...]:
    """As it is, in base64, in hex and in a URL."""
    raw = secret.encode()
    return tuple(dict.fromkeys((raw, base64.b64encode(raw), raw.hex().encode(), quote(secret).encode())))


def leaks(folder: Path) -> Iterator[str]:
    """One line a file under `folder` that holds a canary."""
    wanted = [spelling for secret in (CANARY_KEY, CANARY_SECRET) for spelling in spellings(secret)]
    longest = max(map(len, wanted))
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _holds(path, wanted, longest):
            yield f"{path.relative_to(folder)} holds a secret"


def told(text: str) -> bool:
    """Whether an output holds a canary."""
    return any(spelling in text.encode() for secret in (CANARY_KEY, CANARY_SECRET) for spelling in spellings(secret))


def _holds(path: Path, wanted: list[bytes], longest: int) -> bool:
    with path.open("rb") as file:
        tail = b""
        while chunk := file.read(_CHUNK):
            text = tail + chunk
            if any(spelling in text for spelling in wanted):
                return True
            tail = text[-longest:]
    return False
