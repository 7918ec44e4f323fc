"""Times in answers and events in microseconds, for those who ask for them; the venue itself counts milliseconds.

Which fields are times: Binance Spot API documentation, the examples of each answer and event.
"""

from typing import Any

from mm.exchange.venue_server import api_error

_ANSWER_TIMES = frozenset(
    {
        "serverTime",
        "time",
        "updateTime",
        "transactTime",
        "transactionTime",
        "workingTime",
        "openTime",
        "closeTime",
        "trailingTime",
        "authorizedSince",
        "connectedSince",
        "T",
    }
)
_EVENT_TIMES: dict[str, frozenset[str]] = {
    "executionReport": frozenset("ETOWD"),
    "outboundAccountPosition": frozenset("Eu"),
    "balanceUpdate": frozenset("ET"),
    "listStatus": frozenset("ET"),
    "24hrTicker": frozenset("EOC"),
    "1hTicker": frozenset("EOC"),
    "4hTicker": frozenset("EOC"),
    "1dTicker": frozenset("EOC"),
    "kline": frozenset("ETt"),
    "referencePrice": frozenset("t"),
}
_OTHER_EVENTS = frozenset("ET")
_NAMES = {"MICROSECOND": True, "microsecond": True, "MILLISECOND": False, "millisecond": False}
_KLINE_FIELDS = 12


def is_microsecond(unit: str) -> bool:
    """Raises -1194 for what is no unit."""
    if unit not in _NAMES:
        raise api_error.bad_time_unit()
    return _NAMES[unit]


def in_microseconds(answer: Any) -> Any:
    """A REST or WebSocket API answer with its times in microseconds."""
    if isinstance(answer, dict):
        return {
            name: value * 1000 if name in _ANSWER_TIMES and _is_time(value) else in_microseconds(value)
            for name, value in answer.items()
        }
    if isinstance(answer, list):
        if len(answer) == _KLINE_FIELDS and _is_time(answer[0]) and _is_time(answer[6]):
            return [value * 1000 if number in {0, 6} else value for number, value in enumerate(answer)]
        return [in_microseconds(each) for each in answer]
    return answer


def event_in_microseconds(event: Any) -> Any:
    """A stream's event (or a list of them) with its times in microseconds."""
    if isinstance(event, list):
        return [event_in_microseconds(each) for each in event]
    if not isinstance(event, dict):
        return event
    times = _EVENT_TIMES.get(str(event.get("e")), _OTHER_EVENTS)
    changed = {name: value * 1000 if name in times and _is_time(value) else value for name, value in event.items()}
    bar = event.get("k")
    if isinstance(bar, dict):
        changed["k"] = {name: value * 1000 if name in {"t", "T"} else value for name, value in bar.items()}
    return changed


def _is_time(value: Any) -> bool:
    """Milliseconds since 1970; -1 and 0 stand for no time."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
