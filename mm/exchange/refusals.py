"""What Binance's error codes mean for an order: refused, refused for now, or not known.

Source: Binance Spot API documentation, "Error codes".
"""

import re
from collections.abc import Mapping
from enum import Enum, auto


class Meaning(Enum):
    """What a failure means."""

    REFUSED = auto()
    """Known refusal: nothing was done, asking again would bring the same."""
    REFUSED_NOW = auto()
    """Known refusal that passes (rate, clock): nothing was done; a read may be repeated later."""
    UNKNOWN = auto()
    """An order's fate is unknown; a read may be repeated."""
    UNREADABLE = auto()
    """An order's fate is unknown; repeating a read would not help."""
    NOT_SENT = auto()
    """Nothing left this process; a read may be repeated."""


R, N, U = Meaning.REFUSED, Meaning.REFUSED_NOW, Meaning.UNKNOWN

CODES: Mapping[int, tuple[Meaning, str]] = {
    -1000: (U, "exchange_error"),
    -1001: (U, "disconnected"),
    -1002: (R, "authentication"),
    -1003: (N, "rate_limited"),
    -1004: (U, "busy"),
    -1006: (U, "unexpected_response"),
    -1007: (U, "exchange_timeout"),
    -1008: (U, "overloaded"),
    -1010: (R, "rejected"),
    -1013: (R, "filter"),
    -1014: (R, "bad_request"),
    -1015: (N, "too_many_orders"),
    -1016: (U, "shutting_down"),
    -1020: (R, "unsupported"),
    -1021: (N, "clock"),
    -1022: (R, "authentication"),
    -1034: (N, "rate_limited"),
    -1099: (R, "authentication"),
    -2008: (R, "authentication"),
    -2010: (R, "rejected"),
    -2011: (R, "unknown_order"),
    -2013: (R, "no_such_order"),
    -2014: (R, "authentication"),
    -2015: (R, "authentication"),
    -2016: (R, "market_closed"),
    -2021: (U, "half_done"),
    -2022: (U, "both_failed"),
    -2026: (R, "archived"),
    -2038: (R, "amend_refused"),
    -2039: (R, "bad_request"),
}
"""Binance's codes. -1100 … -1199 are all faults of the request (see `meaning_of_code`)."""

_TEXTS_2010 = (
    ("insufficient balance", R, "insufficient_balance"),
    ("immediately match", R, "would_match"),
    ("would trigger immediately", R, "would_match"),
    # An order of that id is open: it may be this very order.
    ("duplicate order", U, "duplicate_id"),
    ("market is closed", R, "market_closed"),
    ("symbol is not", R, "not_permitted"),
    ("restricted", R, "not_permitted"),
    ("may not place or cancel", R, "not_permitted"),
    ("maximum", R, "too_many_open_orders"),
)


def meaning_of_code(code: int, message: str) -> tuple[Meaning, str]:
    """Meaning and stable reason of Binance's `code`; an unlisted code proves nothing: unknown."""
    if code == -2010:
        lowered = message.lower()
        for text, meaning, reason in _TEXTS_2010:
            if text in lowered:
                return meaning, reason
    if code == -1013:
        match = re.search(r"[A-Z]{3,}(?:_[A-Z]+)*", message)
        return R, f"filter_{match[0].lower()}" if match else "filter"
    if code in CODES:
        return CODES[code]
    if -1199 <= code <= -1100:
        return R, "bad_request"
    return Meaning.UNREADABLE, "unlisted_code"
