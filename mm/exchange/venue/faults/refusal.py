"""Answers of an exchange that refuses or fails, in Binance's words.

Source: Binance Spot API documentation, "Error codes" and "HTTP return codes"; the oddities 413, 524, 599 were seen.
"""

from collections.abc import Callable
from dataclasses import dataclass

EXECUTED = "executed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """HTTP `status` and Binance's `code` and `message`; code 0: the body is a page of HTML. `retry_after` in s."""

    status: int
    code: int
    message: str
    retry_after: int = 0

    @property
    def html(self) -> str:
        title = f"{self.status} {self.message}"
        return f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"


@dataclass(frozen=True, slots=True)
class Failing:
    """A refusal that may be a lie: `executes` says whether the request was carried out all the same."""

    refusal: Refusal
    executes: bool


CODES = {
    "-1000": Refusal(500, -1000, "An unknown error occurred while processing the request."),
    "-1001": Refusal(500, -1001, "Internal error; unable to process your request. Please try again."),
    "-1006": Refusal(500, -1006, "An unexpected response was received from the message bus. Execution status unknown."),
    "-1007": Refusal(
        504, -1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
    ),
    "-1008": Refusal(
        503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes."
    ),
    "-1010": Refusal(400, -1010, "ERROR_MSG_RECEIVED"),
    "-1016": Refusal(503, -1016, "This service is no longer available."),
}
NEVER_EXECUTED = frozenset({"-1008", "-1010", "-1016"})
PAGES = {
    "502": "Bad Gateway",
    "503": "Service Temporarily Unavailable",
    "504": "Gateway Time-out",
    "500": "Internal Server Error",
    "524": "A Timeout Occurred",
    "599": "Network Connect Timeout Error",
    "413": "Request Entity Too Large",
}

SHUTTING_DOWN = CODES["-1016"]
INSUFFICIENT = Refusal(400, -2010, "Account has insufficient balance for requested action.")
MARKET_CLOSED = Refusal(400, -2010, "Market is closed.")
UNKNOWN_ORDER = Refusal(400, -2011, "Unknown order sent.")
NO_SUCH_ORDER = Refusal(400, -2013, "Order does not exist.")
KEY_REVOKED = Refusal(401, -2015, "Invalid API-key, IP, or permissions for action.")
FIREWALL = Refusal(403, 0, "Forbidden")
GEO_BLOCKED = Refusal(
    451, 0, "Service unavailable from a restricted location according to 'b. Eligibility' in the terms of service."
)


def always(refusal: Refusal) -> Callable[[str], Refusal]:
    """Reads no value at all: the answer is this one."""

    def read(text: str) -> Refusal:
        if text:
            raise ValueError(f"it takes no value, and got {text!r}")
        return refusal

    return read


def error_code(text: str) -> Failing:
    """`-1006`, or `-1006 executed` where the request was carried out. Raises ValueError."""
    code, executed = _executed(text)
    if code not in CODES or (executed and code in NEVER_EXECUTED):
        raise ValueError(f"{text!r} is none of {', '.join(CODES)}; those that may have executed: -1000 to -1007")
    return Failing(CODES[code], executed)


def page(text: str) -> Failing:
    """`502`, or `502 executed`. Raises ValueError."""
    status, executed = _executed(text)
    if status not in PAGES:
        raise ValueError(f"{text!r} is none of {', '.join(PAGES)}, each with or without 'executed'")
    return Failing(Refusal(int(status), 0, PAGES[status]), executed)


def too_many(text: str) -> Refusal:
    """429 with this Retry-After (`10s`). Raises ValueError."""
    message = (
        "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    return Refusal(429, -1003, message, _seconds(text))


def banned(text: str) -> Refusal:
    """418 with this Retry-After. Raises ValueError."""
    message = (
        "Way too much request weight used; IP banned. Please use WebSocket Streams for live updates to avoid bans."
    )
    return Refusal(418, -1003, message, _seconds(text))


def _executed(text: str) -> tuple[str, bool]:
    first, _, rest = text.strip().partition(" ")
    if rest not in ("", EXECUTED):
        raise ValueError(f"{text!r}: after {first} only '{EXECUTED}' may stand")
    return first, rest == EXECUTED


def _seconds(text: str) -> int:
    digits = text.strip().removesuffix("s")
    if not digits.isascii() or not digits.isdigit() or not 1 <= int(digits) <= 259_200:
        raise ValueError(f"{text!r} is no pause; write 1s to 259200s (three days, the longest ban)")
    return int(digits)
