"""Market streams over the running server: shapes as documented, aggregates, bars that close, depth without a gap."""

import asyncio
import itertools
import json
import random
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from mm.exchange.venue.views import NewOrder
from mm.exchange.venue_server.server import ServerOptions
from mm.exchange.venue_server.socket import SocketRules
from tests.integration.documented_shapes import STREAMS, same_shape
from tests.integration.test_venue_server_websocket import ask, stream
from tests.integration.venue_clients import SYMBOL, Bench, bench, run, wall_ms

STILL = ServerOptions(self_driven=False)


async def receive(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return json.loads(await asyncio.wait_for(socket.receive_str(), 10))


async def buy(b: Bench, size: str = "0.01") -> None:
    status, answer, _ = await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity=size)
    assert (status, answer["status"]) == (200, "FILLED"), answer


def test_every_stream_has_the_documented_shape_raw_and_combined() -> None:
    async def scene() -> None:
        async with bench(options=STILL) as b:
            combined = await stream(b, "/stream?streams=" + "/".join(STREAMS).replace("+", "%2B"))
            assert set((await ask(combined, method="LIST_SUBSCRIPTIONS", id=1))["result"]) == set(STREAMS)
            raw = {name: await stream(b, f"/ws/{name}") for name in ("ethusdc@kline_1m", "!miniTicker@arr")}
            b.other_places("BUY", "2990", "1")
            b.other_places("SELL", "3001", "1")
            await buy(b)
            for _ in range(20):
                b.server.streams.tick()
            missing = set(STREAMS)
            while missing:
                message = await receive(combined)
                assert list(message) == ["stream", "data"]
                same_shape(message["data"], STREAMS[message["stream"]])
                missing.discard(message["stream"])
            for name, socket in raw.items():
                same_shape(await receive(socket), STREAMS[name])

    run(scene())


def test_times_in_microseconds_where_they_are_asked_for() -> None:
    async def scene() -> None:
        async with bench(options=STILL) as b:
            names = "ethusdc@trade/ethusdc@kline_1m/ethusdc@ticker_1h/!miniTicker@arr"
            plain = await stream(b, f"/stream?streams={names}")
            fine = await stream(b, f"/stream?streams={names}&timeUnit=MICROSECOND")
            b.other_places("SELL", "3001", "1")
            await buy(b)
            for _ in range(20):
                b.server.streams.tick()
            times = {"trade": "ET", "1hTicker": "EOC", "24hrMiniTicker": "E", "kline": "E"}
            for _ in range(4):
                ours, theirs = (await receive(plain)), (await receive(fine))
                assert ours["stream"] == theirs["stream"]
                one, other = (
                    each["data"][0] if isinstance(each["data"], list) else each["data"] for each in (ours, theirs)
                )
                for key in times[one["e"]]:
                    assert other[key] == one[key] * 1000, (ours["stream"], key)
                if one["e"] == "kline":
                    assert other["k"]["t"] == one["k"]["t"] * 1000
                    assert one["k"]["n"] == other["k"]["n"]

    run(scene())


def test_a_taker_through_several_makers_is_one_aggregate_for_each_price() -> None:
    async def scene() -> None:
        async with bench(options=STILL) as b:
            socket = await stream(b, "/stream?streams=ethusdc@aggTrade/ethusdc@trade")
            for price, size in (("3000", "0.01"), ("3000", "0.02"), ("3001", "1")):
                b.other_places("SELL", price, size)
            await buy(b, "0.05")
            found = [await receive(socket) for _ in range(5)]
            trades = [each["data"] for each in found if each["stream"].endswith("@trade")]
            whole = [each["data"] for each in found if each["stream"].endswith("@aggTrade")]
            assert [each["q"] for each in trades] == ["0.01000000", "0.02000000", "0.02000000"]
            assert [(each["p"], each["q"], each["f"], each["l"]) for each in whole] == [
                ("3000.00000000", "0.03000000", trades[0]["t"], trades[1]["t"]),
                ("3001.00000000", "0.02000000", trades[2]["t"], trades[2]["t"]),
            ]
            _, asked, _ = await b.call("GET", "/api/v3/aggTrades", f"symbol={SYMBOL}")
            assert [each["a"] for each in asked] == [each["a"] for each in whole]

    run(scene())


def test_a_bar_is_told_once_more_when_it_has_closed() -> None:
    async def scene() -> None:
        clock = {"now": wall_ms() // 60_000 * 60_000 + 56_000}

        def now_ms() -> int:
            return clock["now"]

        async with bench(options=ServerOptions(self_driven=False, now_ms=now_ms), now_ms=now_ms) as b:
            socket = await stream(b, "/ws/ethusdc@kline_1m")
            other = await stream(b, "/ws/ethusdc@kline_1s")
            b.other_places("SELL", "3001", "1")
            now = NewOrder(symbol=SYMBOL, side="BUY", type="MARKET", quantity=Decimal("0.01"))
            b.venue.place(b.uid, now)
            for _ in range(40):
                clock["now"] += 100
                b.server.streams.tick()
            bars = [(await receive(socket))["k"] for _ in range(3)]
            assert [(bar["x"], bar["n"]) for bar in bars] == [(False, 1), (True, 1), (False, 0)]
            assert bars[0]["t"] == bars[1]["t"] == bars[2]["t"] - 60_000
            assert (bars[2]["o"], bars[2]["v"], bars[2]["f"]) == ("3001.00000000", "0.00000000", -1)
            seconds = [(await receive(other))["k"] for _ in range(7)]
            closed = [bar["t"] for bar in seconds if bar["x"]]
            assert closed == [closed[0] + 1000 * number for number in range(3)]

    run(scene())


@pytest.mark.parametrize("seed", [1, 2])
def test_a_book_kept_from_the_stream_is_the_venues_in_a_fast_market(seed: int) -> None:
    """Binance's own recipe: buffer, snapshot, discard, apply; several followers that come and go in between."""

    async def scene() -> None:
        rng = random.Random(seed)
        async with bench(options=STILL) as b:

            async def churn() -> None:
                for _ in range(rng.randrange(1, 30)):
                    middle = 3000 + rng.randrange(-50, 50) / 100
                    b.other_places(rng.choice(["BUY", "SELL"]), f"{middle:.2f}", f"{rng.randrange(20, 90) / 10000:.4f}")

            for _ in range(5):
                await churn()
                b.server.streams.tick()
            for name in ("ethusdc@depth@100ms", "ethusdc@depth"):
                socket = await stream(b, f"/ws/{name}")
                await churn()
                b.server.streams.tick()
                await churn()
                _, snapshot, _ = await b.call("GET", "/api/v3/depth", f"symbol={SYMBOL}&limit=5000")
                for _ in range(25):
                    await churn()
                    b.server.streams.tick()
                for _ in range(10):
                    b.server.streams.tick()  # the slow stream catches up
                book = {side: dict(snapshot[side]) for side in ("bids", "asks")}
                _, end, _ = await b.call("GET", "/api/v3/depth", f"symbol={SYMBOL}&limit=5000")
                events: list[Any] = []
                while not events or events[-1]["u"] < end["lastUpdateId"]:
                    events.append(await receive(socket))
                assert events[0]["U"] <= snapshot["lastUpdateId"] + 1
                for before, after in itertools.pairwise(events):
                    assert after["U"] == before["u"] + 1
                for event in events:
                    if event["u"] <= snapshot["lastUpdateId"]:
                        continue
                    for side, key in (("bids", "b"), ("asks", "a")):
                        for price, size in event[key]:
                            book[side].pop(price, None)
                            if float(size):
                                book[side][price] = size
                assert book == {side: dict(end[side]) for side in ("bids", "asks")}, f"seed {seed}"
                await socket.close()

    run(scene())


def test_only_changed_symbols_are_in_the_streams_of_the_whole_market() -> None:
    async def scene() -> None:
        async with bench(options=STILL) as b:
            socket = await stream(b, "/ws/!miniTicker@arr")
            b.other_places("SELL", "3001", "1")
            for expected in (1, 0, 1):
                if expected:
                    await buy(b)
                for _ in range(10):
                    b.server.streams.tick()
            first, second = await receive(socket), await receive(socket)
            assert [each["s"] for each in first] == [each["s"] for each in second] == [SYMBOL]
            assert (first[0]["v"], second[0]["v"]) == ("0.01000000", "0.02000000")

    run(scene())


def test_withdrawn_and_silent_streams_are_accepted_and_what_is_none_is_not() -> None:
    async def scene() -> None:
        patient = ServerOptions(self_driven=False, streams=SocketRules())
        async with bench(options=patient) as b:
            socket = await stream(b, "/ws")
            silent = ["!ticker@arr", "ethusdc@referencePrice", "ethusdc@blockTrade", "nosuch@trade"]
            assert await ask(socket, method="SUBSCRIBE", params=silent, id=1) == {"result": None, "id": 1}
            assert (await ask(socket, method="LIST_SUBSCRIPTIONS", id=2))["result"] == silent
            for name in (
                "ethusdc@kline_2m",
                "ethusdc@kline_1m@+09:00",
                "ethusdc@depth7",
                "!nothing@arr",
                "ETHUSDC@trade",
            ):
                assert (await ask(socket, method="SUBSCRIBE", params=[name], id="x"))["error"]["code"] == 2, name

    run(scene())


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ('{"method": "SUBSCRIBE", "params": ["ethusdc@trade"], "id": 1.5}', 2, "request ID"),
        ('{"method": "SUBSCRIBE", "params": ["ethusdc@trade"], "id": "a b"}', 2, "request ID"),
        ('{"method": "SUBSCRIBE", "params": [], "id": 1}', 2, "params"),
        ('{"method": "SUBSCRYBE", "params": ["ethusdc@trade"], "id": 1}', 2, "unknown variant `SUBSCRYBE`"),
        ('{"params": ["ethusdc@trade"], "id": 1}', 2, "missing field `method`"),
        ('{"method": "GET_PROPERTY", "params": [5], "id": 1}', 2, "property name must be a string"),
        ('{"method": "GET_PROPERTY", "id": 1}', 2, "property name must be a string"),
        ('{"method": "GET_PROPERTY", "params": ["colour"], "id": 1}', 0, "Unknown property"),
        ('{"method": "GET_PROPERTY", "params": ["combined", true], "id": 1}', 2, "too many parameters"),
        ('{"method": "SET_PROPERTY", "params": ["combined", 1], "id": 1}', 1, "expected Boolean"),
        ('{"method": "SET_PROPERTY", "params": ["combined"], "id": 1}', 1, "expected Boolean"),
        ('{"method": ', 3, "Invalid JSON: expected value at line 1 column"),
        ("[]", 2, "Invalid request"),
    ],
)
def test_a_wrong_request_is_refused_in_binances_words(text: str, code: int, part: str) -> None:
    async def scene() -> None:
        async with bench(options=STILL) as b:
            socket = await stream(b, "/ws")
            await socket.send_str(text)
            error = (await receive(socket))["error"]
            assert error["code"] == code
            assert part in error["msg"]
            assert (await ask(socket, method="LIST_SUBSCRIPTIONS", id="z9"))["result"] == []

    run(scene())


def test_the_form_of_events_changes_with_the_property() -> None:
    async def scene() -> None:
        async with bench(options=STILL) as b:
            socket = await stream(b, "/ws/ethusdc@bookTicker")
            assert (await ask(socket, method="GET_PROPERTY", params=["combined"], id=1))["result"] is False
            b.other_places("SELL", "3001", "1")
            assert "u" in await receive(socket)
            assert (await ask(socket, method="SET_PROPERTY", params=["combined", True], id=2))["result"] is None
            b.other_places("SELL", "3000.50", "1")
            assert (await receive(socket))["stream"] == "ethusdc@bookTicker"

    run(scene())
