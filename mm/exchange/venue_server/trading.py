"""Signed operations on orders, for REST and the WebSocket API alike."""

from typing import Any

from mm.exchange.venue.views import NewOrder
from mm.exchange.venue_server import api_error, wire
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.endpoint import Endpoint, signed
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served

_SIDES = frozenset({"BUY", "SELL"})
_TYPES = frozenset(
    {"LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"}
)
_TIMES_IN_FORCE = frozenset({"GTC", "IOC", "FOK"})
_ANSWERS = frozenset({"ACK", "RESULT", "FULL"})
_NOT_OFFERED = ("stopPrice", "trailingDelta", "icebergQty")


def place(served: Served, uid: int, parameters: Parameters) -> Any:
    order = _new_order(parameters)
    answer = parameters.choice("newOrderRespType", _ANSWERS, api_error.invalid("newOrderRespType"))
    limit, now_ms = served.order_limit(uid), served.now_ms()
    limit.check(now_ms)
    # Counted before it is placed: a fill that comes at once gives the count back.
    limit.placed(now_ms)
    try:
        placed = served.venue.place(uid, order)
    except Exception:
        limit.withdrawn(now_ms)
        raise
    return wire.placed(placed, answer or ("ACK" if order.type == "LIMIT_MAKER" else "FULL"))


def test(served: Served, uid: int, parameters: Parameters) -> Any:
    order = _new_order(parameters)
    served.venue.check(uid, order)
    if not parameters.boolean("computeCommissionRates", default=False):
        return {}
    body = wire.commission(served.venue.account(uid), order.symbol)
    return {
        "standardCommissionForOrder": {"maker": body["standardCommission"]["maker"], "taker": _taker(body)},
        "specialCommissionForOrder": {"maker": "0.00000000", "taker": "0.00000000"},
        "taxCommissionForOrder": {"maker": "0.00000000", "taker": "0.00000000"},
        "discount": body["discount"],
    }


def _taker(body: wire.Json) -> str:
    return str(body["standardCommission"]["taker"])


def cancel(served: Served, uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    order_id, client_id = _which(parameters)
    restriction = parameters.choice(
        "cancelRestrictions", ("ONLY_NEW", "ONLY_PARTIALLY_FILLED"), api_error.invalid("cancelRestrictions")
    )
    if restriction is not None:
        status = served.venue.order(uid, symbol, order_id, client_id).status
        if status != restriction.removeprefix("ONLY_"):
            raise ApiError(-2011, "Order was not canceled due to cancel restrictions.")
    return wire.canceled(
        served.venue.cancel(
            uid,
            symbol,
            order_id=order_id,
            orig_client_id=client_id,
            new_client_id=parameters.client_id("newClientOrderId"),
        )
    )


def cancel_all(served: Served, uid: int, parameters: Parameters) -> Any:
    return [wire.canceled(order) for order in served.venue.cancel_all(uid, parameters.symbol())]


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
    return {
        "transactTime": order.updated_ms,
        "executionId": 0,
        "amendedOrder": {
            "symbol": order.symbol,
            "orderId": order.order_id,
            "orderListId": -1,
            "origClientOrderId": order.orig_client_id,
            "clientOrderId": order.client_id,
            "price": wire.text(order.price),
            "qty": wire.text(order.quantity),
            "executedQty": wire.text(order.executed),
            "preventedQty": "0.00000000",
            "quoteOrderQty": wire.text(order.quote_quantity),
            "cumulativeQuoteQty": wire.text(order.quote_executed),
            "status": order.status,
            "timeInForce": order.time_in_force,
            "type": order.type,
            "side": order.side,
            "workingTime": order.created_ms,
            "selfTradePreventionMode": order.self_trade,
        },
    }


def status(served: Served, uid: int, parameters: Parameters) -> Any:
    symbol = parameters.symbol()
    return wire.queried(served.venue.order(uid, symbol, *_which(parameters)))


def open_orders(served: Served, uid: int, parameters: Parameters) -> Any:
    return [wire.queried(order) for order in served.venue.open_orders(uid, parameters.symbol_or_none())]


def all_orders(served: Served, uid: int, parameters: Parameters) -> Any:
    found = served.venue.all_orders(
        uid,
        parameters.symbol(),
        from_order_id=parameters.integer("orderId"),
        start_ms=parameters.integer("startTime"),
        end_ms=parameters.integer("endTime"),
        limit=parameters.limit(500, 1000),
    )
    return [wire.queried(order) for order in found]


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


def _new_order(parameters: Parameters) -> NewOrder:
    symbol = parameters.symbol()
    side = parameters.one_of("side", _SIDES, ApiError(-1117, "Invalid side."))
    kind = parameters.one_of("type", _TYPES, ApiError(-1116, "Invalid orderType."))
    for name in _NOT_OFFERED:
        if name in parameters:
            raise api_error.not_required(name)
    return NewOrder(
        symbol=symbol,
        side=side,
        type=kind,
        quantity=parameters.decimal("quantity"),
        price=parameters.decimal("price"),
        time_in_force=parameters.choice("timeInForce", _TIMES_IN_FORCE, ApiError(-1115, "Invalid timeInForce.")),
        quote_quantity=parameters.decimal("quoteOrderQty"),
        client_id=parameters.client_id("newClientOrderId"),
        self_trade=parameters.optional("selfTradePreventionMode"),
    )


_NEW = (
    "symbol side type timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType "
    "stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode"
)
PLACE = signed(place, _NEW, free_when_done=True, orders=True)
TEST = signed(test, _NEW + " computeCommissionRates", lambda each: 20 if "computeCommissionRates" in each else 1)
CANCEL = signed(cancel, "symbol orderId origClientOrderId newClientOrderId cancelRestrictions", free_when_done=True)
CANCEL_ALL = signed(cancel_all, "symbol", free_when_done=True)
AMEND = signed(amend, "symbol orderId origClientOrderId newClientOrderId newQty", 4)
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
}
