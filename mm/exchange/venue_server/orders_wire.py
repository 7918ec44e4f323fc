"""Orders, order lists, prevented self-trades and amendments as Binance writes them.

Source: Binance Spot API documentation, "Trading endpoints", with its conditional fields in order responses.
"""

from decimal import Decimal

from mm.exchange.venue.order import STOPS
from mm.exchange.venue.views import AmendmentView, OrderListView, OrderView, PreventedView
from mm.exchange.venue_server.wire import Json, text


def placed(order: OrderView, answer: str) -> Json:
    """`answer` is newOrderRespType: ACK, RESULT or FULL."""
    body: Json = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "transactTime": order.updated_ms,
    }
    if answer == "ACK":
        return body
    body |= _state(order)
    body["workingTime"] = order.working_ms
    if answer == "FULL":
        body["fills"] = [
            {
                "price": text(fill.price),
                "qty": text(fill.quantity),
                "commission": text(fill.commission),
                "commissionAsset": fill.commission_asset,
                "tradeId": fill.trade_id,
            }
            for fill in order.fills
        ]
    if order.preventions:
        body["preventedMatches"] = [_prevention(each) for each in order.preventions]
    body["selfTradePreventionMode"] = order.self_trade
    return body | _conditional(order) | _if_sent(order)


def canceled(order: OrderView) -> Json:
    body: Json = {
        "symbol": order.symbol,
        "origClientOrderId": order.orig_client_id,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "transactTime": order.updated_ms,
    }
    body |= _state(order)
    body["selfTradePreventionMode"] = order.self_trade
    return body | _conditional(order) | _if_sent(order)


def queried(order: OrderView) -> Json:
    body: Json = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
    }
    body |= _state(order)
    body |= {
        "stopPrice": text(order.stop_price),
        "icebergQty": text(order.iceberg),
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": order.working_ms >= 0,
        "workingTime": order.working_ms,
        "selfTradePreventionMode": order.self_trade,
    }
    return body | _conditional(order)


def _state(order: OrderView) -> Json:
    return {
        "price": text(order.price),
        "origQty": text(order.quantity),
        "executedQty": text(order.executed),
        "origQuoteOrderQty": text(order.quote_quantity),
        "cummulativeQuoteQty": text(order.quote_executed),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
    }


def _conditional(order: OrderView) -> Json:
    """Fields that appear only when there is something to say."""
    body: Json = {}
    if order.prevented_match >= 0:
        body |= {"preventedMatchId": order.prevented_match, "preventedQuantity": text(order.prevented)}
    if order.strategy_id is not None:
        body["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        body["strategyType"] = order.strategy_type
    if order.expiry_reason:
        body["expiryReason"] = order.expiry_reason
    return body


def _if_sent(order: OrderView) -> Json:
    """What a query always tells and an answer only when the order has it."""
    body: Json = {}
    if order.type in STOPS:
        body["stopPrice"] = text(order.stop_price)
    if order.iceberg:
        body["icebergQty"] = text(order.iceberg)
    return body


# --- lists --------------------------------------------------------------------------------


def order_list(listed: OrderListView) -> Json:
    return {
        "orderListId": listed.list_id,
        "contingencyType": listed.contingency,
        "listStatusType": listed.status_type,
        "listOrderStatus": listed.status,
        "listClientOrderId": listed.client_id,
        "transactionTime": listed.updated_ms,
        "symbol": listed.symbol,
        "orders": _named(listed),
    }


def list_placed(listed: OrderListView, answer: str) -> Json:
    return order_list(listed) | {"orderReports": [placed(order, answer) for order in listed.orders]}


def list_canceled(listed: OrderListView) -> Json:
    return order_list(listed) | {"orderReports": [canceled(order) for order in listed.orders]}


def _named(listed: OrderListView) -> list[Json]:
    return [
        {"symbol": order.symbol, "orderId": order.order_id, "clientOrderId": order.orig_client_id}
        for order in listed.orders
    ]


# --- prevented self-trades, amendments -------------------------------------------------------


def _prevention(match: PreventedView) -> Json:
    """In the answer to the taker."""
    body: Json = {
        "preventedMatchId": match.match_id,
        "makerOrderId": match.maker_order_id,
        "price": text(match.price),
    }
    return body | _quantities(match)


def _quantities(match: PreventedView) -> Json:
    sides: dict[str, Decimal | None] = {
        "takerPreventedQuantity": match.taker_quantity,
        "makerPreventedQuantity": match.maker_quantity,
    }
    return {name: text(quantity) for name, quantity in sides.items() if quantity is not None}


def prevented(match: PreventedView) -> Json:
    return {
        "symbol": match.symbol,
        "preventedMatchId": match.match_id,
        "takerOrderId": match.taker_order_id,
        "makerSymbol": match.symbol,
        "makerOrderId": match.maker_order_id,
        "tradeGroupId": -1,
        "selfTradePreventionMode": match.mode,
        "price": text(match.price),
        **_quantities(match),
        "transactTime": match.time_ms,
    }


def amendment(done: AmendmentView) -> Json:
    return {
        "symbol": done.symbol,
        "orderId": done.order_id,
        "executionId": done.execution_id,
        "origClientOrderId": done.orig_client_id,
        "newClientOrderId": done.new_client_id,
        "origQty": text(done.orig_quantity),
        "newQty": text(done.new_quantity),
        "time": done.time_ms,
    }


def amended(order: OrderView, done: AmendmentView, listed: OrderListView | None) -> Json:
    body: Json = {
        "transactTime": done.time_ms,
        "executionId": done.execution_id,
        "amendedOrder": {
            "symbol": order.symbol,
            "orderId": order.order_id,
            "orderListId": order.list_id,
            "origClientOrderId": done.orig_client_id,
            "clientOrderId": order.client_id,
            "price": text(order.price),
            "qty": text(order.quantity),
            "executedQty": text(order.executed),
            "preventedQty": text(order.prevented),
            "quoteOrderQty": text(order.quote_quantity),
            "cumulativeQuoteQty": text(order.quote_executed),
            "status": order.status,
            "timeInForce": order.time_in_force,
            "type": order.type,
            "side": order.side,
            **({"workingTime": order.working_ms} if order.working_ms >= 0 else {}),
            "selfTradePreventionMode": order.self_trade,
            **_if_sent(order),
        },
    }
    if listed is not None:
        body["listStatus"] = {
            "orderListId": listed.list_id,
            "contingencyType": listed.contingency,
            "listOrderStatus": listed.status,
            "listClientOrderId": listed.client_id,
            "symbol": listed.symbol,
            "orders": _named(listed),
        }
    return body
