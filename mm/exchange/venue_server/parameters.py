"""Request parameters: read from query, form body or WebSocket `params`, checked as Binance checks them."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from urllib.parse import unquote_plus

from mm.exchange.venue_server import api_error

_DECIMAL = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$")
_INTEGER = re.compile(r"^[0-9]{1,20}$")
_SYMBOL = re.compile(r"^[A-Z0-9-_.]{1,20}$")
MICROSECONDS_FROM = 10**15
"""A time parameter this large is in microseconds."""
_LONG_MOST = (1 << 63) - 1
_TIMES = frozenset({"startTime", "endTime"})
_NAMED = re.compile(r"[A-Z0-9-_.]{1,20}")
_CLIENT_ID = re.compile(r"^[a-zA-Z0-9-_]{1,36}$")


class Parameters:
    """Names and texts of one request. Every getter raises ApiError in Binance's words."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    @classmethod
    def parse(cls, *encoded: str) -> "Parameters":
        """From url-encoded texts, the query string first: what it names, the form body does not change.

        Raises -1101 for a name sent twice in one of them.
        """
        values: dict[str, str] = {}
        for text in encoded:
            before = frozenset(values)
            for pair in text.split("&") if text else ():
                name, _, value = pair.partition("=")
                if "%" in name or "+" in name:
                    name = unquote_plus(name)
                if "%" in value or "+" in value:
                    value = unquote_plus(value)
                if name in before:
                    continue
                if name in values:
                    raise api_error.duplicate()
                values[name] = value
        values.pop("", None)
        return cls(values)

    @classmethod
    def of_json(cls, values: Mapping[str, object]) -> "Parameters":
        """From a WebSocket request's `params`; numbers keep their text, booleans become true and false."""
        return cls({name: text(value) for name, value in values.items()})

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def items(self) -> Iterable[tuple[str, str]]:
        return self._values.items()

    def only(self, allowed: Collection[str], *, signed: bool) -> None:
        """Raises -1104 (signed) or -1101 (public) when a parameter is sent that the endpoint does not know,
        -1105 for a known one that is empty."""
        unknown = sum(name not in allowed for name in self._values)
        if unknown:
            sent = len(self._values)
            if signed:
                raise api_error.not_all_read(sent - unknown, sent)
            raise api_error.too_many(sent - unknown, sent)
        for name, value in self._values.items():
            if value == "":
                raise api_error.empty(name)

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if not value:
            raise api_error.missing(name)
        return value

    def optional(self, name: str) -> str | None:
        return self._values.get(name) or None

    def named_symbols(self) -> list[str]:
        """What `symbol` and `symbols` name, unchecked."""
        one, many = self._values.get("symbol"), self._values.get("symbols")
        return ([one] if one else []) + (_NAMED.findall(many) if many else [])

    def symbol(self) -> str:
        return self.symbol_or_none() or self.text("symbol")

    def symbol_or_none(self) -> str | None:
        value = self.optional("symbol")
        if value is not None and not _SYMBOL.fullmatch(value):
            raise api_error.illegal("symbol", "^[A-Z0-9-_.]{1,20}$")
        return value

    def integer(self, name: str) -> int | None:
        value = self.optional(name)
        if value is None:
            return None
        if not _INTEGER.fullmatch(value) or (number := int(value)) > _LONG_MOST:
            raise api_error.illegal(name, "^[0-9]{1,20}$")
        if number >= MICROSECONDS_FROM and name in _TIMES:
            return number // 1000
        return number

    def limit(self, default: int, most: int) -> int:
        """The parameter `limit`, cut to `most` as Binance does for market data."""
        value = self.integer("limit")
        if value is None:
            return default
        if value < 1:
            raise api_error.invalid("limit")
        return min(value, most)

    def decimal(self, name: str) -> Decimal | None:
        value = self.optional(name)
        if value is None:
            return None
        if not _DECIMAL.fullmatch(value):
            raise api_error.illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
        return Decimal(value)

    def client_id(self, name: str) -> str | None:
        value = self.optional(name)
        if value is not None and not _CLIENT_ID.fullmatch(value):
            raise api_error.illegal(name, "^[a-zA-Z0-9-_]{1,36}$")
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.optional(name)
        if value is None:
            return default
        if value.lower() not in {"true", "false"}:
            raise api_error.illegal(name, "true|false")
        return value.lower() == "true"

    def one_of(self, name: str, choices: Collection[str], error: api_error.ApiError) -> str:
        """One of `choices`, or raises `error`; -1102 when it was not sent."""
        value = self.text(name)
        if value not in choices:
            raise error
        return value

    def choice(self, name: str, choices: Collection[str], error: api_error.ApiError) -> str | None:
        """One of `choices` or nothing, or raises `error`."""
        value = self.optional(name)
        if value is not None and value not in choices:
            raise error
        return value


def text(value: object) -> str:
    """A JSON value as it is signed: booleans `true`/`false`, lists as JSON, everything else its own text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"))
    if value is None:
        return ""
    return str(value)
