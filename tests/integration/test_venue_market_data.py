"""Public market data over the running server: shapes as documented, parameters, errors, weights, several symbols."""

import random
from decimal import Decimal
from typing import Any

import pytest

from mm.exchange.venue.flow import Flow
from mm.exchange.venue.scenarios import SCENARIOS
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder
from mm.exchange.venue_server.server import ServerOptions
from tests.integration import documented_shapes
from tests.integration.documented_shapes import same_shape
from tests.integration.test_venue_server_websocket import api
from tests.integration.venue_clients import SYMBOL, Bench, bench, run, until, wall_ms

NEEDS = {"klines": "&interval=1m", "uiKlines": "&interval=1M", "ticker/tradingDay": "&timeZone=-3:30"}


async def trade_some(b: Bench) -> None:
    """One taker through two prices and two makers at the first, then a seller."""
    for price in ("3000", "3000", "3001", "3005"):
        b.other_places("SELL", price, "0.5")
    b.other_places("BUY", "2990", "1")
    status, answer, _ = await b.signed(
        "POST",
        "/api/v3/order",
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT",
        timeInForce="IOC",
        quantity="0.1",
        price="3001",
    )
    assert (status, answer["status"]) == (200, "FILLED")
    b.other_places("BUY", "3001", "1.2")
    await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.2")


async def get(b: Bench, path: str, query: str = "") -> Any:
    status, answer, _ = await b.call("GET", f"/api/v3/{path}", query)
    assert status == 200, (path, query, answer)
    return answer


def test_every_answer_has_the_documented_shape() -> None:
    async def scene() -> None:
        async with bench() as b:
            await trade_some(b)
            for path, documented in documented_shapes.REST.items():
                query = "" if path in {"ping", "time"} else f"symbol={SYMBOL}{NEEDS.get(path, '')}"
                same_shape(await get(b, path, query), documented)
            for path in ("ticker/24hr", "ticker/tradingDay", "ticker"):
                same_shape(await get(b, path, f"symbol={SYMBOL}&type=MINI"), documented_shapes.TICKER_MINI)
                many = await get(b, path, f'symbols=["{SYMBOL}","BTCUSDT"]')
                for each in many:
                    same_shape(each, documented_shapes.REST[path])
                assert [each["symbol"] for each in many] == [SYMBOL, "BTCUSDT"]
            listed = (await get(b, "exchangeInfo"))["symbols"]
            assert {each["symbol"] for each in listed} == set(default_symbols())
            for each in listed:
                each["orderTypes"] = each["allowedSelfTradePreventionModes"] = ["LIMIT"]
                each["filters"] = []
                same_shape(each, documented_shapes.SYMBOL)
            for path in ("ticker/24hr", "ticker/price", "ticker/bookTicker"):
                assert len(await get(b, path)) == len(listed)

    run(scene())


def test_the_websocket_api_answers_the_same() -> None:
    async def scene() -> None:
        async with bench() as b:
            await trade_some(b)
            line = await api(b)
            for method, path, more in (
                ("depth", "depth", {}),
                ("trades.recent", "trades", {}),
                ("trades.historical", "historicalTrades", {"fromId": 1}),
                ("trades.aggregate", "aggTrades", {"fromId": 1}),
                ("klines", "klines", {"interval": "1m"}),
                ("uiKlines", "uiKlines", {"interval": "1w"}),
                ("avgPrice", "avgPrice", {}),
                ("ticker.24hr", "ticker/24hr", {}),
                ("ticker.tradingDay", "ticker/tradingDay", {}),
                ("ticker", "ticker", {"windowSize": "7d"}),
                ("ticker.price", "ticker/price", {}),
                ("ticker.book", "ticker/bookTicker", {}),
            ):
                answer = await line.ask(method, {"symbol": SYMBOL, **more})
                assert answer["status"] == 200, answer
                same_shape(answer["result"], documented_shapes.REST[path])
            many = await line.ask("ticker", {"symbols": [SYMBOL, "SOLUSDC"], "type": "MINI"})
            assert [each["symbol"] for each in many["result"]] == [SYMBOL, "SOLUSDC"]
            info = await line.ask("exchangeInfo", {"permissions": ["SPOT"], "showPermissionSets": False})
            assert {str(each["permissionSets"]) for each in info["result"]["symbols"]} == {"[]"}
            assert (await line.ask("executionRules", {"symbol": SYMBOL}))["result"] == {
                "symbolRules": [{"symbol": SYMBOL, "rules": []}]
            }
            assert (await line.ask("referencePrice", {"symbol": SYMBOL}))["error"]["code"] == -2043
            assert (await line.ask("referencePrice.calculation", {"symbol": SYMBOL}))["error"]["code"] == -2043
            assert (await line.ask("blockTrades.historical", {"symbol": SYMBOL, "fromId": 1}))["result"] == []

    run(scene())


def test_trades_of_one_taker_at_one_price_are_one_aggregate() -> None:
    async def scene() -> None:
        async with bench() as b:
            for price, size in (("3000", "0.05"), ("3000", "0.05"), ("3001", "0.5")):
                b.other_places("SELL", price, size)
            for _ in range(2):
                await b.signed("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.15")
            trades = await get(b, "trades", f"symbol={SYMBOL}")
            assert [each["qty"] for each in trades] == ["0.05000000", "0.05000000", "0.05000000", "0.15000000"]
            ids = [each["id"] for each in trades]
            first, second, third = await get(b, "aggTrades", f"symbol={SYMBOL}")
            assert (first["q"], first["f"], first["l"]) == ("0.10000000", ids[0], ids[1])
            assert (second["p"], second["q"], second["f"], second["l"]) == (
                "3001.00000000",
                "0.05000000",
                ids[2],
                ids[2],
            )
            assert (third["p"], third["q"]) == ("3001.00000000", "0.15000000")
            assert [first["a"] + 1, first["a"] + 2] == [second["a"], third["a"]]

            async def ask(query: str) -> list[int]:
                return [each["a"] for each in await get(b, "aggTrades", f"symbol={SYMBOL}&{query}")]

            assert await ask(f"fromId={second['a']}&limit=1") == [second["a"]]
            assert await ask("limit=2") == [second["a"], third["a"]]
            assert await ask(f"startTime={first['T']}&limit=1") == [first["a"]]
            assert await ask(f"endTime={first['T'] - 1}") == []
            assert await ask(f"startTime={third['T'] + 1}") == []
            older = await get(b, "historicalTrades", f"symbol={SYMBOL}&fromId={ids[1]}&limit=2")
            assert [each["id"] for each in older] == ids[1:3]
            newest = await get(b, "historicalTrades", f"symbol={SYMBOL}&limit=2")
            assert [each["id"] for each in newest] == ids[2:]

    run(scene())


def test_statistics_of_a_day_a_window_and_a_trading_day() -> None:
    async def scene() -> None:
        now = wall_ms() // 86_400_000 * 86_400_000 + 20 * 3_600_000 + 30_500  # 20:00:30.5 UTC
        clock = {"now": now}
        options = ServerOptions(now_ms=lambda: clock["now"])
        async with bench(options=options, now_ms=lambda: clock["now"]) as b:
            for price, hours in (("3000", 25), ("3100", 3), ("3050", 0)):
                clock["now"] = now - hours * 3_600_000
                b.other_places("SELL", price, "0.1")
                _buy(b, price)
            day = await get(b, "ticker/24hr", f"symbol={SYMBOL}")
            assert (day["prevClosePrice"], day["openPrice"], day["lastPrice"]) == (
                "3000.00000000",
                "3100.00000000",
                "3050.00000000",
            )
            assert (day["priceChange"], day["priceChangePercent"], day["count"]) == ("-50.00000000", "-1.613", 2)
            assert (day["openTime"], day["closeTime"]) == (now - 86_400_000, now)
            hour = await get(b, "ticker", f"symbol={SYMBOL}&windowSize=1h")
            assert (hour["openTime"], hour["closeTime"]) == ((now - 3_600_000) // 60_000 * 60_000, now)
            assert (hour["count"], hour["volume"], hour["weightedAvgPrice"]) == (1, "0.10000000", "3050.00000000")
            week = await get(b, "ticker", f"symbol={SYMBOL}&windowSize=7d")
            assert (week["count"], week["highPrice"], week["lowPrice"]) == (3, "3100.00000000", "3000.00000000")
            start = now // 86_400_000 * 86_400_000
            today = await get(b, "ticker/tradingDay", f"symbol={SYMBOL}")
            assert (today["openTime"], today["closeTime"], today["count"]) == (start, start + 86_399_999, 2)
            there = await get(b, "ticker/tradingDay", f"symbol={SYMBOL}&timeZone=4")
            assert (there["openTime"], there["count"]) == (start + 20 * 3_600_000, 1)
            bars = await get(b, "klines", f"symbol={SYMBOL}&interval=1d&timeZone=4")
            assert [bar[8] for bar in bars] == [1, 1, 1]
            assert bars[-1][0] == start + 20 * 3_600_000
            hours = await get(b, "klines", f"symbol={SYMBOL}&interval=1h&startTime={now - 3 * 3_600_000}&limit=2")
            assert [bar[8] for bar in hours] == [0, 0], "an hour without trades is a flat bar"
            assert {tuple(bar[1:5]) for bar in hours} == {("3100.00000000",) * 4}

    run(scene())


def _buy(b: Bench, price: str) -> None:
    b.venue.place(
        b.uid,
        NewOrder(
            symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="IOC", quantity=Decimal("0.1"), price=Decimal(price)
        ),
    )


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("depth", "", -1102),
        ("depth", "symbol=NOPE", -1121),
        ("depth", "symbol=ETHUSDC&limit=0", -1130),
        ("depth", "symbol=ETHUSDC&limit=x", -1100),
        ("depth", "symbol=ETHUSDC&symbolStatus=HALT", -1220),
        ("depth", "symbol=ETHUSDC&symbolStatus=SOLD", -1122),
        ("trades", "symbol=ETHUSDC&fromId=1", -1101),
        ("historicalTrades", "symbol=ETHUSDC&fromId=-1", -1100),
        ("historicalBlockTrades", "symbol=ETHUSDC", -1102),
        ("aggTrades", "symbol=ETHUSDC&fromId=1&startTime=1", -1128),
        ("klines", "symbol=ETHUSDC", -1102),
        ("klines", "symbol=ETHUSDC&interval=1y", -1120),
        ("klines", "symbol=ETHUSDC&interval=1D", -1120),
        ("uiKlines", "symbol=ETHUSDC&interval=1m&timeZone=15", -1130),
        ("avgPrice", "", -1102),
        ("ticker/24hr", "symbol=ETHUSDC&type=TINY", -1139),
        ("ticker/24hr", "symbol=ETHUSDC&symbolStatus=BREAK", -1220),
        ("ticker/24hr", 'symbol=ETHUSDC&symbols=["ETHUSDC"]', -1128),
        ("ticker/24hr", 'symbols=["ETHUSDC","ETHUSDC"]', -1151),
        ("ticker/24hr", 'symbols=["ETHUSDC"', -1100),
        ("ticker/24hr", 'symbols=["NOPE"]', -1121),
        ("ticker", "", -1102),
        ("ticker", "symbol=ETHUSDC&windowSize=60m", -1130),
        ("ticker", "symbol=ETHUSDC&windowSize=8d", -1130),
        ("ticker", "symbol=ETHUSDC&windowSize=1d2h", -1130),
        ("ticker/tradingDay", "", -1102),
        ("ticker/tradingDay", "symbol=ETHUSDC&timeZone=Berlin", -1130),
        ("ticker/price", "symbol=ETHUSDC&limit=3", -1101),
        ("exchangeInfo", "symbol=ETHUSDC&permissions=SPOT", -1128),
        ("exchangeInfo", "symbol=ETHUSDC&symbolStatus=TRADING", -1128),
        ("exchangeInfo", "permissions=GOLD", -1130),
        ("exchangeInfo", "symbolStatus=SOLD", -1122),
        ("executionRules", "symbol=ETHUSDC&symbolStatus=TRADING", -1128),
        ("referencePrice", "symbol=ETHUSDC", -2043),
        ("referencePrice/calculation", "symbol=ETHUSDC", -2043),
    ],
)
def test_wrong_parameters(path: str, query: str, code: int) -> None:
    async def scene() -> None:
        async with bench() as b:
            status, answer, _ = await b.call("GET", f"/api/v3/{path}", query)
            assert (status, answer["code"]) == (400, code), answer

    run(scene())


def test_weights_by_parameters() -> None:
    async def scene() -> None:
        many = ",".join(f'"X{number}USDC"' for number in range(60))
        async with bench() as b:
            used = 0
            for path, query, weight in (
                ("exchangeInfo", "", 20),
                ("depth", f"symbol={SYMBOL}", 5),
                ("depth", f"symbol={SYMBOL}&limit=101", 25),
                ("depth", f"symbol={SYMBOL}&limit=1000", 50),
                ("depth", f"symbol={SYMBOL}&limit=9000", 250),
                ("trades", f"symbol={SYMBOL}", 25),
                ("historicalTrades", f"symbol={SYMBOL}", 25),
                ("aggTrades", f"symbol={SYMBOL}", 4),
                ("klines", f"symbol={SYMBOL}&interval=1m", 2),
                ("uiKlines", f"symbol={SYMBOL}&interval=1m", 2),
                ("avgPrice", f"symbol={SYMBOL}", 2),
                ("ticker/24hr", f"symbol={SYMBOL}", 2),
                ("ticker/24hr", 'symbols=["ETHUSDC"]', 2),
                ("ticker/24hr", f"symbols=[{many}]", 40),
                ("ticker/24hr", "", 80),
                ("ticker", 'symbols=["ETHUSDC","BTCUSDC"]', 8),
                ("ticker/tradingDay", f"symbols=[{many}]", 200),
                ("ticker/price", f"symbol={SYMBOL}", 2),
                ("ticker/bookTicker", "", 4),
                ("executionRules", f"symbol={SYMBOL}", 2),
            ):
                _, _, headers = await b.call("GET", f"/api/v3/{path}", query)
                assert int(headers["X-MBX-USED-WEIGHT-1M"]) == used + weight, (path, query)
                used += weight

    run(scene())


def test_status_filters_and_permissions() -> None:
    async def scene() -> None:
        async with bench() as b:
            b.venue.market("BTCUSDC").status = "HALT"
            halted = await get(b, "exchangeInfo", "symbolStatus=HALT")
            assert [each["symbol"] for each in halted["symbols"]] == ["BTCUSDC"]
            trading = await get(b, "ticker/price", "symbolStatus=TRADING")
            assert "BTCUSDC" not in {each["symbol"] for each in trading}
            assert (await get(b, "ticker/price", 'symbols=["BTCUSDC"]&symbolStatus=TRADING')) == []
            assert (await get(b, "depth", "symbol=BTCUSDC&symbolStatus=HALT"))["bids"] == []
            assert (await get(b, "exchangeInfo", 'permissions=["MARGIN","LEVERAGED"]'))["symbols"] == []
            assert (await get(b, "exchangeInfo", "permissions=SPOT"))["symbols"]

    run(scene())


def test_a_symbols_market_begins_when_somebody_looks_and_costs_nothing_before() -> None:
    async def scene() -> None:
        made: list[str] = []
        venues: list[Venue] = []

        def maker(symbol: str, price: str) -> Any:
            def make() -> Flow:
                made.append(symbol)
                rng = random.Random(f"1 {symbol}")
                return Flow(venues[0], symbol, SCENARIOS["ordinary"], rng, Decimal(price))

            return make

        others = {
            symbol: maker(symbol, price)
            for symbol, price in (("BTCUSDC", "65000"), ("SOLUSDC", "150"), ("BNBUSDC", "600"), ("NEXOUSDT", "1.2"))
        }
        async with bench(others=others) as b:
            venues.append(b.venue)
            await get(b, "exchangeInfo")
            await get(b, "depth", f"symbol={SYMBOL}")
            assert made == []
            assert (await get(b, "ticker/bookTicker", "symbol=BTCUSDC"))["bidPrice"] != "0.00000000"
            assert made == ["BTCUSDC"]
            begun = b.venue.depth("BTCUSDC").last_update_id
            await until(lambda: b.venue.depth("BTCUSDC").last_update_id > begun, "the market moves on")
            assert b.venue.depth("SOLUSDC").last_update_id == 0
            await get(b, "ticker/price", 'symbols=["SOLUSDC","BTCUSDC"]')
            assert made == ["BTCUSDC", "SOLUSDC"]
            socket = await b.session.ws_connect(f"ws://{b.host}/ws/bnbusdc@bookTicker")
            assert (await socket.receive_json())["s"] == "BNBUSDC"
            assert made == ["BTCUSDC", "SOLUSDC", "BNBUSDC"]
            assert (await get(b, "depth", "symbol=SOLUSDC"))["asks"]
            await get(b, "ticker/24hr")
            assert made[-1] == "NEXOUSDT"
            await socket.close()

    run(scene())
