"""What happened, in words: one line for each thing a person wants to know of. Screens and the log share it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch

from mm.domain.actions import (
    Action,
    Cancel,
    OpenHalt,
    OpenIncident,
    Place,
    RecordFill,
    RecordOrder,
    RecordRefusal,
    RecordRisk,
    RecordState,
)
from mm.domain.events import CommitFailed, Event, OrderNotSent, PlaceRejected, PlaceUnknown
from mm.domain.instrument import Instrument, from_units
from mm.domain.order import OrderStatus


@dataclass(frozen=True, slots=True)
class Told:
    """`level`: info, warning or error."""

    at: int
    level: str
    text: str


_RISK_LEVELS = {"critical": "error", "error": "error", "warning": "warning"}


def tell(event: Event, actions: Sequence[Action], instrument: Instrument) -> Iterator[Told]:
    for level, text in _event_lines(event):
        yield Told(event.at, level, text)
    for action in actions:
        line = _action_line(action, instrument)
        if line is not None:
            yield Told(event.at, *line)


def _event_lines(event: Event) -> Iterator[tuple[str, str]]:
    if isinstance(event, PlaceRejected):
        yield "warning", f"order {event.client_id} refused by the exchange: {event.code} {event.message}"
    elif isinstance(event, PlaceUnknown):
        yield "warning", f"order {event.client_id}: fate unknown ({event.why}); its exposure stays reserved"
    elif isinstance(event, OrderNotSent) and event.code != "withdrawn":
        yield "warning", f"order {event.client_id} was not sent: {event.why}"
    elif isinstance(event, CommitFailed):
        yield "error", f"the ledger could not be written, nothing was sent: {event.why}"


@singledispatch
def _action_line(_action: Action, _instrument: Instrument) -> tuple[str, str] | None:
    """Level and text; None for what nobody needs to read line by line."""
    return None


@_action_line.register
def _(action: Place, instrument: Instrument) -> tuple[str, str]:
    intent = action.intent
    return "info", f"place {intent.side} {instrument.size(intent.lots)} at {instrument.price(intent.ticks)}"


@_action_line.register
def _(action: Cancel, _instrument: Instrument) -> tuple[str, str]:
    return "info", f"cancel {action.client_id} ({action.why})"


@_action_line.register
def _(action: RecordFill, instrument: Instrument) -> tuple[str, str]:
    fill = action.fill
    side = "bought" if fill.buy else "sold"
    size, price = instrument.size(fill.lots), instrument.price(fill.ticks)
    fee = f"{from_units(fill.fee_units):f} {fill.fee_asset}"
    held = from_units(action.position.base_units)
    return "info", f"{side} {size} {instrument.base} at {price}, fee {fee}; {held:f} held"


@_action_line.register
def _(action: RecordOrder, _instrument: Instrument) -> tuple[str, str] | None:
    if action.status not in (OrderStatus.NOT_PLACED, OrderStatus.EXPIRED):
        return None
    return "warning", f"order {action.client_id}: {action.status} {action.reason}".rstrip()


@_action_line.register
def _(action: RecordRefusal, instrument: Instrument) -> tuple[str, str]:
    size = f"{instrument.size(action.lots)} at {instrument.price(action.ticks)}"
    return "warning", f"risk refused {action.side} {size}: {action.code} (limit {action.limit} {action.unit})"


@_action_line.register
def _(action: RecordState, _instrument: Instrument) -> tuple[str, str]:
    causes = f" ({', '.join(action.causes)})" if action.causes else ""
    return "info", f"trading state {action.before} to {action.after}{causes}"


@_action_line.register
def _(action: RecordRisk, _instrument: Instrument) -> tuple[str, str]:
    return _RISK_LEVELS.get(action.severity, "info"), f"{action.code}: {action.detail}"


@_action_line.register
def _(action: OpenHalt, _instrument: Instrument) -> tuple[str, str]:
    return "error", f"HALT {action.cause}: {action.detail}; review, then mm risk resume --note WHY"


@_action_line.register
def _(action: OpenIncident, _instrument: Instrument) -> tuple[str, str]:
    return "error", f"INCIDENT {action.kind}: {action.detail}; explain it, then mm risk close --note WHY"
