"""How a request ends that a fault has struck."""

import random

from mm.exchange.venue.faults.fate import RequestFate
from mm.exchange.venue.faults.fault import Fault
from mm.exchange.venue.faults.latency import Latency
from mm.exchange.venue.faults.refusal import SHUTTING_DOWN, Failing, Refusal

_LOST = RequestFate(executes=False, answer="lose")
_FIXED = {
    "hang": _LOST,
    "request-lost": _LOST,
    "unreachable": RequestFate(executes=False, answer="reset"),
    "maintenance": RequestFate(refusal=SHUTTING_DOWN, executes=False),
    "answer-lost": RequestFate(answer="lose"),
    "answer-truncated": RequestFate(answer="truncate"),
    "query-lies": RequestFate(executes=False, answer="lie", lie="no-such-order"),
}


def outcome(fault: Fault, draw: random.Random) -> RequestFate:
    """Of a request that `fault` strikes."""
    meaning = fault.meaning
    if isinstance(meaning, Refusal):
        return RequestFate(refusal=meaning, executes=False)
    if isinstance(meaning, Failing):
        return RequestFate(refusal=meaning.refusal, executes=meaning.executes)
    if isinstance(meaning, Latency):
        return RequestFate(delay_out_ms=meaning.draw(draw))
    if fault.kind == "connection-reset":
        return RequestFate(executes=meaning == "after", answer="reset")
    if fault.kind == "cancel-lies":
        return RequestFate(executes=False, answer="lie", lie=str(meaning))
    return _FIXED[fault.kind]
