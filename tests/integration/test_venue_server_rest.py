"""Raw REST: signatures over the bytes as sent, time, parameters, codes, limits, answer shapes."""

from collections.abc import Callable
from typing import Any

import pytest

from mm.exchange.venue_server.server import ServerOptions
from tests.integration.venue_clients import KEY, ORDER, SYMBOL, bench, run, signature, wall_ms

ORDER_TEXT = "&".join(f"{name}={value}" for name, value in ORDER.items())


def test_signature_covers_query_and_body_in_any_order_and_place() -> None:
    async def scene() -> None:
        async with bench() as b:
            stamp = f"timestamp={wall_ms()}"
            in_query = f"{ORDER_TEXT}&{stamp}"
            first, second = f"{stamp}&side=BUY&symbol={SYMBOL}", "type=LIMIT_MAKER&quantity=0.01&price=2990"
            sent = [
                (f"{in_query}&signature={signature(in_query)}", None),
                ("", f"{in_query}&signature={signature(in_query)}"),
                (f"{first}", f"{second}&signature={signature(first + second)}"),
                (f"{first}&signature={signature(first + second)}", second),
                (f"signature={signature(in_query)}&{in_query}", None),
            ]
            for query, body in sent:
                status, answer, _ = await b.call("POST", "/api/v3/order", query, body, KEY)
                assert status == 200, (query, body, answer)
            assert len(b.venue.open_orders(b.uid)) == len(sent)

    run(scene())


def test_a_changed_byte_a_changed_order_or_another_secret_is_refused() -> None:
    async def scene() -> None:
        async with bench() as b:
            text = f"{ORDER_TEXT}&timestamp={wall_ms()}"
            good = signature(text)
            swapped = f"timestamp={wall_ms()}&{ORDER_TEXT}"
            for query in (
                f"{text.replace('2990', '2991')}&signature={good}",
                f"{swapped}&signature={good}",
                f"{text}&signature={signature(text, 'X' * 64)}",
                f"{text}&signature=zz",
                f"{text}&signature=%C3%A9",
            ):
                status, answer, _ = await b.call("POST", "/api/v3/order", query, key=KEY)
                assert (status, answer["code"]) == (400, -1022)
                assert answer["msg"] == "Signature for this request is not valid."
            assert not b.venue.open_orders(b.uid)

    run(scene())


def test_percent_encoded_values_are_signed_as_sent_and_read_decoded() -> None:
    async def scene() -> None:
        async with bench() as b:
            text = f"{ORDER_TEXT}&newClientOrderId=mm%2Dabc%5F1&timestamp={wall_ms()}"
            status, answer, _ = await b.call(
                "POST",
                "/api/v3/order",
                f"{text}&signature={signature(text)}",
                key=KEY,
            )
            assert (status, answer["clientOrderId"]) == (200, "mm-abc_1")

    run(scene())


@pytest.mark.parametrize(
    ("skew", "window", "code"),
    [
        (-1499, "1499.5", None),
        (-1500, "1499.999", -1021),
        (0, "5000.1234", -1111),
        (0, None, None),
        (-4500, None, None),
        (-5200, None, -1021),
        (-1500, 1000, -1021),
        (-1500, 2000, None),
        (1300, None, -1021),
        (700, None, None),
        (0, 60_001, -1102),
        (-50_000, 60_000, None),
    ],
)
def test_time_of_a_request(skew: int, window: int | str | None, code: int | None) -> None:
    async def scene() -> None:
        # A server clock that stands still makes the bounds exact.
        now = wall_ms()
        async with bench(options=ServerOptions(now_ms=lambda: now)) as b:
            text = f"timestamp={now + skew}" + (f"&recvWindow={window}" if window else "")
            status, answer, _ = await b.call("GET", "/api/v3/account", f"{text}&signature={signature(text)}", key=KEY)
            assert status == (200 if code is None else 400)
            assert answer.get("code") == code
            if code == -1021:
                ahead = "Timestamp for this request was 1000ms ahead of the server's time."
                late = "Timestamp for this request is outside of the recvWindow."
                assert answer["msg"] == (ahead if skew > 0 else late)

    run(scene())


def test_keys() -> None:
    async def scene() -> None:
        async with bench() as b:
            text = f"timestamp={wall_ms()}"
            query = f"{text}&signature={signature(text)}"
            for key, code in ((None, -2014), ("short", -2014), ("Z" * 64, -2015)):
                status, answer, _ = await b.call("GET", "/api/v3/account", query, key=key)
                assert (status, answer["code"]) == (401, code)

    run(scene())


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "code", "part"),
    [
        (lambda o: o.pop("symbol"), -1102, "'symbol'"),
        (lambda o: o.pop("side"), -1102, "'side'"),
        (lambda o: o.pop("price"), -1102, "'price'"),
        (lambda o: o.pop("quantity"), -1102, "'quantity'"),
        (lambda o: o.update(side="HOLD"), -1117, "Invalid side"),
        (lambda o: o.update(type="PEGGED"), -1116, "Invalid orderType"),
        (lambda o: o.update(type="LIMIT", timeInForce="DAY"), -1115, "Invalid timeInForce"),
        (lambda o: o.update(symbol="NOPE"), -1121, "Invalid symbol"),
        (lambda o: o.update(symbol="no such"), -1100, "'symbol'"),
        (lambda o: o.update(price="-5"), -1100, "'price'"),
        (lambda o: o.update(price="1e3"), -1100, "'price'"),
        (lambda o: o.update(newClientOrderId="x" * 37), -1100, "'newClientOrderId'"),
        (lambda o: o.update(price=""), -1105, "'price'"),
        (lambda o: o.update(stopPrice="3000"), -1106, "'stopPrice'"),
        (lambda o: o.update(foo="1"), -1104, "read '7'"),
        (lambda o: o.update(price="2990.001"), -1013, "PRICE_FILTER"),
        (lambda o: o.update(quantity="0.00015"), -1013, "LOT_SIZE"),
        (lambda o: o.update(quantity="0.0001"), -1013, "NOTIONAL"),
        (lambda o: o.update(quantity="100"), -2010, "insufficient balance"),
    ],
)
def test_a_wrong_order_is_refused_in_binances_words(change: Change, code: int, part: str) -> None:
    async def scene() -> None:
        async with bench() as b:
            order = dict(ORDER)
            change(order)
            status, answer, headers = await b.signed("POST", "/api/v3/order", **order)
            assert (status, answer["code"]) == (400, code), answer
            assert part in answer["msg"]
            assert headers["X-MBX-USED-WEIGHT-1M"] == "1", "a refused placement is charged"
            limit = b.server.served.order_limit(b.uid)
            assert limit.ten_seconds.at(wall_ms()) == 0, "a refused order does not count"

    run(scene())


def test_missing_signature_timestamp_ids_duplicates_and_public_extras() -> None:
    async def scene() -> None:
        async with bench() as b:
            stamp = f"timestamp={wall_ms()}"
            for query, code in (
                (stamp, -1102),
                (f"signature={signature('')}", -1102),
                (f"{stamp}&{stamp}&signature=a", -1101),
            ):
                status, answer, _ = await b.call("GET", "/api/v3/account", query, key=KEY)
                assert (status, answer["code"]) == (400, code)
            status, answer, _ = await b.signed("DELETE", "/api/v3/order", symbol=SYMBOL)
            assert answer == {
                "code": -1102,
                "msg": "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
            }
            status, answer, _ = await b.call("GET", "/api/v3/time", "x=1")
            assert (status, answer["code"]) == (400, -1101)
            status, answer, _ = await b.call("GET", "/api/v3/nothing")
            assert (status, answer) == (404, None)

    run(scene())


def test_order_answers_by_type_and_what_follows() -> None:
    async def scene() -> None:
        async with bench() as b:
            b.other_places("SELL", "3000", "1")
            _, ack, _ = await b.place(newClientOrderId="mm-a-1")
            assert ack.keys() == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
            _, result, _ = await b.place(newOrderRespType="RESULT", price="2989")
            assert result["status"] == "NEW"
            assert "fills" not in result
            _, full, _ = await b.place(type="LIMIT", timeInForce="IOC", price="3001")
            assert (full["status"], full["executedQty"], full["cummulativeQuoteQty"]) == (
                "FILLED",
                "0.01000000",
                "30.00000000",
            )
            assert full["fills"] == [
                {
                    "price": "3000.00000000",
                    "qty": "0.01000000",
                    "commission": "0.00001000",
                    "commissionAsset": "ETH",
                    "tradeId": full["fills"][0]["tradeId"],
                }
            ]
            status, refused, _ = await b.place(price="3000")
            assert (status, refused) == (400, {"code": -2010, "msg": "Order would immediately match and take."})

            _, trades, _ = await b.signed("GET", "/api/v3/myTrades", symbol=SYMBOL)
            assert [(t["orderId"], t["isMaker"], t["isBuyer"], t["quoteQty"]) for t in trades] == [
                (full["orderId"], False, True, "30.00000000")
            ]
            _, found, _ = await b.signed("GET", "/api/v3/order", symbol=SYMBOL, origClientOrderId="mm-a-1")
            assert (found["orderId"], found["status"]) == (ack["orderId"], "NEW")
            _, none, _ = await b.signed("GET", "/api/v3/order", symbol=SYMBOL, origClientOrderId="mm-a-2")
            assert none == {"code": -2013, "msg": "Order does not exist."}
            _, gone, _ = await b.signed("DELETE", "/api/v3/order", symbol=SYMBOL, origClientOrderId="mm-a-1")
            assert (gone["origClientOrderId"], gone["status"]) == ("mm-a-1", "CANCELED")
            _, again, _ = await b.signed("DELETE", "/api/v3/order", symbol=SYMBOL, origClientOrderId="mm-a-1")
            assert again == {"code": -2011, "msg": "Unknown order sent."}
            _, rest, _ = await b.signed("DELETE", "/api/v3/openOrders", symbol=SYMBOL)
            assert [order["orderId"] for order in rest] == [result["orderId"]]
            _, orders, _ = await b.signed("GET", "/api/v3/allOrders", symbol=SYMBOL)
            assert [order["status"] for order in orders] == ["CANCELED", "CANCELED", "FILLED"]
            _, nothing, _ = await b.signed("POST", "/api/v3/order/test", **ORDER)
            assert nothing == {}
            assert not b.venue.open_orders(b.uid)

    run(scene())


def test_account_commission_and_sapi_by_flavour() -> None:
    async def scene() -> None:
        async with bench() as b:
            await b.place()
            _, account, _ = await b.signed("GET", "/api/v3/account", omitZeroBalances="true")
            assert account["uid"] == b.uid
            assert account["permissions"] == ["SPOT"]
            assert account["commissionRates"]["maker"] == "0.00100000"
            assert {"asset": "USDC", "free": "970.10000000", "locked": "29.90000000"} in account["balances"]
            _, rates, _ = await b.signed("GET", "/api/v3/account/commission", symbol=SYMBOL)
            assert rates["standardCommission"]["taker"] == "0.00100000"
            _, key, _ = await b.signed("GET", "/sapi/v1/account/apiRestrictions")
            assert (key["enableWithdrawals"], key["enableSpotAndMarginTrading"]) == (False, True)
            _, system, _ = await b.call("GET", "/sapi/v1/system/status")
            assert system["status"] == 0
            _, fee, _ = await b.signed("GET", "/sapi/v1/asset/tradeFee", symbol=SYMBOL)
            assert fee == [{"symbol": SYMBOL, "makerCommission": "0.001", "takerCommission": "0.001"}]
        async with bench(options=ServerOptions(flavour="testnet")) as b:
            status, _, _ = await b.call("GET", "/sapi/v1/system/status")
            assert status == 404

    run(scene())


def test_weights_and_429() -> None:
    async def scene() -> None:
        now = wall_ms() // 60_000 * 60_000 + 30_000
        async with bench(options=ServerOptions(weight_per_minute=30, now_ms=lambda: now)) as b:
            _, _, headers = await b.call("GET", "/api/v3/depth", f"symbol={SYMBOL}&limit=500")
            assert headers["X-MBX-USED-WEIGHT-1M"] == "25"
            text = f"{ORDER_TEXT}&timestamp={now}"
            _, _, headers = await b.call("POST", "/api/v3/order", f"{text}&signature={signature(text)}", key=KEY)
            assert headers["X-MBX-USED-WEIGHT-1M"] == "25", "a placement that succeeds weighs nothing"
            assert (headers["X-MBX-ORDER-COUNT-10S"], headers["X-MBX-ORDER-COUNT-1D"]) == ("1", "1")
            status, answer, headers = await b.call("GET", "/api/v3/depth", f"symbol={SYMBOL}&limit=500")
            assert (status, answer["code"], headers["Retry-After"]) == (429, -1003, "30")
            now += 30_000
            status, _, headers = await b.call("GET", "/api/v3/depth", f"symbol={SYMBOL}")
            assert (status, headers["X-MBX-USED-WEIGHT-1M"]) == (200, "5")

    run(scene())


def test_a_hundred_orders_in_ten_seconds_and_a_maker_fill_gives_five_back() -> None:
    async def scene() -> None:
        now = wall_ms() // 10_000 * 10_000 + 4_000
        async with bench(options=ServerOptions(now_ms=lambda: now)) as b:

            async def place(number: int) -> tuple[int, Any, Any]:
                text = f"{ORDER_TEXT.replace('0.0100', '0.0020')}&newClientOrderId=n{number}&timestamp={now}"
                return await b.call("POST", "/api/v3/order", f"{text}&signature={signature(text)}", key=KEY)

            for number in range(100):
                status, _, headers = await place(number)
                assert status == 200
                assert headers["X-MBX-ORDER-COUNT-10S"] == str(number + 1)
            status, answer, headers = await place(100)
            assert (status, answer["code"], headers["Retry-After"]) == (429, -1015, "6")
            b.other_places("SELL", "2990", "0.002")  # the oldest order: its first fill gives five counts back
            status, _, headers = await place(101)
            assert (status, headers["X-MBX-ORDER-COUNT-10S"]) == (200, "96")
            now += 6_000
            status, _, headers = await place(102)
            assert (status, headers["X-MBX-ORDER-COUNT-10S"]) == (200, "1")

    run(scene())


def test_public_market_data() -> None:
    async def scene() -> None:
        async with bench() as b:
            b.other_places("SELL", "3001", "0.5")
            await b.place(quantity="0.02")
            await b.place(type="MARKET", price="3001", quantity="0.01")  # MARKET takes no price
            await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")

            async def get(path: str, query: str = "") -> Any:
                status, answer, _ = await b.call("GET", f"/api/v3/{path}", query)
                assert status == 200, (path, answer)
                return answer

            assert await get("ping") == {}
            assert abs((await get("time"))["serverTime"] - wall_ms()) < 5_000
            info = await get("exchangeInfo", f"symbol={SYMBOL}")
            assert "LIMIT_MAKER" in info["symbols"][0]["orderTypes"]
            depth = await get("depth", f"symbol={SYMBOL}&limit=5")
            assert depth["bids"] == [["2990.00000000", "0.02000000"]]
            assert depth["asks"] == [["3001.00000000", "0.49000000"]]
            (trade,) = await get("trades", f"symbol={SYMBOL}")
            assert (trade["price"], trade["qty"], trade["isBuyerMaker"]) == ("3001.00000000", "0.01000000", False)
            (aggregate,) = await get("aggTrades", f"symbol={SYMBOL}")
            assert (aggregate["p"], aggregate["m"]) == ("3001.00000000", False)
            (bar,) = await get("klines", f"symbol={SYMBOL}&interval=1m")
            assert (bar[1], bar[5], bar[8]) == ("3001.00000000", "0.01000000", 1)
            assert (await get("ticker/price", f"symbol={SYMBOL}"))["price"] == "3001.00000000"
            assert (await get("ticker/bookTicker", f"symbol={SYMBOL}"))["bidPrice"] == "2990.00000000"
            assert (await get("ticker/24hr", f"symbol={SYMBOL}"))["lastPrice"] == "3001.00000000"
            assert (await get("avgPrice", f"symbol={SYMBOL}"))["price"] == "3001.00000000"
            both = await get("ticker/price", 'symbols=["ETHUSDC","BTCUSDC"]')
            assert [each["symbol"] for each in both] == ["ETHUSDC", "BTCUSDC"]

    run(scene())
