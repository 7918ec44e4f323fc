"""Stops, icebergs, lists, cancel-replace, amendments and prevented self-trades over the wire, shapes as documented."""

from typing import Any

import pytest

from tests.integration.test_venue_server_websocket import api
from tests.integration.venue_clients import SYMBOL, Bench, bench, run

PAIR = {
    "symbol": SYMBOL,
    "side": "SELL",
    "quantity": "0.02",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "3100",
    "belowType": "STOP_LOSS_LIMIT",
    "belowPrice": "2890",
    "belowStopPrice": "2900",
    "belowTimeInForce": "GTC",
}
STATE = {
    "symbol",
    "orderId",
    "orderListId",
    "clientOrderId",
    "transactTime",
    "price",
    "origQty",
    "executedQty",
    "origQuoteOrderQty",
    "cummulativeQuoteQty",
    "status",
    "timeInForce",
    "type",
    "side",
    "selfTradePreventionMode",
}
LIST = {
    "orderListId",
    "contingencyType",
    "listStatusType",
    "listOrderStatus",
    "listClientOrderId",
    "transactionTime",
    "symbol",
    "orders",
}


def traded_at_3000(b: Bench) -> None:
    b.other_places("SELL", "3000", "0.01")
    b.venue.place(b.other, _taking(b))


def _taking(b: Bench) -> Any:
    from mm.exchange.venue.views import NewOrder

    price, size = b.venue.depth(SYMBOL).asks[0]
    return NewOrder(
        symbol=SYMBOL, side="BUY", type="LIMIT", price=price, quantity=size, time_in_force="IOC", self_trade="NONE"
    )


def test_a_stop_over_rest_and_its_events() -> None:
    async def scene() -> None:
        async with bench() as b:
            traded_at_3000(b)
            line = await api(b)
            await line.signed("userDataStream.subscribe.signature")
            stop = {"side": "SELL", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "price": "2890"}
            status, placed, _ = await b.place(**stop, stopPrice="2900", strategyId=7, newOrderRespType="RESULT")
            assert (status, placed["status"], placed["stopPrice"]) == (200, "NEW", "2900.00000000")
            assert (placed["workingTime"], placed["strategyId"]) == (-1, 7)
            _, seen, _ = await b.signed("GET", "/api/v3/order", symbol=SYMBOL, orderId=placed["orderId"])
            assert (seen["isWorking"], seen["stopPrice"]) == (False, "2900.00000000")
            event = (await line.next())["event"]
            assert (event["x"], event["w"], event["P"], event["j"]) == ("NEW", False, "2900.00000000", 7)
            assert "W" not in event
            status, refused, _ = await b.place(**stop, stopPrice="3000")
            assert (status, refused) == (400, {"code": -2010, "msg": "Order would trigger immediately."})
            status, refused, _ = await b.place(**stop)
            assert (status, refused["code"]) == (400, -1102)
            status, refused, _ = await b.place(**stop, stopPrice="2900", trailingDelta="100")
            assert refused == {"code": -2010, "msg": "Trailing stop orders are not supported for this symbol."}

    run(scene())


def test_icebergs_and_expiry_reasons_over_rest() -> None:
    async def scene() -> None:
        async with bench() as b:
            status, placed, _ = await b.place(
                type="LIMIT", timeInForce="GTC", quantity="0.05", icebergQty="0.02", newOrderRespType="RESULT"
            )
            assert (status, placed["icebergQty"]) == (200, "0.02000000")
            _, book, _ = await b.call("GET", "/api/v3/depth", f"symbol={SYMBOL}")
            assert book["bids"] == [["2990.00000000", "0.02000000"]]
            sell = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
            status, done, _ = await b.signed("POST", "/api/v3/order", **sell)
            assert (done["status"], done["expiryReason"]) == ("EXPIRED", "INSUFFICIENT_LIQUIDITY")
            by_quote = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quoteOrderQty": "50"}
            status, refused, _ = await b.signed("POST", "/api/v3/order", **by_quote)
            assert refused == {
                "code": -2010,
                "msg": "Order book liquidity is less than symbol minimum quantity.",
            }

    run(scene())


def test_a_list_over_rest() -> None:
    async def scene() -> None:
        async with bench() as b:
            traded_at_3000(b)
            status, placed, headers = await b.signed(
                "POST", "/api/v3/orderList/oco", **PAIR, listClientOrderId="mine", newOrderRespType="RESULT"
            )
            assert status == 200
            assert placed.keys() == LIST | {"orderReports"}
            assert headers["X-MBX-ORDER-COUNT-10S"] == "2"
            stop, limit = placed["orderReports"]
            assert stop.keys() == STATE | {"workingTime", "stopPrice"}
            assert limit.keys() == STATE | {"workingTime"}
            assert (stop["type"], limit["type"]) == ("STOP_LOSS_LIMIT", "LIMIT_MAKER")
            assert [each["orderId"] for each in placed["orders"]] == [stop["orderId"], limit["orderId"]]
            number = placed["orderListId"]
            _, by_id, _ = await b.signed("GET", "/api/v3/orderList", orderListId=number)
            _, by_name, _ = await b.signed("GET", "/api/v3/orderList", origClientOrderId="mine")
            assert by_id == by_name
            assert by_id.keys() == LIST
            _, live, _ = await b.signed("GET", "/api/v3/openOrderList")
            _, every, _ = await b.signed("GET", "/api/v3/allOrderList", limit=5)
            assert live == every == [by_id]
            status, amended, _ = await b.signed(
                "PUT", "/api/v3/order/amend/keepPriority", symbol=SYMBOL, orderId=limit["orderId"], newQty="0.01"
            )
            assert (status, amended["listStatus"]["listOrderStatus"]) == (200, "EXECUTING")
            status, gone, _ = await b.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, listClientOrderId="mine")
            assert (status, gone["listOrderStatus"]) == (200, "ALL_DONE")
            assert [each["status"] for each in gone["orderReports"]] == ["CANCELED", "CANCELED"]
            assert gone["orderReports"][0].keys() == STATE | {"origClientOrderId", "stopPrice"}
            status, refused, _ = await b.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=number)
            assert (status, refused["code"]) == (400, -2011)
            assert (await b.signed("GET", "/api/v3/openOrderList"))[1] == []
            status, refused, _ = await b.signed("GET", "/api/v3/orderList", orderListId=99)
            assert (status, refused["code"]) == (400, -2018)

    run(scene())


def test_the_deprecated_oco_and_cancel_all_with_lists() -> None:
    async def scene() -> None:
        async with bench() as b:
            traded_at_3000(b)
            old = {"symbol": SYMBOL, "side": "BUY", "quantity": "0.01", "price": "2900", "stopPrice": "3100"}
            status, placed, _ = await b.signed("POST", "/api/v3/order/oco", **old, newOrderRespType="RESULT")
            assert status == 200
            assert [each["type"] for each in placed["orderReports"]] == ["STOP_LOSS", "LIMIT_MAKER"]
            await b.place(newOrderRespType="ACK")
            status, gone, _ = await b.signed("DELETE", "/api/v3/openOrders", symbol=SYMBOL)
            assert [each.get("contingencyType") for each in gone] == [None, "OCO"]
            assert b.venue.open_orders(b.uid) == ()
            old["price"] = "3050"
            status, refused, _ = await b.signed("POST", "/api/v3/order/oco", **old)
            assert refused == {
                "code": -2010,
                "msg": "The relationship of the prices for the orders is not correct.",
            }

    run(scene())


def test_a_list_over_the_websocket_api_and_its_events() -> None:
    async def scene() -> None:
        async with bench() as b:
            traded_at_3000(b)
            line = await api(b)
            await line.signed("userDataStream.subscribe.signature")
            placed = (await line.signed("orderList.place.oco", **PAIR))["result"]
            number = placed["orderListId"]
            assert (await line.signed("orderList.status", orderListId=number))["result"].keys() == LIST
            assert len((await line.signed("openOrderLists.status"))["result"]) == 1
            gone = (await line.signed("orderList.cancel", symbol=SYMBOL, orderListId=number))["result"]
            assert gone["listStatusType"] == "ALL_DONE"
            assert (await line.signed("openOrderLists.status"))["result"] == []
            assert len((await line.signed("allOrderLists"))["result"]) == 1
            old = {"symbol": SYMBOL, "side": "SELL", "quantity": "0.01", "price": "3100", "stopPrice": "2900"}
            assert (await line.signed("orderList.place", **old))["status"] == 200
            events = [each["event"] for each in line.events]
            lists = [each for each in events if each["e"] == "listStatus"]
            assert [(each["l"], each["L"]) for each in lists[:2]] == [
                ("EXEC_STARTED", "EXECUTING"),
                ("ALL_DONE", "ALL_DONE"),
            ]
            assert lists[0].keys() == set("eEsgclLrCTO")
            assert {each["g"] for each in events if each["e"] == "executionReport"} >= {number}

    run(scene())


REPLACE = {
    "symbol": SYMBOL,
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "2980",
}


@pytest.mark.parametrize(
    ("mode", "changes", "known", "status", "code", "results"),
    [
        ("STOP_ON_FAILURE", {}, True, 200, None, ("SUCCESS", "SUCCESS")),
        ("STOP_ON_FAILURE", {}, False, 400, -2022, ("FAILURE", "NOT_ATTEMPTED")),
        ("STOP_ON_FAILURE", {"quantity": "9"}, True, 409, -2021, ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", {}, True, 200, None, ("SUCCESS", "SUCCESS")),
        ("ALLOW_FAILURE", {}, False, 409, -2021, ("FAILURE", "SUCCESS")),
        ("ALLOW_FAILURE", {"quantity": "9"}, True, 409, -2021, ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", {"quantity": "9"}, False, 400, -2022, ("FAILURE", "FAILURE")),
    ],
)
def test_cancel_replace(  # noqa: PLR0917 - a row of Binance's table
    mode: str, changes: dict[str, str], known: bool, status: int, code: int | None, results: tuple[str, str]
) -> None:
    async def scene() -> None:
        async with bench() as b:
            _, old, _ = await b.place()
            number = old["orderId"] if known else 999
            asked = {**REPLACE, **changes, "cancelReplaceMode": mode, "cancelOrderId": number}
            got, answer, _ = await b.signed("POST", "/api/v3/order/cancelReplace", **asked)
            body = answer if code is None else answer["data"]
            assert (got, answer.get("code")) == (status, code)
            assert (body["cancelResult"], body["newOrderResult"]) == results
            if results[0] == "FAILURE":
                assert body["cancelResponse"] == {"code": -2011, "msg": "Unknown order sent."}
            else:
                assert body["cancelResponse"].keys() == STATE | {"origClientOrderId"}
            if results[1] == "NOT_ATTEMPTED":
                assert body["newOrderResponse"] is None
            assert len(b.venue.open_orders(b.uid)) == (not known) + (results[1] == "SUCCESS")
            line = await api(b)
            again = await line.signed("order.cancelReplace", **{**asked, "cancelOrderId": 12345})
            assert (again["status"], again["error"]["data"]["cancelResult"]) == (
                409 if mode == "ALLOW_FAILURE" and not changes else 400,
                "FAILURE",
            )

    run(scene())


def test_cancel_replace_when_too_many_orders_were_placed() -> None:
    async def scene() -> None:
        async with bench() as b:
            _, old, _ = await b.place()
            asked = {**REPLACE, "cancelReplaceMode": "ALLOW_FAILURE", "cancelOrderId": old["orderId"]}
            b.server.served.order_limit(b.uid).ten_seconds.most = 0
            status, answer, _ = await b.signed("POST", "/api/v3/order/cancelReplace", **asked)
            assert (status, answer["code"]) == (429, -1015)
            assert len(b.venue.open_orders(b.uid)) == 1
            status, answer, _ = await b.signed(
                "POST", "/api/v3/order/cancelReplace", **asked, orderRateLimitExceededMode="CANCEL_ONLY"
            )
            assert (status, answer["code"], answer["data"]["newOrderResponse"]["code"]) == (409, -2021, -1015)
            assert b.venue.open_orders(b.uid) == ()

    run(scene())


def test_amend_and_amendments() -> None:
    async def scene() -> None:
        async with bench() as b:
            line = await api(b)
            await line.signed("userDataStream.subscribe.signature")
            _, placed, _ = await b.place(newClientOrderId="first")
            which = {"symbol": SYMBOL, "orderId": placed["orderId"]}
            status, amended, _ = await b.signed(
                "PUT", "/api/v3/order/amend/keepPriority", **which, newQty="0.009", newClientOrderId="second"
            )
            assert status == 200
            assert amended.keys() == {"transactTime", "executionId", "amendedOrder"}
            order = amended["amendedOrder"]
            assert (order["origClientOrderId"], order["clientOrderId"], order["qty"]) == (
                "first",
                "second",
                "0.00900000",
            )
            answer = await line.signed("order.amend.keepPriority", **which, newQty="0.008")
            assert answer["result"]["amendedOrder"]["qty"] == "0.00800000"
            events = [each["event"] for each in line.events if each["event"]["e"] == "executionReport"]
            replaced = [each for each in events if each["x"] == "REPLACED"]
            assert [(each["q"], each["X"]) for each in replaced] == [("0.00900000", "NEW"), ("0.00800000", "NEW")]
            assert (replaced[0]["c"], replaced[0]["C"], replaced[0]["I"]) == (
                "second",
                "first",
                amended["executionId"],
            )
            _, kept, _ = await b.signed("GET", "/api/v3/order/amendments", **which)
            assert kept == (await line.signed("order.amendments", **which))["result"]
            assert kept[0] == {
                **which,
                "executionId": amended["executionId"],
                "origClientOrderId": "first",
                "newClientOrderId": "second",
                "origQty": "0.01000000",
                "newQty": "0.00900000",
                "time": amended["transactTime"],
            }
            for quantity, words in (
                ("0.008", "The requested action would change no state; rejecting."),
                ("0.02", "Order amend (quantity increase) is not supported."),
            ):
                status, refused, _ = await b.signed("PUT", "/api/v3/order/amend/keepPriority", **which, newQty=quantity)
                assert (status, refused) == (400, {"code": -2038, "msg": words})

    run(scene())


def test_prevented_self_trades() -> None:
    async def scene() -> None:
        async with bench() as b:
            line = await api(b)
            _, maker, _ = await b.place()
            await line.signed("userDataStream.subscribe.signature")
            sell = {"side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "selfTradePreventionMode": "EXPIRE_MAKER"}
            status, taker, _ = await b.place(**sell)
            assert (status, taker["status"]) == (200, "NEW")
            (match,) = taker["preventedMatches"]
            assert match == {
                "preventedMatchId": match["preventedMatchId"],
                "makerOrderId": maker["orderId"],
                "price": "2990.00000000",
                "makerPreventedQuantity": "0.01000000",
            }
            _, seen, _ = await b.signed("GET", "/api/v3/order", symbol=SYMBOL, orderId=maker["orderId"])
            assert (seen["status"], seen["preventedQuantity"]) == ("EXPIRED_IN_MATCH", "0.01000000")
            _, kept, _ = await b.signed("GET", "/api/v3/myPreventedMatches", symbol=SYMBOL, orderId=maker["orderId"])
            assert kept == (await line.signed("myPreventedMatches", symbol=SYMBOL, orderId=maker["orderId"]))["result"]
            assert (kept[0]["takerOrderId"], kept[0]["tradeGroupId"]) == (taker["orderId"], -1)
            status, refused, _ = await b.signed("GET", "/api/v3/myPreventedMatches", symbol=SYMBOL)
            assert (status, refused["code"]) == (400, -1128)
            events = [each["event"] for each in line.events if each["event"]["e"] == "executionReport"]
            (report,) = [each for each in events if each["x"] == "TRADE_PREVENTION"]
            assert (report["A"], report["B"], report["U"], report["pY"]) == (
                "0.01000000",
                "0.01000000",
                taker["orderId"],
                "29.90000000",
            )

    run(scene())


def test_paying_commission_in_bnb() -> None:
    async def scene() -> None:
        async with bench() as b:
            assert (await b.signed("GET", "/sapi/v1/bnbBurn"))[1] == {"spotBNBBurn": False, "interestBNBBurn": False}
            _, burn, _ = await b.signed("POST", "/sapi/v1/bnbBurn", spotBNBBurn="true")
            assert burn["spotBNBBurn"] is True
            _, rates, _ = await b.signed("GET", "/api/v3/account/commission", symbol=SYMBOL)
            assert rates["discount"] == {
                "enabledForAccount": True,
                "enabledForSymbol": True,
                "discountAsset": "BNB",
                "discount": "0.75000000",
            }
            order = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.01", "price": "2990"}
            _, rates, _ = await b.signed("POST", "/api/v3/order/test", **order, computeCommissionRates="true")
            assert rates["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00100000"}
            assert rates["discount"]["enabledForAccount"] is True

    run(scene())
