"""Signed operations on orders, for REST and the WebSocket API alike."""

from typing import Any

from mm.exchange.venue.views import OrderView
from mm.exchange.venue_server import api_error, cancel_replace, order_lists, orders_wire, wire
from mm.exchange.venue_server.cancel_replace import restriction
from mm.exchange.venue_server.endpoint import Endpoint, signed
from mm.exchange.venue_server.new_order import TAKES, answer_type, counted, new_order
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served


def place(served: Served, uid: int, parameters: Parameters) -> Any:
    order = new_order(parameters)
    answer = answer_type(parameters, order.type)
    with counted(served, uid):
        placed = served.venue.place(uid, order)
    return orders_wire.placed(placed, answer)


def test(served: Served, uid: int, parameters: Parameters) -> Any:
    order = new_order(parameters)
    served.venue.check(uid, order)
    if not parameters.boolean("computeCommissionRates", default=False):
        return {}
    return wire.commission_for_order(served.venue.account(uid))


def cancel(served: Served, uid: int, parameters: Parameters) -> Any:
    order_id, client_id = _which(parameters)
    order = served.venue.cancel(
        uid,
        parameters.symbol(),
        order_id=order_id,
        orig_client_id=client_id,
        new_client_id=parameters.client_id("newClientOrderId"),
        restriction=restriction(parameters),
    )
    return orders_wire.canceled(order)


def cancel_all(served: Served, uid: int, parameters: Parameters) -> Any:
    return [
        orders_wire.canceled(each) if isinstance(each, OrderView) else orders_wire.list_canceled(each)
        for each in served.venue.cancel_all(uid, parameters.symbol())
    ]


def amend(served: Served, uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    order_id, client_id = _which(parameters)
    quantity = parameters.decimal("newQty")
    if quantity is None:
        raise api_error.missing("newQty")
    order = served.venue.amend(
        uid,
        symbol,
        quantity,
        order_id=order_id,
        orig_client_id=client_id,
        new_client_id=parameters.client_id("newClientOrderId"),
    )
    done = served.venue.amendments(uid, symbol, order.order_id)[-1]
    listed = served.venue.order_list(uid, order.list_id) if order.list_id >= 0 else None
    return orders_wire.amended(order, done, listed)


def amendments(served: Served, uid: int, parameters: Parameters) -> Any:
    order_id = parameters.integer("orderId")
    if order_id is None:
        raise api_error.missing("orderId")
    found = served.venue.amendments(
        uid,
        parameters.symbol(),
        order_id,
        from_execution_id=parameters.integer("fromExecutionId"),
        limit=parameters.limit(500, 1000),
    )
    return [orders_wire.amendment(each) for each in found]


def prevented_matches(served: Served, uid: int, parameters: Parameters) -> Any:
    match_id, order_id = parameters.integer("preventedMatchId"), parameters.integer("orderId")
    from_id = parameters.integer("fromPreventedMatchId")
    if (match_id is None) == (order_id is None) or (from_id is not None and order_id is None):
        raise api_error.bad_combination()
    found = served.venue.prevented_matches(
        uid,
        parameters.symbol(),
        match_id=match_id,
        order_id=order_id,
        from_id=from_id,
        limit=parameters.limit(500, 1000),
    )
    return [orders_wire.prevented(each) for each in found]


def status(served: Served, uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    return orders_wire.queried(served.venue.order(uid, symbol, *_which(parameters)))


def open_orders(served: Served, uid: int, parameters: Parameters) -> Any:
    return [orders_wire.queried(order) for order in served.venue.open_orders(uid, parameters.symbol_or_none())]


def all_orders(served: Served, uid: int, parameters: Parameters) -> Any:
    found = served.venue.all_orders(
        uid,
        parameters.symbol(),
        from_order_id=parameters.integer("orderId"),
        start_ms=parameters.integer("startTime"),
        end_ms=parameters.integer("endTime"),
        limit=parameters.limit(500, 1000),
    )
    return [orders_wire.queried(order) for order in found]


def my_trades(served: Served, uid: int, parameters: Parameters) -> Any:
    found = served.venue.my_trades(
        uid,
        parameters.symbol(),
        from_id=parameters.integer("fromId"),
        order_id=parameters.integer("orderId"),
        start_ms=parameters.integer("startTime"),
        end_ms=parameters.integer("endTime"),
        limit=parameters.limit(500, 1000),
    )
    return [wire.own_trade(trade) for trade in found]


def _which(parameters: Parameters) -> tuple[int | None, str | None]:
    """orderId and origClientOrderId; at least one of them."""
    order_id, client_id = parameters.integer("orderId"), parameters.client_id("origClientOrderId")
    if order_id is None and client_id is None:
        raise api_error.missing_both("origClientOrderId", "orderId")
    return order_id, client_id


PLACE = signed(place, TAKES, free_when_done=True, orders=True)
TEST = signed(
    test, TAKES + " computeCommissionRates", lambda each: 20 if "computeCommissionRates" in each else 1, trade=True
)
CANCEL = signed(cancel, "symbol orderId origClientOrderId newClientOrderId cancelRestrictions", free_when_done=True)
CANCEL_ALL = signed(cancel_all, "symbol", free_when_done=True)
AMEND = signed(amend, "symbol orderId origClientOrderId newClientOrderId newQty", 4, trade=True)
AMENDMENTS = signed(amendments, "symbol orderId fromExecutionId limit", 4)
PREVENTED = signed(
    prevented_matches,
    "symbol preventedMatchId orderId fromPreventedMatchId limit",
    lambda each: 20 if "orderId" in each else 2,
)
STATUS = signed(status, "symbol orderId origClientOrderId", 4)
OPEN_ORDERS = signed(open_orders, "symbol", lambda each: 6 if "symbol" in each else 80)
ALL_ORDERS = signed(all_orders, "symbol orderId startTime endTime limit", 20)
MY_TRADES = signed(
    my_trades, "symbol orderId startTime endTime fromId limit", lambda each: 5 if "orderId" in each else 20
)

REST: dict[tuple[str, str], Endpoint] = {
    ("POST", "/api/v3/order"): PLACE,
    ("POST", "/api/v3/order/test"): TEST,
    ("DELETE", "/api/v3/order"): CANCEL,
    ("GET", "/api/v3/order"): STATUS,
    ("PUT", "/api/v3/order/amend/keepPriority"): AMEND,
    ("GET", "/api/v3/openOrders"): OPEN_ORDERS,
    ("DELETE", "/api/v3/openOrders"): CANCEL_ALL,
    ("GET", "/api/v3/allOrders"): ALL_ORDERS,
    ("GET", "/api/v3/myTrades"): MY_TRADES,
    ("GET", "/api/v3/order/amendments"): AMENDMENTS,
    ("GET", "/api/v3/myPreventedMatches"): PREVENTED,
    **order_lists.REST,
    **cancel_replace.REST,
}

WEBSOCKET: dict[str, Endpoint] = {
    "order.place": PLACE,
    "order.test": TEST,
    "order.cancel": CANCEL,
    "order.status": STATUS,
    "order.amend.keepPriority": AMEND,
    "openOrders.status": OPEN_ORDERS,
    "openOrders.cancelAll": CANCEL_ALL,
    "allOrders": ALL_ORDERS,
    "myTrades": MY_TRADES,
    "order.amendments": AMENDMENTS,
    "myPreventedMatches": PREVENTED,
    **order_lists.WEBSOCKET,
    **cancel_replace.WEBSOCKET,
}
