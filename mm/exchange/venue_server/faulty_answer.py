"""Answers that faults change: lies about orders, new filters, a symbol that only takes cancels, maintenance."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.refusal import NO_SUCH_ORDER, UNKNOWN_ORDER, Refusal
from mm.exchange.venue_server import orders_wire
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.wrong_book import WrongBook

_OPEN = frozenset({"NEW", "PARTIALLY_FILLED"})
_FILTERS = {
    "PRICE_FILTER": ("PRICE_FILTER", "tickSize"),
    "LOT_SIZE": ("LOT_SIZE", "stepSize"),
    "NOTIONAL": ("NOTIONAL", "minNotional"),
}
TOLD = frozenset({"exchangeInfo", "system.status", "depth"})
"""Requests whose true answers are changed by faults."""


def against_new_rules(plan: FaultPlan, name: str, asked: Mapping[str, Any], now_ms: int) -> Refusal | None:
    """-1013 for an order against a filter that has changed."""
    if name not in {"order.place", "order.test", "order.cancelReplace"}:
        return None
    try:
        price, quantity = Decimal(str(asked["price"])), Decimal(str(asked["quantity"]))
    except (KeyError, InvalidOperation):
        return None
    if not price.is_finite() or not quantity.is_finite():
        return None
    broken = next((rule for rule in plan.changed_rules(now_ms) if rule.refuses(price, quantity)), None)
    return None if broken is None else Refusal(400, -1013, broken.message)


def lie(served: Served, how: str, api_key: str, asked: Mapping[str, Any]) -> Refusal | dict[str, Any] | None:
    """What is said in place of the truth; None: there is nothing to lie about, the request may go on."""
    if how == "no-such-order":
        return NO_SUCH_ORDER
    key = served.keyring.find(api_key)
    if key is None:
        return None
    number, client_id = asked.get("orderId"), asked.get("origClientOrderId")
    try:
        order = served.venue.order(
            served.uid(key),
            str(asked.get("symbol", "")),
            int(str(number)) if number is not None else None,
            str(client_id) if client_id is not None else None,
        )
    except (VenueError, ValueError, OverflowError):
        return None
    if order.status not in _OPEN:
        return None
    return UNKNOWN_ORDER if how == "unknown-order" else orders_wire.canceled(replace(order, status="CANCELED"))


def as_told(served: Served, plan: FaultPlan, name: str, answer: Any, now_ms: int) -> Any:
    """The true `answer` of a request in TOLD, as it is told while faults hold."""
    if name == "system.status" and plan.is_active("maintenance", now_ms):
        return {"status": 1, "msg": "system_maintenance"}
    if name == "exchangeInfo" and isinstance(answer, dict):
        for symbol in answer.get("symbols", []):
            _change_symbol(symbol, plan, now_ms)
    fault = plan.book_fault(now_ms)
    if name == "depth" and fault is not None and isinstance(answer, dict) and "symbol" in answer:
        symbol = answer.pop("symbol")
        book = WrongBook(served.venue, symbol, served.venue.market(symbol).rules.tick_size)
        answer["bids"], answer["asks"] = book.whole(answer["bids"], answer["asks"], fault)
    return answer


def _change_symbol(symbol: dict[str, Any], plan: FaultPlan, now_ms: int) -> None:
    if plan.is_active("cancel-only", now_ms):
        symbol["status"] = "CANCEL_ONLY"
    for rule in plan.changed_rules(now_ms):
        kind, field = _FILTERS[rule.name]
        for each in symbol["filters"]:
            if each["filterType"] == kind:
                each[field] = f"{rule.value:.8f}"
                if rule.name == "LOT_SIZE":
                    each["minQty"] = f"{rule.value:.8f}"
