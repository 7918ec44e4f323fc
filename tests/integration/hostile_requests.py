"""Requests as no client means them: wrong types, numbers beyond all bounds, odd texts; and good ones between them."""

import json
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

from mm.exchange.venue_server import account, market_data, sapi, trading
from mm.exchange.venue_server.endpoint import Endpoint
from tests.integration.venue_clients import KEY, SYMBOL, signature, wall_ms

REST: Mapping[tuple[str, str], Endpoint] = market_data.REST | trading.REST | account.REST | sapi.REST
METHODS: Mapping[str, Endpoint] = market_data.WEBSOCKET | trading.WEBSOCKET | account.WEBSOCKET
SESSION = (
    "userDataStream.subscribe.signature",
    "userDataStream.subscribe",
    "userDataStream.unsubscribe",
    "session.logon",
    "session.logout",
    "session.status",
    "session.subscriptions",
)
TEXTS = (
    "",
    " ",
    "0",
    "-0",
    "-1",
    "1.",
    ".5",
    "1e308",
    "1e-400",
    "NaN",
    "Infinity",
    "-Infinity",
    "null",
    "true",
    "9" * 20,
    "9" * 21,
    str((1 << 63) - 1),
    str(1 << 63),
    "999999999999999",
    "9999999999.99999999",
    "0." + "0" * 19 + "1",
    "٣",
    "１２",
    "1\n",
    "ETHUSDC\n",
    "ethusdc",
    "A" * 21,
    "x" * 5000,
    "\x00",
    "'; DROP TABLE orders; --",
    "../../etc/passwd",
    "%",
    "%%",
    "%zz",
    "é",
    "\U0001f600",
    '["ETHUSDC"]',
    '["ETHUSDC","ETHUSDC"]',
    "[" * 500,
    "{}",
    "[]",
    "0x10",
    "1_000",
    "+1",
    "12:00",
    "-12:30",
)
JSON_VALUES: tuple[Any, ...] = (
    *TEXTS,
    None,
    True,
    False,
    0,
    -1,
    10**30,
    -(10**30),
    1.5,
    1e308,
    [],
    {},
    [1, [2, [3]]],
    {"a": {"b": []}},
    ["ETHUSDC"],
    [None],
)
RAW = (
    "",
    "null",
    "[]",
    "1",
    '"text"',
    "{",
    '{"id":1}',
    '{"id":1,"method":null}',
    '{"id":1,"method":["ping"]}',
    '{"id":{},"method":"ping"}',
    '{"id":1e999,"method":"ping"}',
    '{"id":' + "9" * 40 + ',"method":"ping"}',
    '{"id":' + "9" * 5000 + ',"method":"ping"}',
    '{"id":"\\ud800","method":"ping"}',
    '{"id":"\\ud800\\udc00","method":"ping"}',
    '{"id":1,"method":"\\udfff"}',
    '{"id":1,"method":"order.place","params":[1,2]}',
    '{"id":1,"method":"order.place","params":"x"}',
    '{"id":1,"method":"ping","params":{"returnRateLimits":"perhaps"}}',
    '{"id":1,"method":"account.status","params":{"apiKey":"\\ud800","signature":"\\udfff","timestamp":1}}',
    '{"id":1,"id":2,"method":"ping","method":"time"}',
    "[" * 20_000,
    '{"id":1,"method":"ping","params":' + '{"a":' * 3000 + "1" + "}" * 3000 + "}",
    '{"id":NaN,"method":"ping"}',
    "x" * 100_000,
    "\ufeff{}",
)
STREAM_RAW = (
    *RAW,
    '{"method":"SUBSCRIBE","params":["ethusdc@trade"],"id":1}',
    '{"method":"SUBSCRIBE","params":["ethusdc@depth@100ms","!miniTicker@arr"],"id":null}',
    '{"method":"SUBSCRIBE","params":[null,1,{},[]],"id":1}',
    '{"method":"SUBSCRIBE","params":{"a":1},"id":1}',
    '{"method":"SUBSCRIBE","params":["ethusdc@kline_9s"],"id":1}',
    '{"method":"SUBSCRIBE","params":["ethusdc@trade\\n"],"id":1}',
    '{"method":"SUBSCRIBE","params":[' + ",".join(f'"s{n}@trade"' for n in range(1100)) + '],"id":1}',
    '{"method":"UNSUBSCRIBE","params":["nosuch@trade"],"id":-1}',
    '{"method":"SET_PROPERTY","params":["combined",1],"id":1}',
    '{"method":"SET_PROPERTY","params":["combined",true],"id":1}',
    '{"method":"GET_PROPERTY","params":[],"id":1}',
    '{"method":"LIST_SUBSCRIPTIONS","id":18446744073709551616}',
    '{"method":["SUBSCRIBE"],"id":1}',
)


class Hostile:
    """Everything follows from `rng`."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.order_ids = [1]

    def good(self, name: str) -> str:  # noqa: PLR0911 - a table of kinds of values
        """A value that the parameter might well have."""
        rng = self.rng
        low = name.lower()
        if low.endswith("symbol"):
            return rng.choice([SYMBOL, SYMBOL, SYMBOL, "BTCUSDC", "NOSUCH"])
        if low.endswith("price"):
            return f"{rng.randint(2940, 3060)}.{rng.choice(['00', '50', '01', '005'])}"
        if low.endswith(("quantity", "newqty", "icebergqty")):
            return f"{rng.choice([0.002, 0.01, 0.0173, 0.05, 0.5])}"
        if low.endswith("orderid") and "client" not in low:
            return str(rng.choice(self.order_ids[-20:]))
        if "clientorderid" in low:
            return f"id-{rng.randrange(12)}"
        if low.endswith(("time", "timestamp")):
            return str(wall_ms() - rng.choice([0, 1000, 10**6, 10**9]))
        known = {
            "side": ["BUY", "SELL"],
            "type": ["LIMIT", "LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"],
            "abovetype": ["STOP_LOSS_LIMIT", "STOP_LOSS", "LIMIT_MAKER", "TAKE_PROFIT"],
            "belowtype": ["STOP_LOSS_LIMIT", "STOP_LOSS", "LIMIT_MAKER", "TAKE_PROFIT_LIMIT"],
            "timeinforce": ["GTC", "GTC", "IOC", "FOK"],
            "quoteorderqty": ["10", "50", "5.00000001"],
            "neworderresptype": ["ACK", "RESULT", "FULL"],
            "selftradepreventionmode": ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"],
            "cancelreplacemode": ["STOP_ON_FAILURE", "ALLOW_FAILURE"],
            "cancelrestrictions": ["ONLY_NEW", "ONLY_PARTIALLY_FILLED"],
            "orderratelimitexceededmode": ["DO_NOTHING", "CANCEL_ONLY"],
            "limit": ["1", "5", "1000", "5000"],
            "interval": ["1s", "1m", "1h", "3d", "1w", "1M"],
            "timezone": ["0", "8", "-1:00", "05:45"],
            "windowsize": ["1m", "59m", "7d"],
            "symbols": ['["ETHUSDC","BTCUSDC"]', '["ETHUSDC"]'],
            "spotbnbburn": ["true", "false"],
        }
        kinds = [values for key, values in known.items() if low.endswith(key)]
        return rng.choice(kinds[-1]) if kinds else str(rng.randrange(1, 200))

    def needed(self, takes: frozenset[str]) -> list[str]:
        """Some of the parameters, those of a plain order more often than the rest."""
        often = {"symbol", "side", "type", "quantity", "interval", "cancelReplaceMode", "orderId", "newQty"}
        rng = self.rng
        return [name for name in sorted(takes) if rng.random() < (0.93 if name in often else 0.3)]

    def values(self, endpoint: Endpoint) -> dict[str, str]:
        rng = self.rng
        found = {name: self.good(name) for name in self.needed(endpoint.takes)}
        if "type" in found:
            self._make_sense(found)
        if found and rng.random() < 0.35:
            found[rng.choice(list(found))] = rng.choice(TEXTS)
        if rng.random() < 0.05:
            found[rng.choice(["junk", "apiKey", "recvWindow", "timestamp", "é", ""])] = rng.choice(TEXTS)
        return found

    def _make_sense(self, found: dict[str, str]) -> None:
        """Mostly no more and no less than the order type takes."""
        if self.rng.random() < 0.15:
            return
        kind = found["type"]
        wants = {"timeInForce": kind.endswith("LIMIT"), "price": "LIMIT" in kind, "stopPrice": "_" in kind}
        wants["stopPrice"] &= kind != "LIMIT_MAKER"
        wants["quoteOrderQty"] = kind == "MARKET" and self.rng.random() < 0.3
        wants["quantity"] = not wants["quoteOrderQty"]
        wants["icebergQty"] = "LIMIT" in kind and self.rng.random() < 0.2
        wants |= dict.fromkeys(("trailingDelta", "pegPriceType", "pegOffsetType", "pegOffsetValue"), False)
        wants |= dict.fromkeys(("strategyId", "strategyType"), self.rng.random() < 0.1)
        for name, wanted in wants.items():
            if wanted:
                found[name] = self.good(name)
            else:
                found.pop(name, None)

    def rest(self) -> tuple[str, str, str, str | None, dict[str, str]]:
        """Method, path, query, body, headers."""
        rng = self.rng
        (method, path), endpoint = rng.choice(list(REST.items()))
        if rng.random() < 0.4:
            method, path = "POST", "/api/v3/order"
            endpoint = REST[method, path]
        if rng.random() < 0.03:
            method = rng.choice(["PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "POST"])
        sent = self.values(endpoint)
        if endpoint.is_signed:
            sent |= {"timestamp": str(wall_ms())}
        query = urlencode(sent)
        if sent and rng.random() < 0.05:
            name = rng.choice(list(sent))
            query += f"&{quote_plus(name)}={quote_plus(rng.choice(TEXTS))}"
        if rng.random() < 0.03:
            query += rng.choice(["&", "&&&", "&=", "&=x", "&a", "&%", "&signature=", "&symbol%00=1"])
        if endpoint.is_signed and rng.random() < 0.95:
            query += f"&signature={signature(query)}"
        headers = {"X-MBX-APIKEY": KEY if rng.random() < 0.95 else rng.choice(["", "x", "K" * 63, "é" * 64])}
        if rng.random() < 0.2:
            headers["X-MBX-TIME-UNIT"] = rng.choice(["MICROSECOND", "microsecond", "x"])
        in_body = method in {"POST", "PUT", "DELETE"} and rng.random() < 0.4
        kind = rng.choice(["application/x-www-form-urlencoded"] * 5 + ["application/json", "x/y", ";;"])
        if in_body:
            headers["Content-Type"] = kind
        return method, path, "" if in_body else query, query if in_body else None, headers

    def websocket(self) -> str:
        """A request over the WebSocket API."""
        rng = self.rng
        if rng.random() < 0.15:
            return rng.choice(RAW)
        method = rng.choice([*METHODS, *SESSION])
        endpoint = METHODS.get(method)
        params: dict[str, Any] = dict(self.values(endpoint)) if endpoint is not None else {}
        for name in params:
            if rng.random() < 0.1:
                params[name] = rng.choice(JSON_VALUES)
        if endpoint is None or endpoint.is_signed:
            params |= {"apiKey": KEY, "timestamp": wall_ms()}
            texts = {name: _signed_text(value) for name, value in params.items()}
            payload = "&".join(f"{name}={value}" for name, value in sorted(texts.items()))
            params["signature"] = signature(payload) if rng.random() < 0.95 else rng.choice(JSON_VALUES)
        request = {"id": rng.choice([1, "a", None, *([{}, [], True, 10**30] if rng.random() < 0.05 else [])])}
        return json.dumps({**request, "method": method, "params": params})


def _signed_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"))
    return "" if value is None else str(value)
