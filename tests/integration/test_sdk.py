"""Binance's own SDK, unmodified but for its base URLs, on the server: every request it offers of what is served.

The SDK reads answers into models and, where one does not fit, logs a warning and hands over the raw data. So a quiet
log and models all through prove the shapes; values are checked in the tests of the server.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from binance_common.errors import BadRequestError, NotFoundError, TooManyRequestsError, UnauthorizedError
from binance_sdk_spot.websocket_api.models import ExecutionReport, OutboundAccountPosition
from pydantic import BaseModel

from mm.exchange.venue_server.api_key import KeyType
from mm.exchange.venue_server.server import ServerOptions
from tests.contract.venue_through_sdk import raw, sdk
from tests.integration.test_venue_server_keys import NAMES, desk, pair
from tests.integration.venue_clients import KEY, SECRET, SYMBOL, Bench, bench, run, until

# The SDK gives aiohttp its close timeout in a form that aiohttp no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:parameter 'timeout' of type 'float':DeprecationWarning")

PAIR = [SYMBOL, "ETHUSDT"]
MARKET_DATA: list[tuple[str, dict[str, Any]]] = [
    ("time", {}),
    ("exchange_info", {}),
    ("exchange_info", {"symbol": SYMBOL}),
    ("exchange_info", {"symbols": PAIR}),
    ("exchange_info", {"permissions": ["SPOT"]}),
    ("execution_rules", {"symbol": SYMBOL}),
    ("depth", {"symbol": SYMBOL, "limit": 5}),
    ("get_trades", {"symbol": SYMBOL}),
    ("historical_trades", {"symbol": SYMBOL, "limit": 2}),
    ("agg_trades", {"symbol": SYMBOL, "limit": 1}),
    ("klines", {"symbol": SYMBOL, "interval": "1m"}),
    ("ui_klines", {"symbol": SYMBOL, "interval": "1h", "time_zone": "5:45"}),
    ("avg_price", {"symbol": SYMBOL}),
    ("ticker24hr", {"symbol": SYMBOL}),
    ("ticker24hr", {"symbols": PAIR, "type": "MINI"}),
    ("ticker24hr", {}),
    ("ticker_trading_day", {"symbol": SYMBOL}),
    ("ticker_trading_day", {"symbols": PAIR, "type": "MINI"}),
    ("ticker_price", {"symbol": SYMBOL}),
    ("ticker_price", {}),
    ("ticker_book_ticker", {"symbol": SYMBOL}),
    ("ticker_book_ticker", {"symbols": PAIR}),
    ("ticker", {"symbol": SYMBOL, "window_size": "1h"}),
    ("ticker", {"symbols": PAIR, "type": "MINI"}),
]
ACCOUNT: list[tuple[str, dict[str, Any]]] = [
    ("get_account", {}),
    ("get_account", {"omit_zero_balances": True, "recv_window": 5000.123}),
    ("account_commission", {"symbol": SYMBOL}),
    ("rate_limit_order", {}),
    ("get_open_orders", {}),
    ("get_open_orders", {"symbol": SYMBOL}),
    ("all_orders", {"symbol": SYMBOL, "limit": 5}),
    ("my_trades", {"symbol": SYMBOL}),
    ("my_filters", {"symbol": SYMBOL}),
    ("my_prevented_matches", {"symbol": SYMBOL, "prevented_match_id": 1}),
    ("my_allocations", {"symbol": SYMBOL}),
    ("all_order_list", {}),
    ("open_order_list", {}),
]
CONDITIONAL = {"icebergQty", "selfTradePreventionMode", "expiryReason", "rateLimits", "stopPrice"}
"""Fields of some answers that Binance's documentation has and the SDK's models have not."""
RAW_LISTS = ("klines", "ui_klines")
"""Answered as lists of lists, which the SDK hands over as they are."""


@contextlib.asynccontextmanager
async def traded(options: ServerOptions | None = None) -> AsyncIterator[Bench]:
    """A quoted market with one trade of ours in it."""
    async with bench(options=options) as b:
        b.other_places("BUY", "2999.00", "1")
        b.other_places("SELL", "3001.00", "1")
        status, body, _ = await market(b)
        assert (status, body["status"]) == (200, "FILLED")
        yield b


async def market(b: Bench) -> tuple[int, Any, Any]:
    return await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")


def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK had nothing to complain of."""
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert not said, said


def client(b: Bench, **changes: Any) -> Any:
    return sdk(b.server.host, b.server.port, **{"key": KEY, "secret": SECRET, **changes})


async def ask(request: Any, /, **parameters: Any) -> Any:
    return (await asyncio.to_thread(request, **parameters)).data()


def models(answer: Any) -> None:
    """Everything in the answer is a model, and no model was given a field it does not know."""
    if isinstance(answer, list):
        for one in answer:
            models(one)
        return
    inner = getattr(answer, "actual_instance", None)
    if inner is not None:
        models(inner)
        return
    assert isinstance(answer, BaseModel), answer
    assert set(getattr(answer, "additional_properties", ())) <= CONDITIONAL, answer
    for name in type(answer).model_fields:
        value = getattr(answer, name)
        if isinstance(value, BaseModel) or (isinstance(value, list) and value and isinstance(value[0], BaseModel)):
            models(value)


def test_market_data_over_rest(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with traded() as b:
            rest = client(b).rest_api
            for name, parameters in MARKET_DATA:
                answer = await ask(getattr(rest, name), **parameters)
                if name in RAW_LISTS:
                    assert [len(bar) for bar in answer] == [12], name
                else:
                    models(answer)
            info = await ask(rest.exchange_info, symbol=SYMBOL)
            kinds = {type(one.actual_instance).__name__ for one in info.symbols[0].filters}
            assert {"PriceFilter", "LotSizeFilter", "NotionalFilter", "MaxNumOrdersFilter"} <= kinds
            quiet(caplog)

    run(go())


def test_orders_of_every_type_over_rest(caplog: pytest.LogCaptureFixture) -> None:
    limit = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": 0.01}
    orders: list[tuple[dict[str, Any], str]] = [
        ({**limit, "price": 2990.5}, "NEW"),
        ({**limit, "price": 2990.5, "iceberg_qty": 0.004}, "NEW"),
        ({**limit, "price": 2990.5, "time_in_force": "IOC"}, "EXPIRED"),
        ({**limit, "price": 2990.5, "time_in_force": "FOK"}, "EXPIRED"),
        ({**limit, "type": "LIMIT_MAKER", "time_in_force": None, "price": 2991.0}, "NEW"),
        ({"symbol": SYMBOL, "side": "SELL", "type": "MARKET", "quantity": 0.01}, "FILLED"),
        ({"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quote_order_qty": 31}, "FILLED"),
        ({**limit, "type": "STOP_LOSS_LIMIT", "side": "SELL", "price": 2900.0, "stop_price": 2950.0}, "NEW"),
        ({**limit, "type": "TAKE_PROFIT_LIMIT", "side": "SELL", "price": 3100.0, "stop_price": 3050.0}, "NEW"),
        ({"symbol": SYMBOL, "side": "SELL", "type": "STOP_LOSS", "quantity": 0.01, "stop_price": 2950.0}, "NEW"),
        ({"symbol": SYMBOL, "side": "SELL", "type": "TAKE_PROFIT", "quantity": 0.01, "stop_price": 3050.0}, "NEW"),
    ]

    async def go() -> None:
        async with traded() as b:
            rest = client(b).rest_api
            for order, status in orders:
                told = await ask(rest.new_order, **order, new_order_resp_type="FULL")
                models(told)
                assert told.status == status, order
                read = await ask(rest.get_order, symbol=SYMBOL, order_id=told.order_id)
                models(read)
                assert (read.status, read.client_order_id) == (status, told.client_order_id)
                models(await ask(rest.order_test, **order, compute_commission_rates=True))
            models(await ask(rest.delete_open_orders, symbol=SYMBOL))
            assert await ask(rest.get_open_orders, symbol=SYMBOL) == []
            quiet(caplog)

    run(go())


def test_an_order_is_amended_replaced_and_canceled_over_rest(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with traded() as b:
            rest = client(b).rest_api
            order = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT_MAKER", "quantity": 0.01, "price": 2990.0}
            first = await ask(rest.new_order, **order)
            amended = await ask(rest.order_amend_keep_priority, symbol=SYMBOL, order_id=first.order_id, new_qty=0.006)
            models(amended)
            assert amended.amended_order.qty == "0.00600000"
            amendments = await ask(rest.order_amendments, symbol=SYMBOL, order_id=first.order_id)
            models(amendments)
            assert [(one.orig_qty, one.new_qty) for one in amendments] == [("0.01000000", "0.00600000")]
            replaced = await ask(
                rest.order_cancel_replace,
                **order,
                cancel_replace_mode="STOP_ON_FAILURE",
                cancel_order_id=first.order_id,
            )
            models(replaced)
            assert (replaced.cancel_result, replaced.new_order_result) == ("SUCCESS", "SUCCESS")
            canceled = await ask(rest.delete_order, symbol=SYMBOL, order_id=replaced.new_order_response.order_id)
            models(canceled)
            assert canceled.status == "CANCELED"
            quiet(caplog)

    run(go())


def test_order_lists_over_rest(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with traded() as b:
            rest = client(b).rest_api
            oco = await ask(
                rest.order_list_oco,
                symbol=SYMBOL,
                side="SELL",
                quantity=0.01,
                above_type="LIMIT_MAKER",
                above_price=3100.0,
                below_type="STOP_LOSS_LIMIT",
                below_stop_price=2950.0,
                below_price=2940.0,
                below_time_in_force="GTC",
                new_order_resp_type="RESULT",
            )
            models(oco)
            assert (oco.contingency_type, oco.list_order_status, len(oco.orders)) == ("OCO", "EXECUTING", 2)
            models(await ask(rest.get_order_list, order_list_id=oco.order_list_id))
            models(await ask(rest.open_order_list))
            canceled = await ask(rest.delete_order_list, symbol=SYMBOL, order_list_id=oco.order_list_id)
            models(canceled)
            assert canceled.list_order_status == "ALL_DONE"
            models(await ask(rest.all_order_list))
            quiet(caplog)

    run(go())


def test_the_account_over_rest(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with traded() as b:
            rest = client(b).rest_api
            await ask(rest.new_order, symbol=SYMBOL, side="BUY", type="LIMIT_MAKER", quantity=0.01, price=2990.0)
            for name, parameters in ACCOUNT:
                models(await ask(getattr(rest, name), **parameters))
            quiet(caplog)

    run(go())


def test_limits_are_told_with_every_answer() -> None:
    async def go() -> None:
        async with traded() as b:
            rest = client(b).rest_api
            answer = await asyncio.to_thread(
                rest.new_order, symbol=SYMBOL, side="BUY", type="LIMIT_MAKER", quantity=0.01, price=2990.0
            )
            told = {(one.rateLimitType, one.interval, one.intervalNum): one.count for one in answer.rate_limits}
            # The market order was filled, so it counts no more.
            assert told[("ORDERS", "SECOND", 10)] == told[("ORDERS", "DAY", 1)] == 1
            assert ("REQUEST_WEIGHT", "MINUTE", 1) in told

    run(go())


def test_refusals_are_raised_as_its_classes() -> None:
    async def go() -> None:
        async with traded(ServerOptions(weight_per_minute=100)) as b:
            rest = client(b).rest_api
            order = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT_MAKER", "quantity": 0.01, "price": 2990.0}
            for changes, code in (
                ({"price": 3001.0}, -2010),
                ({"quantity": 100}, -2010),
                ({"price": 2990.001}, -1013),
                ({"quantity": 0.00001}, -1100),  # the SDK writes 1e-05
                ({"type": "LIMIT"}, -1102),
                ({"symbol": "NOPE"}, -1121),
            ):
                with pytest.raises(BadRequestError) as refused:
                    await ask(rest.new_order, **{**order, **changes})
                assert refused.value.status_code == code, changes
                assert refused.value.error_message
            with pytest.raises(BadRequestError) as unknown:
                await ask(rest.delete_order, symbol=SYMBOL, order_id=999)
            assert unknown.value.status_code == -2011
            with pytest.raises(UnauthorizedError) as stranger:
                await ask(client(b, key="X" * 64).rest_api.account_commission, symbol=SYMBOL)
            assert stranger.value.status_code == -2015
            with pytest.raises(BadRequestError) as forged:
                await ask(client(b, secret="wrong").rest_api.account_commission, symbol=SYMBOL)
            assert forged.value.status_code == -1022
            with pytest.raises(NotFoundError):  # smart order routing is not served
                await ask(rest.sor_order, symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.01)
            with pytest.raises(TooManyRequestsError) as limited:
                await asyncio.gather(*(ask(rest.get_account) for _ in range(6)))
            assert limited.value.status_code == -1003
            assert (limited.value.retry_after or 0) > 0

    run(go())


# --- WebSocket API ------------------------------------------------------------------------

WEBSOCKET_MARKET: list[tuple[str, dict[str, Any]]] = [
    ("ping", {}),
    ("time", {}),
    ("exchange_info", {"symbol": SYMBOL}),
    ("exchange_info", {"symbols": PAIR}),
    ("execution_rules", {"symbol": SYMBOL}),
    ("depth", {"symbol": SYMBOL, "limit": 5}),
    ("trades_recent", {"symbol": SYMBOL}),
    ("trades_historical", {"symbol": SYMBOL}),
    ("trades_aggregate", {"symbol": SYMBOL}),
    ("klines", {"symbol": SYMBOL, "interval": "1m"}),
    ("ui_klines", {"symbol": SYMBOL, "interval": "1m"}),
    ("avg_price", {"symbol": SYMBOL}),
    ("ticker24hr", {"symbol": SYMBOL}),
    ("ticker_trading_day", {"symbol": SYMBOL}),
    ("ticker", {"symbol": SYMBOL, "window_size": "1d"}),
    ("ticker_price", {"symbol": SYMBOL}),
    ("ticker_book", {"symbol": SYMBOL}),
]
WEBSOCKET_ACCOUNT: list[tuple[str, dict[str, Any]]] = [
    ("account_status", {}),
    ("account_status", {"omit_zero_balances": True}),
    ("account_commission", {"symbol": SYMBOL}),
    ("account_rate_limits_orders", {}),
    ("open_orders_status", {"symbol": SYMBOL}),
    ("all_orders", {"symbol": SYMBOL}),
    ("my_trades", {"symbol": SYMBOL}),
    ("my_filters", {"symbol": SYMBOL}),
    ("my_prevented_matches", {"symbol": SYMBOL, "prevented_match_id": 1}),
    ("my_allocations", {"symbol": SYMBOL}),
    ("all_order_lists", {}),
    ("open_order_lists_status", {}),
    ("session_status", {}),
    ("session_subscriptions", {}),
]


@contextlib.asynccontextmanager
async def websocket_api(b: Bench, **changes: Any) -> AsyncIterator[Any]:
    api = client(b, **changes).websocket_api
    await api.create_connection()
    try:
        yield api
    finally:
        await api.close_connection()
        await asyncio.sleep(0)


def test_market_data_and_account_over_the_websocket_api(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with traded() as b, websocket_api(b) as api:
            for name, parameters in WEBSOCKET_MARKET + WEBSOCKET_ACCOUNT:
                answer = await getattr(api, name)(**parameters)
                told = answer.data()
                if name not in {"exchange_info", "my_filters"}:  # the SDK has the envelope of these wrong
                    models(told)
                    assert getattr(told, "actual_instance", told).status == 200, name
                assert {one.rateLimitType for one in answer.rate_limits} >= {"REQUEST_WEIGHT"}, name
            quiet(caplog)

    run(go())


def test_orders_over_the_websocket_api(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with traded() as b, websocket_api(b) as api:
            order = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT_MAKER", "quantity": 0.01, "price": 2990.0}
            models((await api.order_test(**order)).data())
            placed = (await api.order_place(**order, new_order_resp_type="FULL")).data()
            models(placed)
            number = placed.result.order_id
            models((await api.order_status(symbol=SYMBOL, order_id=number)).data())
            amended = (await api.order_amend_keep_priority(symbol=SYMBOL, order_id=number, new_qty=0.006)).data()
            models(amended)
            replaced = (
                await api.order_cancel_replace(**order, cancel_replace_mode="STOP_ON_FAILURE", cancel_order_id=number)
            ).data()
            models(replaced)
            canceled = (
                await api.order_cancel(symbol=SYMBOL, order_id=replaced.result.new_order_response.order_id)
            ).data()
            models(canceled)
            market = (await api.order_place(symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.01)).data()
            models(market)
            assert market.result.fills[0].commission_asset == "ETH"
            oco = await api.order_list_place_oco(
                symbol=SYMBOL,
                side="SELL",
                quantity=0.01,
                above_type="LIMIT_MAKER",
                above_price=3100.0,
                below_type="STOP_LOSS",
                below_stop_price=2950.0,
            )
            models(oco.data())
            list_id = oco.data().result.order_list_id
            models((await api.order_list_status(order_list_id=list_id)).data())
            models((await api.order_list_cancel(symbol=SYMBOL, order_list_id=list_id)).data())
            await api.order_place(**order)
            models((await api.open_orders_cancel_all(symbol=SYMBOL)).data())
            quiet(caplog)

    run(go())


def test_refusals_over_the_websocket_api() -> None:
    async def go() -> None:
        async with traded() as b:
            async with websocket_api(b) as api:
                refused = (await api.order_cancel(symbol=SYMBOL, order_id=999)).data()
                assert refused == {"error": {"code": -2011, "msg": "Unknown order sent."}}
                logon = (await api.session_logon()).data()
                assert logon["error"]["code"] == -4056  # an HMAC key cannot log on
            async with websocket_api(b, secret="wrong") as api:
                with pytest.raises(ValueError, match="-1022"):
                    await api.user_data_stream_subscribe_signature()

    run(go())


def test_user_data_over_the_websocket_api(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with traded() as b, websocket_api(b) as api:
            events: list[Any] = []
            subscribed = await api.user_data_stream_subscribe_signature()
            subscribed.stream.on("message", events.append)
            models(subscribed.response.data())
            await b.place()
            await market(b)
            await until(lambda: len(events) == 5, "two orders, one of them filled")
            for event in events:
                models(event)
            kinds = [type(event.actual_instance) for event in events]
            assert sorted(kind.__name__ for kind in kinds) == ["ExecutionReport"] * 3 + ["OutboundAccountPosition"] * 2
            reports = [raw(e) for e in events if isinstance(e.actual_instance, ExecutionReport)]
            assert [(report["x"], report["X"]) for report in reports] == [
                ("NEW", "NEW"),
                ("NEW", "NEW"),
                ("TRADE", "FILLED"),
            ]
            last = [e for e in events if isinstance(e.actual_instance, OutboundAccountPosition)][-1]
            assert {one["a"] for one in raw(last)["B"]} >= {"ETH", "USDC"}
            listed = (await api.session_subscriptions()).data()
            assert [one.subscription_id for one in listed.result] == [0]
            await api.user_data_stream_unsubscribe(subscription_id=0)
            assert (await api.session_subscriptions()).data().result == []
            quiet(caplog)

    run(go())


@pytest.mark.parametrize("kind", ["RSA", "ED25519"])
def test_asymmetric_keys_sign_requests(kind: KeyType, caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with desk() as b:
            one = client(b, key=NAMES[kind], private_key=pair(kind)[0])
            models(await ask(one.rest_api.get_account))
            order = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT_MAKER", "quantity": 0.01, "price": 2990.0}
            models(await ask(one.rest_api.new_order, **order))
            api = one.websocket_api
            await api.create_connection()
            models((await api.open_orders_status(symbol=SYMBOL)).data())
            await api.close_connection()
            quiet(caplog)

    run(go())


def test_a_session_is_logged_on_with_ed25519(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with desk() as b:
            async with websocket_api(b, key=NAMES["ED25519"], private_key=pair("ED25519")[0]) as api:
                logon = (await api.session_logon()).data()
                models(logon)
                assert logon.result.api_key == NAMES["ED25519"]
                events: list[Any] = []
                subscribed = await api.user_data_stream_subscribe()
                subscribed.stream.on("message", events.append)
                # No key and no signature from here on.
                placed = await api.order_place(
                    symbol=SYMBOL, side="BUY", type="LIMIT_MAKER", quantity=0.01, price=2990.0
                )
                models(placed.data())
                await until(lambda: len(events) == 2, "the order and the balance")
                for event in events:
                    models(event)
                out = (await api.session_logout()).data()
                models(out)
                assert out.result.api_key is None
                refused = (await api.account_status()).data()
                models(refused)  # signed again
            quiet(caplog)

    run(go())


# --- market streams -----------------------------------------------------------------------

STREAMS: list[tuple[str, dict[str, Any]]] = [
    ("diff_book_depth", {"symbol": SYMBOL.lower(), "update_speed": "100ms"}),
    ("partial_book_depth", {"symbol": SYMBOL.lower(), "levels": "5", "update_speed": "100ms"}),
    ("trade", {"symbol": SYMBOL.lower()}),
    ("agg_trade", {"symbol": SYMBOL.lower()}),
    ("book_ticker", {"symbol": SYMBOL.lower()}),
    ("kline", {"symbol": SYMBOL.lower(), "interval": "1m"}),
    ("kline_offset", {"symbol": SYMBOL.lower(), "interval": "1h"}),
    ("ticker", {"symbol": SYMBOL.lower()}),
    ("mini_ticker", {"symbol": SYMBOL.lower()}),
    ("rolling_window_ticker", {"symbol": SYMBOL.lower(), "window_size": "1h"}),
    ("avg_price", {"symbol": SYMBOL.lower()}),
    ("all_mini_ticker", {}),
    ("all_market_rolling_window_ticker", {"window_size": "1h"}),
]


def test_every_market_stream_becomes_models(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with traded() as b:
            streams = client(b).websocket_streams
            await streams.create_connection()
            seen: dict[str, list[Any]] = {}
            handles: dict[str, Any] = {}
            # The SDK waits half a second before each request, and more than five a second end a connection.
            for pair in (STREAMS[first : first + 2] for first in range(0, len(STREAMS), 2)):
                opened = await asyncio.gather(*(getattr(streams, name)(**asked) for name, asked in pair))
                for (name, _), handle in zip(pair, opened, strict=True):
                    handles[name] = handle
                    handle.on("message", seen.setdefault(name, []).append)

            b.other_places("BUY", "2999.50", "0.1")
            await market(b)
            await until(lambda: all(seen.values()), f"all of {sorted(seen)}", seconds=15)
            for messages in seen.values():
                for message in messages:
                    models(message)
            listed = await streams.list_subscribe()
            assert len(listed["result"]) == len(STREAMS)
            await handles["ticker"].unsubscribe()
            listed = await streams.list_subscribe()
            assert len(listed["result"]) == len(STREAMS) - 1
            await streams.close_connection()
            await asyncio.sleep(0)
            quiet(caplog)

    run(go())
