"""Binance's documented answers and events (Spot API documentation, 2026), and ours compared with them."""

import json
from typing import Any

TICKER_WINDOW = """{"symbol": "BTCUSDT", "priceChange": "-83.13000000", "priceChangePercent": "-0.317",
 "weightedAvgPrice": "26234.58803036", "openPrice": "26304.80000000", "highPrice": "26397.46000000",
 "lowPrice": "26088.34000000", "lastPrice": "26221.67000000", "volume": "18495.35066000",
 "quoteVolume": "485217905.04210480", "openTime": 1695686400000, "closeTime": 1695772799999,
 "firstId": 3220151555, "lastId": 3220849281, "count": 697727}"""
TICKER_MINI = """{"symbol": "BTCUSDT", "openPrice": "26304.80000000", "highPrice": "26397.46000000",
 "lowPrice": "26088.34000000", "lastPrice": "26221.67000000", "volume": "18495.35066000",
 "quoteVolume": "485217905.04210480", "openTime": 1695686400000, "closeTime": 1695772799999,
 "firstId": 3220151555, "lastId": 3220849281, "count": 697727}"""
KLINES = """[[1499040000000, "0.01634790", "0.80000000", "0.01575800", "0.01577100", "148976.11427815", 1499644799999,
 "2434.19055334", 308, "1756.87402397", "28.46694368", "0"]]"""
TRADES = """[{"id": 28457, "price": "4.00000100", "qty": "12.00000000", "quoteQty": "48.000012", "time": 1499865549590,
 "isBuyerMaker": true, "isBestMatch": true}]"""

REST: dict[str, str] = {
    "ping": "{}",
    "time": '{"serverTime": 1499827319559}',
    "depth": '{"lastUpdateId": 1027024, "bids": [["4.00000000", "431.00000000"]], "asks": [["4.00000200", "12.0"]]}',
    "trades": TRADES,
    "historicalTrades": TRADES,
    "aggTrades": """[{"a": 26129, "p": "0.01633102", "q": "4.70443515", "f": 27781, "l": 27781, "T": 1498793709153,
 "m": true, "M": true}]""",
    "klines": KLINES,
    "uiKlines": KLINES,
    "avgPrice": '{"mins": 5, "price": "9.35751834", "closeTime": 1694061154503}',
    "ticker/24hr": """{"symbol": "BNBBTC", "priceChange": "-94.99999800", "priceChangePercent": "-95.960",
 "weightedAvgPrice": "0.29628482", "prevClosePrice": "0.10002000", "lastPrice": "4.00000200", "lastQty": "200.0",
 "bidPrice": "4.00000000", "bidQty": "100.00000000", "askPrice": "4.00000200", "askQty": "100.00000000",
 "openPrice": "99.00000000", "highPrice": "100.00000000", "lowPrice": "0.10000000", "volume": "8913.30000000",
 "quoteVolume": "15.30000000", "openTime": 1499783499040, "closeTime": 1499869899040, "firstId": 28385,
 "lastId": 28460, "count": 76}""",
    "ticker/tradingDay": TICKER_WINDOW,
    "ticker": TICKER_WINDOW,
    "ticker/price": '{"symbol": "LTCBTC", "price": "4.00000200"}',
    "ticker/bookTicker": """{"symbol": "LTCBTC", "bidPrice": "4.00000000", "bidQty": "431.00000000",
 "askPrice": "4.00000200", "askQty": "9.00000000"}""",
}
"""Answers of public endpoints by path after /api/v3/."""

SYMBOL = """{"symbol": "ETHBTC", "status": "TRADING", "baseAsset": "ETH", "baseAssetPrecision": 8, "quoteAsset": "BTC",
 "quotePrecision": 8, "quoteAssetPrecision": 8, "baseCommissionPrecision": 8, "quoteCommissionPrecision": 8,
 "orderTypes": ["LIMIT"], "icebergAllowed": true, "ocoAllowed": true, "otoAllowed": true, "opoAllowed": true,
 "quoteOrderQtyMarketAllowed": true, "allowTrailingStop": false, "cancelReplaceAllowed": false, "amendAllowed": false,
 "pegInstructionsAllowed": true, "isSpotTradingAllowed": true, "isMarginTradingAllowed": true, "filters": [],
 "permissions": [], "permissionSets": [["SPOT"]], "defaultSelfTradePreventionMode": "NONE",
 "allowedSelfTradePreventionModes": ["NONE"]}"""

TICKER_STREAM = """{"e": "1hTicker", "E": 1672515782136, "s": "BNBBTC", "p": "0.0015", "P": "250.00", "o": "0.0010",
 "h": "0.0025", "l": "0.0010", "c": "0.0025", "w": "0.0018", "v": "10000", "q": "18", "O": 0, "C": 1675216573749,
 "F": 0, "L": 18150, "n": 18151}"""
MINI_STREAM = """{"e": "24hrMiniTicker", "E": 1672515782136, "s": "BNBBTC", "c": "0.0025", "o": "0.0010",
 "h": "0.0025", "l": "0.0010", "v": "10000", "q": "18"}"""
KLINE_STREAM = """{"e": "kline", "E": 1672515782136, "s": "BNBBTC", "k": {"t": 1672515780000, "T": 1672515839999,
 "s": "BNBBTC", "i": "1m", "f": 100, "L": 200, "o": "0.0010", "c": "0.0020", "h": "0.0025", "l": "0.0015", "v": "1000",
 "n": 100, "x": false, "q": "1.0000", "V": "500", "Q": "0.500", "B": "123456"}}"""
DEPTH_STREAM = """{"e": "depthUpdate", "E": 1672515782136, "s": "BNBBTC", "U": 157, "u": 160, "b": [["0.0024", "10"]],
 "a": [["0.0026", "100"]]}"""
PARTIAL_STREAM = '{"lastUpdateId": 160, "bids": [["0.0024", "10"]], "asks": [["0.0026", "100"]]}'

STREAMS: dict[str, str] = {
    "ethusdc@aggTrade": """{"e": "aggTrade", "E": 1672515782136, "s": "BNBBTC", "a": 12345, "p": "0.001", "q": "100",
 "f": 100, "l": 105, "T": 1672515782136, "m": true, "M": true}""",
    "ethusdc@trade": """{"e": "trade", "E": 1672515782136, "s": "BNBBTC", "t": 12345, "p": "0.001", "q": "100",
 "T": 1672515782136, "m": true, "M": true}""",
    "ethusdc@kline_1s": KLINE_STREAM,
    "ethusdc@kline_1m": KLINE_STREAM,
    "ethusdc@kline_1d@+08:00": KLINE_STREAM,
    "ethusdc@kline_1w": KLINE_STREAM,
    "ethusdc@kline_1M": KLINE_STREAM,
    "ethusdc@miniTicker": MINI_STREAM,
    "!miniTicker@arr": f"[{MINI_STREAM}]",
    "ethusdc@ticker": """{"e": "24hrTicker", "E": 1672515782136, "s": "BNBBTC", "p": "0.0015", "P": "250.00",
 "w": "0.0018", "x": "0.0009", "c": "0.0025", "Q": "10", "b": "0.0024", "B": "10", "a": "0.0026", "A": "100",
 "o": "0.0010", "h": "0.0025", "l": "0.0010", "v": "10000", "q": "18", "O": 0, "C": 86400000, "F": 0, "L": 18150,
 "n": 18151}""",
    "ethusdc@ticker_1h": TICKER_STREAM,
    "ethusdc@ticker_4h": TICKER_STREAM,
    "ethusdc@ticker_1d": TICKER_STREAM,
    "!ticker_1h@arr": f"[{TICKER_STREAM}]",
    "!ticker_4h@arr": f"[{TICKER_STREAM}]",
    "!ticker_1d@arr": f"[{TICKER_STREAM}]",
    "ethusdc@bookTicker": '{"u": 400900217, "s": "BNBUSDT", "b": "25.35190000", "B": "31.2", "a": "25.3", "A": "40.6"}',
    "ethusdc@avgPrice": """{"e": "avgPrice", "E": 1693907033000, "s": "BTCUSDT", "i": "5m", "w": "25776.86000000",
 "T": 1693907032213}""",
    "ethusdc@depth": DEPTH_STREAM,
    "ethusdc@depth@100ms": DEPTH_STREAM,
    "ethusdc@depth5": PARTIAL_STREAM,
    "ethusdc@depth10@100ms": PARTIAL_STREAM,
    "ethusdc@depth20@100ms": PARTIAL_STREAM,
}
"""Payloads of market streams by name."""


def same_shape(ours: Any, documented: str) -> None:
    """Fails unless ours has the documented keys in their order, and values of the same types, all the way down.

    A list's elements are each compared with the documented first one; a list of texts or numbers by position.
    """
    _same(ours, json.loads(documented), "")


def _same(ours: Any, theirs: Any, where: str) -> None:
    assert type(ours) is type(theirs), f"{where}: {ours!r} is no {type(theirs).__name__}"
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), f"{where}: {list(ours)} are not {list(theirs)}"
        for key, value in theirs.items():
            _same(ours[key], value, f"{where}.{key}")
    elif isinstance(theirs, list) and theirs:
        if isinstance(theirs[0], dict | list):
            assert ours, f"{where} is empty"
            for each in ours:
                _same(each, theirs[0], f"{where}[]")
        elif len(theirs) > 1:
            assert len(ours) == len(theirs), f"{where}: {ours} has not {len(theirs)} values"
            for number, value in enumerate(theirs):
                _same(ours[number], value, f"{where}[{number}]")
