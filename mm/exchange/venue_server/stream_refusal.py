"""Why a request on a market stream's connection is refused, in Binance's codes and words.

Source: Binance Spot API documentation, "WebSocket Streams", error messages.
"""

import re
from typing import Any

_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_TEXT_ID = re.compile(r"^[A-Za-z0-9-]{0,36}$")
"""Documented as alphanumeric; Binance's own SDK numbers its requests with UUIDs, hyphens and all."""
_MOST_ID = 1 << 63


class StreamRefusal(Exception):
    """Answered as `{"error": {"code": code, "msg": message}, "id": id}`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    def body(self, number: object) -> dict[str, Any]:
        return {"error": {"code": self.code, "msg": str(self)}, "id": number}


def invalid(what: str) -> StreamRefusal:
    return StreamRefusal(2, f"Invalid request: {what}")


def check_request(request: Any, text: str) -> None:
    """Raises StreamRefusal unless it has a known method and an id that can be sent back (or none)."""
    if not isinstance(request, dict):
        raise invalid("request must be an object")
    number = request.get("id")
    is_number = isinstance(number, int) and not isinstance(number, bool) and -_MOST_ID <= number < _MOST_ID
    if number is not None and not is_number and not (isinstance(number, str) and _TEXT_ID.fullmatch(number)):
        raise invalid("request ID must be an unsigned integer")
    if "method" not in request:
        raise invalid(f"missing field `method` at line 1 column {len(text)}")
    if request["method"] not in _METHODS:
        known = ", ".join(f"`{name}`" for name in _METHODS)
        column = text.find(str(request["method"])) + len(str(request["method"])) + 1
        raise invalid(f"unknown variant `{request['method']}`, expected one of {known} at line 1 column {column}")


def check_property(params: Any, values: int) -> None:
    """`["combined"]`, with a value (`values` 1) or without. Raises StreamRefusal."""
    if not isinstance(params, list) or not params or not isinstance(params[0], str):
        raise invalid("property name must be a string")
    if len(params) > 1 + values:
        raise invalid("too many parameters")
    if params[0] != "combined":
        raise StreamRefusal(0, "Unknown property")
    if values and not (len(params) == 2 and isinstance(params[1], bool)):
        raise StreamRefusal(1, "Invalid value type: expected Boolean")
