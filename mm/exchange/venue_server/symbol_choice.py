"""Which symbols (and which day) a request means: `symbol`, `symbols`, `permissions`, `symbolStatus`, `timeZone`."""

import re

import orjson

from mm.exchange.venue.intervals import zone_offset_ms
from mm.exchange.venue_server import api_error
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served

MOST = 100
_LIST = re.compile(r'^\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}")*\]$')
_STATUSES = frozenset({"TRADING", "HALT", "BREAK"})
_PERMISSION = re.compile(r"^(SPOT|MARGIN|LEVERAGED|TRD_GRP_[0-9]{3})$")


def symbol_names(served: Served) -> tuple[str, ...]:
    """All that are listed."""
    return served.venue.symbols


def chosen(parameters: Parameters) -> tuple[str, ...] | None:
    """The symbols named, None where none is. Raises -1128 for both parameters, -1100, -1101 and -1151."""
    one, many = parameters.symbol_or_none(), parameters.optional("symbols")
    if one is not None and many is not None:
        raise ApiError(-1128, "Combination of optional parameters invalid.")
    if one is not None:
        return (one,)
    if many is None:
        return None
    if not _LIST.fullmatch(many):
        raise api_error.illegal("symbols", '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$')
    names = tuple(orjson.loads(many))
    if len(names) > MOST:
        raise ApiError(-1101, f"Too many values sent for parameter 'symbols', maximum allowed up to {MOST}.")
    if len(set(names)) < len(names):
        raise ApiError(-1151, "Symbol is present multiple times in the list.")
    return names


def permissions(parameters: Parameters) -> frozenset[str] | None:
    """`SPOT` or `["SPOT","MARGIN"]`; None where it was not sent. Raises -1130."""
    text = parameters.optional("permissions")
    if text is None:
        return None
    try:
        names = orjson.loads(text) if text.startswith("[") else [text]
    except orjson.JSONDecodeError as error:
        raise api_error.invalid("permissions") from error
    if not names or not all(isinstance(name, str) and _PERMISSION.fullmatch(name) for name in names):
        raise api_error.invalid("permissions")
    return frozenset(names)


def status_asked(parameters: Parameters) -> str | None:
    """Raises -1122 for a status that cannot be asked for."""
    return parameters.choice("symbolStatus", _STATUSES, ApiError(-1122, "Invalid symbolStatus."))


def require_status(served: Served, symbol: str, parameters: Parameters) -> None:
    """Raises -1220 where the symbol's status is not the one asked for."""
    status = status_asked(parameters)
    if status is not None and served.venue.status(symbol) != status:
        raise ApiError(-1220, "The symbol's status does not match the requested symbolStatus.")


def time_zone_ms(parameters: Parameters) -> int:
    """`timeZone` as a lead on UTC in milliseconds. Raises -1130 for what is no zone."""
    try:
        return zone_offset_ms(parameters.optional("timeZone") or "0")
    except ValueError as error:
        raise api_error.invalid("timeZone") from error
