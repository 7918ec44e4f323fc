"""ccxt as a stranger writes it: synchronous, async and pro, with its own options; only the URLs are other ones.

(Without `fetchMarkets` ccxt asks the futures hosts as well, which no spot venue answers.)
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from tests.integration.venue_clients import KEY, SECRET, SYMBOL, Bench, bench, run, until

MARKET = "ETH/USDC"


def plain(kind: Any, b: Bench) -> Any:
    exchange = kind({"apiKey": KEY, "secret": SECRET, "options": {"fetchMarkets": {"types": ["spot"]}}})
    api = exchange.urls["api"]
    api["public"] = api["private"] = f"http://{b.host}/api/v3"
    api["sapi"] = f"http://{b.host}/sapi/v1"
    if "ws" in api:
        api["ws"]["spot"] = f"ws://{b.host}/stream"
        api["ws"]["ws-api"]["spot"] = f"ws://{b.host}/ws-api/v3"
    return exchange


@contextlib.asynccontextmanager
async def quoted() -> AsyncIterator[Bench]:
    async with bench() as b:
        b.other_places("BUY", "2999.00", "1")
        b.other_places("SELL", "3001.00", "1")
        await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
        yield b


@contextlib.asynccontextmanager
async def opened(kind: Any) -> AsyncIterator[tuple[Bench, Any]]:
    async with quoted() as b:
        exchange = plain(kind, b)
        try:
            await exchange.load_markets()
            yield b, exchange
        finally:
            await exchange.close()


def test_reads_and_orders_synchronously() -> None:
    def trade(exchange: Any) -> None:
        market = exchange.load_markets()[MARKET]
        assert (market["spot"], market["precision"], market["limits"]["cost"]["min"]) == (
            True,
            {"amount": 0.0001, "price": 0.01, "base": 1e-08, "quote": 1e-08},
            5.0,
        )
        assert exchange.fetch_status()["status"] == "ok"
        assert exchange.fetch_currencies()["ETH"]["code"] == "ETH"
        assert exchange.fetch_ticker(MARKET)["last"] == 3001.0
        assert exchange.fetch_tickers([MARKET])[MARKET]["bid"] == 2999.0
        assert exchange.fetch_bids_asks([MARKET])[MARKET]["ask"] == 3001.0
        assert exchange.fetch_last_prices([MARKET])[MARKET]["price"] == 3001.0
        assert exchange.fetch_order_book(MARKET)["bids"] == [[2999.0, 1.0]]
        assert exchange.fetch_trades(MARKET)[-1]["amount"] == 0.01
        assert exchange.fetch_ohlcv(MARKET, "1s")[-1][1:5] == [3001.0] * 4
        assert exchange.fetch_trading_fee(MARKET)["maker"] == 0.001
        assert exchange.fetch_balance()["ETH"]["free"] == pytest.approx(1.00999)
        order = exchange.create_order(MARKET, "limit", "buy", 0.01, 2900)
        assert exchange.fetch_order(order["id"], MARKET)["status"] == "open"
        edited = exchange.edit_order(order["id"], MARKET, "limit", "buy", 0.01, 2910)
        assert [one["id"] for one in exchange.fetch_open_orders(MARKET)] == [edited["id"]]
        assert exchange.cancel_all_orders(MARKET)[0]["status"] == "canceled"
        assert exchange.create_order(MARKET, "market", "buy", 0.01)["status"] == "closed"
        assert exchange.create_market_buy_order_with_cost(MARKET, 30)["cost"] == pytest.approx(29.7, abs=0.31)
        assert exchange.create_order(MARKET, "limit", "buy", 0.01, 2900, {"postOnly": True})["id"]
        assert exchange.create_order(MARKET, "limit", "buy", 0.01, 2900, {"timeInForce": "IOC"})["status"] == "expired"
        assert exchange.create_order(MARKET, "limit", "sell", 0.01, 2800, {"stopLossPrice": 2850})["id"]
        assert exchange.create_order(MARKET, "market", "sell", 0.01, None, {"takeProfitPrice": 3300})["id"]
        exchange.cancel_all_orders(MARKET)
        closed = exchange.fetch_closed_orders(MARKET)
        canceled = exchange.fetch_canceled_orders(MARKET)
        assert (len(closed), len(canceled)) == (3, 5)
        assert len(exchange.fetch_my_trades(MARKET)) == 3
        with pytest.raises(ccxt.BadSymbol):
            exchange.public_get_depth({"symbol": "NOPE"})
        with pytest.raises(ccxt.InsufficientFunds):
            exchange.create_order(MARKET, "limit", "buy", 100, 2900)
        with pytest.raises(ccxt.OrderNotFound):
            exchange.cancel_order("999", MARKET)
        exchange.close()

    async def go() -> None:
        async with quoted() as b:
            await asyncio.to_thread(trade, plain(ccxt.binance, b))

    run(go())


def test_an_order_is_edited_asynchronously() -> None:
    async def go() -> None:
        async with opened(ccxt.async_support.binance) as (_, exchange):
            order = await exchange.create_order(MARKET, "limit", "buy", 0.01, 2900)
            edited = await exchange.edit_order(order["id"], MARKET, "limit", "buy", 0.02, 2910)
            assert (edited["amount"], edited["price"], edited["status"]) == (0.02, 2910.0, "open")
            assert (await exchange.fetch_order(order["id"], MARKET))["status"] == "canceled"
            # Stop on failure: the old order is gone, so no new one is placed.
            with pytest.raises(ccxt.BaseError):
                await exchange.edit_order(order["id"], MARKET, "limit", "buy", 0.02, 2905)
            assert [one["id"] for one in await exchange.fetch_open_orders(MARKET)] == [edited["id"]]

    run(go())


def test_the_market_is_watched() -> None:
    async def go() -> None:
        async with opened(ccxt.pro.binance) as (b, exchange):
            watching = {
                name: asyncio.create_task(getattr(exchange, name)(*asked))
                for name, asked in (
                    ("watch_order_book", (MARKET,)),
                    ("watch_trades", (MARKET,)),
                    ("watch_ohlcv", (MARKET, "1m")),
                    ("watch_ticker", (MARKET,)),
                    ("watch_bids_asks", ([MARKET],)),
                )
            }
            wanted = {"depth@100ms", "trade", "kline_1m", "miniTicker", "bookTicker"}
            await until(lambda: {f"ethusdc@{each}" for each in wanted} <= b.server.streams.names, "subscribed")
            b.other_places("BUY", "2999.50", "0.1")
            await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
            told = dict(zip(watching, await asyncio.gather(*watching.values()), strict=True))
            assert told["watch_order_book"]["bids"][0] == [2999.5, 0.1]
            assert (told["watch_trades"][-1]["price"], told["watch_trades"][-1]["amount"]) == (3001.0, 0.01)
            assert told["watch_ohlcv"][-1][4] == 3001.0
            assert told["watch_ticker"]["last"] == 3001.0
            assert told["watch_bids_asks"][MARKET]["ask"] == 3001.0

    run(go())


def test_orders_and_the_account_over_the_websocket_api() -> None:
    async def go() -> None:
        async with opened(ccxt.pro.binance) as (b, exchange):
            orders = asyncio.create_task(exchange.watch_orders(MARKET))
            trades = asyncio.create_task(exchange.watch_my_trades(MARKET))
            balance = asyncio.create_task(exchange.watch_balance())
            await until(lambda: b.server.user_data.listeners(b.uid) > 0, "subscribed to the account")
            order = await exchange.create_order_ws(MARKET, "limit", "buy", 0.01, 2900)
            assert (await orders)[0]["id"] == order["id"]
            assert (await balance)["USDC"]["used"] == 29.0
            edited = await exchange.edit_order_ws(order["id"], MARKET, "limit", "buy", 0.01, 2905)
            assert (await exchange.fetch_order_ws(edited["id"], MARKET))["price"] == 2905.0
            assert [one["id"] for one in await exchange.fetch_open_orders_ws(MARKET)] == [edited["id"]]
            # ccxt looks for the balances in the wrong field there; the answer has them.
            balances = {one["asset"]: one["locked"] for one in (await exchange.fetch_balance_ws())["info"]["balances"]}
            assert balances["USDC"] == "29.05000000"
            assert (await exchange.fetch_ohlcv_ws(MARKET, "1m"))[-1][4] == 3001.0
            assert (await exchange.cancel_order_ws(edited["id"], MARKET))["status"] == "canceled"
            await exchange.create_order_ws(MARKET, "market", "buy", 0.01)
            assert (await trades)[-1]["amount"] == 0.01
            assert len(await exchange.fetch_my_trades_ws(MARKET)) == 2
            with pytest.raises(ccxt.OrderNotFound):
                await exchange.cancel_order_ws(edited["id"], MARKET)

    run(go())
