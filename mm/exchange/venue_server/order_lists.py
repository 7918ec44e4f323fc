"""Signed operations on order lists, for REST and the WebSocket API alike."""

from typing import Any

from mm.exchange.venue.views import NewPair
from mm.exchange.venue_server import api_error, orders_wire
from mm.exchange.venue_server.endpoint import Endpoint, signed
from mm.exchange.venue_server.new_order import OLD_PAIR_TAKES, PAIR_TAKES, answer_type, counted, new_pair, old_pair
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served


def place(served: Served, uid: int, parameters: Parameters) -> Any:
    return _place(served, uid, new_pair(parameters), answer_type(parameters, "LIMIT"))


def place_old(served: Served, uid: int, parameters: Parameters) -> Any:
    return _place(served, uid, old_pair(parameters), answer_type(parameters, "LIMIT"))


def _place(served: Served, uid: int, pair: NewPair, answer: str) -> Any:
    with counted(served, uid, 2):
        listed = served.venue.place_pair(uid, pair)
    return orders_wire.list_placed(listed, answer)


def cancel(served: Served, uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    list_id, client_id = parameters.integer("orderListId"), parameters.client_id("listClientOrderId")
    if list_id is None and client_id is None:
        raise api_error.missing_both("listClientOrderId", "orderListId")
    listed = served.venue.cancel_list(
        uid,
        symbol,
        list_id=list_id,
        client_id=client_id,
        new_client_id=parameters.client_id("newClientOrderId"),
    )
    return orders_wire.list_canceled(listed)


def status(served: Served, uid: int, parameters: Parameters) -> Any:
    list_id, client_id = parameters.integer("orderListId"), parameters.client_id("origClientOrderId")
    if list_id is None and client_id is None:
        raise api_error.missing_both("origClientOrderId", "orderListId")
    return orders_wire.order_list(served.venue.order_list(uid, list_id, client_id))


def open_lists(served: Served, uid: int, _parameters: Parameters) -> Any:
    return [orders_wire.order_list(each) for each in served.venue.open_order_lists(uid)]


def all_lists(served: Served, uid: int, parameters: Parameters) -> Any:
    start_ms, end_ms = parameters.integer("startTime"), parameters.integer("endTime")
    from_id = parameters.integer("fromId")
    if from_id is not None and (start_ms is not None or end_ms is not None):
        raise api_error.bad_combination()
    found = served.venue.all_order_lists(
        uid, from_id=from_id, start_ms=start_ms, end_ms=end_ms, limit=parameters.limit(500, 1000)
    )
    return [orders_wire.order_list(each) for each in found]


PLACE = signed(place, PAIR_TAKES, free_when_done=True, orders=True)
PLACE_OLD = signed(place_old, OLD_PAIR_TAKES, free_when_done=True, orders=True)
CANCEL = signed(cancel, "symbol orderListId listClientOrderId newClientOrderId", free_when_done=True)
STATUS = signed(status, "orderListId origClientOrderId", 4)
OPEN = signed(open_lists, "", 6)
ALL = signed(all_lists, "fromId startTime endTime limit", 20)

REST: dict[tuple[str, str], Endpoint] = {
    ("POST", "/api/v3/orderList/oco"): PLACE,
    ("POST", "/api/v3/order/oco"): PLACE_OLD,
    ("DELETE", "/api/v3/orderList"): CANCEL,
    ("GET", "/api/v3/orderList"): STATUS,
    ("GET", "/api/v3/openOrderList"): OPEN,
    ("GET", "/api/v3/allOrderList"): ALL,
}

WEBSOCKET: dict[str, Endpoint] = {
    "orderList.place.oco": PLACE,
    "orderList.place": PLACE_OLD,
    "orderList.cancel": CANCEL,
    "orderList.status": STATUS,
    "openOrderLists.status": OPEN,
    "allOrderLists": ALL,
}
