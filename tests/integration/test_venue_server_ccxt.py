"""Unmodified ccxt and ccxt.pro over the server: orders, market data in sync, user events."""

import asyncio
import contextlib
import random
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import ccxt.async_support
import ccxt.pro
import pytest

from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder
from mm.exchange.venue_server.server import ServerOptions
from tests.integration.venue_clients import KEY, ORDER, SYMBOL, Bench, bench, run, until

MARKET = "ETH/USDC"


@contextlib.asynccontextmanager
async def client(b: Bench, kind: Any = ccxt.async_support.binance) -> AsyncIterator[Any]:
    exchange = kind(b.ccxt_config())
    try:
        yield exchange
    finally:
        await exchange.close()


class Shuffle:
    """Another trader who places and cancels at random on each step; many steps a tick make a fast market."""

    def __init__(self, seed: int, steps: int) -> None:
        sys.stdout.write(f"seed {seed}\n")
        self.rng = random.Random(seed)
        self.steps = steps
        self.venue: Venue | None = None
        self.uid = 0

    def advance(self, now_ms: int) -> None:
        del now_ms
        if self.venue is None:
            return
        for _ in range(self.steps):
            orders = self.venue.open_orders(self.uid)
            if len(orders) > 60:
                self.venue.cancel(self.uid, SYMBOL, order_id=self.rng.choice(orders).order_id)
                continue
            side = self.rng.choice(("BUY", "SELL"))
            price = Decimal(300_000 + self.rng.randint(-40, 10) * (1 if side == "BUY" else -1)) / 100
            self.venue.place(
                self.uid,
                NewOrder(
                    symbol=SYMBOL,
                    side=side,
                    type="LIMIT",
                    price=price,
                    quantity=Decimal(self.rng.randint(20, 2000)) / 10_000,
                    time_in_force="GTC",
                    self_trade="EXPIRE_MAKER",
                ),
            )


def test_rest_through_ccxt() -> None:
    async def scene() -> None:
        async with bench() as b, client(b) as exchange:
            markets = await exchange.load_markets()
            precision = markets[MARKET]["precision"]
            assert (precision["amount"], precision["price"]) == (0.0001, 0.01)
            raw = await exchange.private_post_order({**ORDER, "newClientOrderId": "mm-ccxt-1"})
            assert raw["clientOrderId"] == "mm-ccxt-1"
            (order,) = await exchange.fetch_open_orders(MARKET)
            assert (order["id"], order["price"], order["postOnly"]) == (str(raw["orderId"]), 2990.0, True)
            b.other_places("SELL", "2990", "0.01")
            (trade,) = await exchange.fetch_my_trades(MARKET)
            assert (trade["takerOrMaker"], trade["amount"], trade["fee"]["currency"]) == ("maker", 0.01, "ETH")
            balance = await exchange.fetch_balance()
            assert balance["ETH"]["free"] == pytest.approx(1.00999)
            assert balance["USDC"]["total"] == pytest.approx(970.1)
            second = await exchange.create_order(MARKET, "LIMIT", "sell", 0.01, 3100.0)
            assert (await exchange.cancel_order(second["id"], MARKET))["status"] == "canceled"
            with pytest.raises(ccxt.OrderNotFound):
                await exchange.cancel_order(second["id"], MARKET)
            with pytest.raises(ccxt.InsufficientFunds):
                await exchange.create_order(MARKET, "LIMIT", "buy", 100, 2900.0)
            b.other_places("SELL", "2990", "0.01")
            with pytest.raises(ccxt.OrderImmediatelyFillable):
                await exchange.create_order(MARKET, "LIMIT_MAKER", "buy", 0.01, 2995.0)
            assert (await exchange.fetch_order_book(MARKET))["asks"] == [[2990.0, 0.01]]
            assert await exchange.fetch_time() > 0
            assert (await exchange.sapi_get_system_status())["status"] == 0

    run(scene())


def test_order_book_stays_in_sync_in_a_fast_market() -> None:
    async def scene() -> None:
        flow = Shuffle(seed=7, steps=6)
        async with bench(flow) as b, client(b, ccxt.pro.binance) as exchange:
            flow.uid, flow.venue = b.other, b.venue
            await until(lambda: b.venue.book_ticker(SYMBOL).bid > 0, "a book")
            first = (await exchange.watch_order_book(MARKET, 1000))["nonce"]
            seen = 0
            while seen < 12:  # each returns after at least one diff; a gap would raise ChecksumError
                book = await exchange.watch_order_book(MARKET, 1000)
                seen += 1
            assert book["nonce"] > first + 100
            flow.venue = None  # the market stands still: the client's book must become the venue's
            b.other_places("BUY", "2000", "0.5")

            def equal() -> bool:
                view, ours = b.venue.depth(SYMBOL, 1000), exchange.orderbooks[MARKET]
                bids = [[float(price), float(size)] for price, size in view.bids]
                asks = [[float(price), float(size)] for price, size in view.asks]
                return bool(list(ours["bids"]) == bids and list(ours["asks"]) == asks)

            watcher = asyncio.create_task(exchange.watch_order_book(MARKET, 1000))
            await until(equal, "client's book equals the venue's")
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    run(scene())


def test_user_events_of_a_fill() -> None:
    async def scene() -> None:
        async with bench() as b, client(b, ccxt.pro.binance) as exchange:
            await exchange.load_markets()
            watchers = [
                asyncio.create_task(exchange.watch_orders(MARKET)),
                asyncio.create_task(exchange.watch_my_trades(MARKET)),
                asyncio.create_task(exchange.watch_balance()),
            ]
            await until(lambda: bool(b.server.user_data.listeners(b.uid)), "subscribed to user data")
            await exchange.create_order_ws(MARKET, "LIMIT_MAKER", "buy", 0.01, 2990.0, {"newClientOrderId": "mm-u-1"})
            orders = await watchers[0]
            assert orders[0]["info"]["x"] == "NEW"
            assert orders[0]["info"]["c"] == "mm-u-1"
            b.other_places("SELL", "2990", "0.004")
            (trade,) = await watchers[1]
            assert trade["info"]["c"] == "mm-u-1"
            assert trade["info"]["m"] is True
            assert (trade["info"]["n"], trade["info"]["N"]) == ("0.00000400", "ETH")
            balance = await watchers[2]
            assert balance["info"]["e"] == "outboundAccountPosition"
            (order,) = exchange.orders
            assert (order["status"], order["filled"]) == ("open", 0.004)
            gone = asyncio.create_task(exchange.watch_orders(MARKET))
            await exchange.cancel_order_ws(order["id"], MARKET)
            info = (await gone)[0]["info"]
            assert (info["x"], info["C"]) == ("CANCELED", "mm-u-1")

    run(scene())


def test_trades_tickers_and_bars_are_streamed() -> None:
    async def scene() -> None:
        async with bench() as b, client(b, ccxt.pro.binance) as exchange:
            await exchange.load_markets()
            wanted = {
                "trades": asyncio.create_task(exchange.watch_trades(MARKET)),
                "bidsasks": asyncio.create_task(exchange.watch_bids_asks([MARKET])),
                "ticker": asyncio.create_task(exchange.watch_ticker(MARKET)),
                "bars": asyncio.create_task(exchange.watch_ohlcv(MARKET, "1m")),
            }
            await until(lambda: len(b.server.streams.names) == len(wanted), "four streams")
            b.other_places("SELL", "3001", "1")
            await exchange.create_order(MARKET, "MARKET", "buy", 0.01)
            assert (await wanted["trades"])[0]["price"] == 3001.0
            assert (await wanted["bidsasks"])[MARKET]["ask"] == 3001.0
            assert (await wanted["ticker"])["last"] == 3001.0
            assert (await wanted["bars"])[0][4] == 3001.0

    run(scene())


def test_a_testnet_flavour_has_no_sapi() -> None:
    async def scene() -> None:
        async with bench(options=ServerOptions(flavour="testnet")) as b, client(b) as exchange:
            with pytest.raises(ccxt.BaseError, match="404"):
                await exchange.sapi_get_account_apirestrictions()
            assert (await exchange.private_get_account_commission({"symbol": SYMBOL}))["symbol"] == SYMBOL
            assert KEY not in repr(b.server.served)

    run(scene())
