"""order/cancelReplace: cancels an order and places another; a half that failed is told in Binance's way.

Source: Binance Spot API documentation, "Cancel an Existing Order and Send a New Order", with its table of statuses.
"""

from typing import Any

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.trading import CancelReplaced
from mm.exchange.venue.views import OrderView
from mm.exchange.venue_server import api_error, orders_wire
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.endpoint import Endpoint, signed
from mm.exchange.venue_server.new_order import TAKES, answer_type, new_order
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.wire import Json

_MODES = frozenset({"STOP_ON_FAILURE", "ALLOW_FAILURE"})
_WHEN_TOO_MANY = frozenset({"DO_NOTHING", "CANCEL_ONLY"})
RESTRICTIONS = frozenset({"ONLY_NEW", "ONLY_PARTIALLY_FILLED"})


def cancel_replace(served: Served, uid: int, parameters: Parameters) -> Any:
    order = new_order(parameters)
    answer = answer_type(parameters, order.type)
    stops = parameters.one_of("cancelReplaceMode", _MODES, api_error.invalid("cancelReplaceMode")) == "STOP_ON_FAILURE"
    order_id, client_id = parameters.integer("cancelOrderId"), parameters.client_id("cancelOrigClientOrderId")
    if order_id is None and client_id is None:
        raise api_error.missing_both("cancelOrigClientOrderId", "cancelOrderId")
    too_many = _check_count(served, uid, parameters)
    limit, now_ms = served.order_limit(uid), served.now_ms()
    limit.placed(now_ms)
    try:
        done = served.venue.cancel_replace(
            uid,
            order,
            order_id=order_id,
            orig_client_id=client_id,
            cancel_client_id=parameters.client_id("cancelNewClientOrderId"),
            restriction=restriction(parameters),
            stop_on_failure=stops,
            may_place=too_many,
        )
    except Exception:
        limit.withdrawn(now_ms)
        raise
    if isinstance(done.placed, VenueError):
        limit.withdrawn(now_ms)  # one that was not attempted goes on counting
    body = _body(done, answer)
    if body["cancelResult"] == body["newOrderResult"] == "SUCCESS":
        return body
    raise _failure(body, stops=stops, too_many=too_many is not None)


def restriction(parameters: Parameters) -> str | None:
    return parameters.choice("cancelRestrictions", RESTRICTIONS, ApiError(-1145, "Invalid cancelRestrictions"))


def _check_count(served: Served, uid: int, parameters: Parameters) -> VenueError | None:
    """Too many orders: raised, or with CANCEL_ONLY what the new order is answered with."""
    mode = parameters.choice(
        "orderRateLimitExceededMode", _WHEN_TOO_MANY, api_error.invalid("orderRateLimitExceededMode")
    )
    try:
        served.order_limit(uid).check(served.now_ms())
    except ApiError as error:
        if mode != "CANCEL_ONLY":
            raise
        return VenueError(error.code, error.message)
    return None


def _body(done: CancelReplaced, answer: str) -> Json:
    return {
        "cancelResult": _result(done.canceled),
        "newOrderResult": _result(done.placed),
        "cancelResponse": _refusal(done.canceled)
        if isinstance(done.canceled, VenueError)
        else orders_wire.canceled(done.canceled),
        "newOrderResponse": orders_wire.placed(done.placed, answer)
        if isinstance(done.placed, OrderView)
        else _refusal(done.placed),
    }


def _result(half: OrderView | VenueError | None) -> str:
    if half is None:
        return "NOT_ATTEMPTED"
    return "FAILURE" if isinstance(half, VenueError) else "SUCCESS"


def _refusal(error: VenueError | None) -> Json | None:
    return None if error is None else {"code": error.code, "msg": error.message}


def _failure(body: Json, *, stops: bool, too_many: bool) -> ApiError:
    """-2021 with 409 for a half done, -2022 with 400 for nothing done; 429 when too many orders stopped it."""
    is_half = "SUCCESS" in {body["cancelResult"], body["newOrderResult"]}
    status = 409 if is_half else 400
    if too_many and stops:
        status = 429
    code, message = (
        (-2021, "Order cancel-replace partially failed.") if is_half else (-2022, "Order cancel-replace failed.")
    )
    return ApiError(code, message, status, data=body)


CANCEL_REPLACE = signed(
    cancel_replace,
    f"{TAKES} cancelReplaceMode cancelNewClientOrderId cancelOrigClientOrderId cancelOrderId cancelRestrictions "
    "orderRateLimitExceededMode",
    free_when_done=True,
    orders=True,
)

REST: dict[tuple[str, str], Endpoint] = {("POST", "/api/v3/order/cancelReplace"): CANCEL_REPLACE}
WEBSOCKET: dict[str, Endpoint] = {"order.cancelReplace": CANCEL_REPLACE}
