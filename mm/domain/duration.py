"""Durations as people write them: `250ms`, `10s`, `10m`, `2h`, `3d`."""

import re
from datetime import timedelta
from decimal import Decimal

_FORM = re.compile(r"^(\d+(?:\.\d+)?)(ms|s|m|h|d)$", re.ASCII)
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}


def parse_duration(text: str) -> timedelta:
    """Raises ValueError with the allowed form when `text` is none."""
    match = _FORM.match(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no duration; write a number and ms, s, m, h or d, like 10s or 10m")
    milliseconds = Decimal(match[1]) * _SECONDS[match[2]] * 1000
    if milliseconds != int(milliseconds):
        raise ValueError(f"{text!r} is finer than 1ms")
    try:
        return timedelta(milliseconds=int(milliseconds))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any duration can be") from None


def format_duration(value: timedelta) -> str:
    """The shortest exact form of `value`, the inverse of `parse_duration`."""
    milliseconds = value // timedelta(milliseconds=1)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"
