"""Who may ask: keys of each type over REST and WebSocket, permissions, addresses, revocation, sessions, time units."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import pytest

from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server.api_key import ApiKey, KeyType, Permissions
from mm.exchange.venue_server.key_pair import make_key_pair
from mm.exchange.venue_server.keyring import Keyring
from mm.exchange.venue_server.server import ServerOptions, running_server
from mm.exchange.venue_server.signing import check_window
from tests.integration.venue_clients import ORDER, SYMBOL, Bench, run, signature, wall_ms

NAMES: dict[KeyType, str] = {"HMAC": "H" * 64, "RSA": "R" * 64, "ED25519": "E" * 64}
SECRET = "s" * 64
_PAIRS: dict[KeyType, tuple[str, str]] = {}


def pair(kind: KeyType) -> tuple[str, str]:
    """Private and public PEM; made once, an RSA pair takes long."""
    if kind == "HMAC":
        return SECRET, SECRET
    if kind not in _PAIRS:
        _PAIRS[kind] = make_key_pair(kind)
    return _PAIRS[kind]


def sign(kind: KeyType, payload: str) -> str:
    """As a client signs that knows nothing of the venue: with `cryptography` alone."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if kind == "HMAC":
        return signature(payload, SECRET)
    private = load_pem_private_key(pair(kind)[0].encode(), None)
    if isinstance(private, Ed25519PrivateKey):
        return base64.b64encode(private.sign(payload.encode())).decode()
    assert isinstance(private, RSAPrivateKey)
    return base64.b64encode(private.sign(payload.encode(), PKCS1v15(), SHA256())).decode()


class Desk(Bench):
    keyring: Keyring

    async def ask(self, kind: KeyType, method: str, path: str, **parameters: Any) -> tuple[int, Any]:
        query = urlencode({**parameters, "timestamp": wall_ms()})
        query += f"&signature={quote(sign(kind, query), safe='')}"
        status, answer, _ = await self.call(method, path, query, key=NAMES[kind])
        return status, answer


@contextlib.asynccontextmanager
async def desk(options: ServerOptions | None = None, **permissions: Permissions) -> AsyncIterator[Desk]:
    """A key of each type on one account; `other` holds a second account's HMAC key O…O."""
    venue = Venue(default_symbols(), wall_ms)
    fee = Decimal("0.001")
    own = venue.open_account({"USDC": Decimal(1000), "ETH": Decimal(1)}, fee, fee, "desk")
    other = venue.open_account({"USDC": Decimal(10_000), "ETH": Decimal(10)}, fee, fee, "other")
    may = permissions.get("may", Permissions())
    keys = [ApiKey(name, kind, pair(kind)[1], "desk", may) for kind, name in NAMES.items()]
    keyring = Keyring([*keys, ApiKey("O" * 64, "HMAC", SECRET, "other")])
    try:
        async with (
            running_server(venue, secrets=keyring, options=options) as server,
            aiohttp.ClientSession() as session,
        ):
            made = Desk(server, session, own.uid, other.uid)
            made.keyring = keyring
            yield made
    finally:
        venue.close()


class Line:
    """A WebSocket API connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[Any] = []
        self.number = 0

    async def ask(self, method: str, **parameters: Any) -> Any:
        self.number += 1
        return await self.say(json.dumps({"id": self.number, "method": method, "params": parameters}))

    async def say(self, text: str) -> Any:
        await self.socket.send_str(text)
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.receive_str(), 10))
            if "event" not in message:
                return message
            self.events.append(message)

    async def signed(self, kind: KeyType, method: str, name: str = "", **parameters: Any) -> Any:
        values = {**parameters, "apiKey": name or NAMES[kind], "timestamp": wall_ms()}
        texts = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}
        payload = "&".join(f"{key}={texts[key]}" for key in sorted(texts))
        return await self.ask(method, **values, signature=sign(kind, payload))


async def line(d: Desk, query: str = "") -> Line:
    return Line(await d.session.ws_connect(f"ws://{d.host}/ws-api/v3{query}"))


KINDS = pytest.mark.parametrize("kind", list(NAMES))


@KINDS
def test_a_key_of_each_type_signs_query_body_and_both(kind: KeyType) -> None:
    async def scene() -> None:
        async with desk() as d:
            stamp = f"timestamp={wall_ms()}"
            order = "&".join(f"{name}={value}" for name, value in ORDER.items())
            first, second = f"{stamp}&side=BUY&symbol={SYMBOL}", "type=LIMIT_MAKER&quantity=0.01&price=2990"
            text = f"{order}&{stamp}"
            one, both = (quote(sign(kind, each), safe="") for each in (text, first + second))
            for query, body in (
                (f"{text}&signature={one}", None),
                (f"signature={one}&{text}", None),
                ("", f"{text}&signature={one}"),
                (first, f"{second}&signature={both}"),
                (f"{first}&signature={both}", second),
            ):
                status, answer, _ = await d.call("POST", "/api/v3/order", query, body, NAMES[kind])
                assert status == 200, (query, body, answer)
            wrong = quote(sign(kind, text + "&x=1"), safe="")
            for bad in (wrong, "zz", "%C3%A9", one[:-6]):
                status, answer, _ = await d.call("POST", "/api/v3/order", f"{text}&signature={bad}", key=NAMES[kind])
                assert (status, answer) == (400, {"code": -1022, "msg": "Signature for this request is not valid."})
            assert len(d.venue.open_orders(d.uid)) == 5

    run(scene())


def test_signatures_know_letter_case_but_for_hmac_and_one_type_is_not_another() -> None:
    async def scene() -> None:
        async with desk() as d:
            text = f"timestamp={wall_ms()}"
            for kind, ok in (("HMAC", True), ("RSA", False), ("ED25519", False)):
                upper = quote(sign(kind, text).upper(), safe="")  # type: ignore[arg-type]  # the names of NAMES
                status, _, _ = await d.call(
                    "GET",
                    "/api/v3/account",
                    f"{text}&signature={upper}",
                    key=NAMES[kind],  # type: ignore[index]  # see above
                )
                assert (status == 200) is ok, kind
            crossed = quote(sign("RSA", text), safe="")
            status, answer, _ = await d.call("GET", "/api/v3/account", f"{text}&signature={crossed}", key="E" * 64)
            assert answer["code"] == -1022

    run(scene())


def test_documented_signatures_are_accepted() -> None:
    """The worked examples of Binance's documentation, ASCII and not."""
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    key = ApiKey("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", "HMAC", secret, "own")
    from mm.exchange.venue_server.parameters import Parameters
    from mm.exchange.venue_server.signing import Signatures

    signatures = Signatures(Keyring([key]))
    rest = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    for symbol, signed in (
        ("LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        (
            "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96",
            "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
        ),
    ):
        query = f"symbol={symbol}&{rest}&signature={signed}"
        signatures.check_rest(key, query, "", Parameters.parse(query), 1499827319560)
    values = {
        "symbol": "１２３４５６",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "1.00000000",
        "price": "0.10000000",
        "recvWindow": 5000,
        "timestamp": 1645423376532,
        "apiKey": key.api_key,
        "signature": "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
    }
    signatures.check_websocket(key, Parameters.of_json(values), 1645423376533)


@KINDS
def test_a_key_of_each_type_over_the_websocket_api(kind: KeyType) -> None:
    async def scene() -> None:
        async with desk() as d:
            api = await line(d)
            placed = await api.signed(kind, "order.place", **ORDER, newClientOrderId="mm-k-1")
            assert placed["status"] == 200, placed
            quiet = await api.signed(kind, "v3/openOrders.status", symbol=SYMBOL, returnRateLimits=False)
            assert [each["clientOrderId"] for each in quiet["result"]] == ["mm-k-1"]
            assert "rateLimits" not in quiet
            subscribed = await api.signed(kind, "userDataStream.subscribe.signature")
            assert subscribed["result"] == {"subscriptionId": 0}
            twice = await api.signed(kind, "userDataStream.subscribe.signature")
            assert twice["error"] == {"code": -2035, "msg": "User Data Stream subscription already active."}
            await d.ask(kind, "DELETE", "/api/v3/order", symbol=SYMBOL, origClientOrderId="mm-k-1")
            await api.ask("ping")
            assert [each["event"]["e"] for each in api.events] == ["executionReport", "outboundAccountPosition"]
            logon = await api.signed(kind, "session.logon")
            if kind == "ED25519":
                assert (logon["status"], logon["result"]["apiKey"]) == (200, NAMES[kind])
            else:
                name = "HMAC_SHA256" if kind == "HMAC" else "RSA"
                assert logon["error"] == {"code": -4056, "msg": f"{name} API key is not supported."}

    run(scene())


def test_a_session_that_has_logged_on_signs_no_more() -> None:
    async def scene() -> None:
        async with desk() as d:
            api = await line(d)
            refused = await api.ask("userDataStream.subscribe")
            assert (refused["status"], refused["error"]["code"]) == (401, -1002)
            assert (await api.ask("account.status", timestamp=wall_ms()))["error"]["code"] == -2014
            since = (await api.signed("ED25519", "session.logon"))["result"]["authorizedSince"]
            status = (await api.ask("session.status"))["result"]
            assert (status["apiKey"], status["authorizedSince"], status["userDataStream"]) == ("E" * 64, since, False)
            assert (await api.ask("order.place", **ORDER))["error"]["code"] == -1102, "a timestamp is still needed"
            late = await api.ask("order.place", **ORDER, timestamp=wall_ms() - 6000)
            assert late["error"]["code"] == -1021
            assert (await api.ask("order.place", **ORDER, timestamp=wall_ms()))["status"] == 200
            assert (await api.ask("userDataStream.subscribe"))["result"] == {"subscriptionId": 0}
            other = await api.signed("HMAC", "userDataStream.subscribe.signature", "O" * 64)
            assert other["result"] == {"subscriptionId": 1}
            mine = await api.signed("HMAC", "account.status", "O" * 64)
            assert mine["result"]["uid"] == d.other, "a request may name another key"
            listed = (await api.ask("session.subscriptions"))["result"]
            assert listed == [{"subscriptionId": 0}, {"subscriptionId": 1}]
            wrong = await api.ask("userDataStream.unsubscribe", subscriptionId=7)
            assert wrong["error"] == {"code": -2036, "msg": "User Data Stream subscription not active."}
            out = (await api.ask("session.logout"))["result"]
            assert (out["apiKey"], out["authorizedSince"], out["userDataStream"]) == (None, None, True)
            assert [(each["subscriptionId"], each["event"]["e"]) for each in api.events] == [
                (0, "eventStreamTerminated")
            ]
            assert (await api.ask("session.subscriptions"))["result"] == [{"subscriptionId": 1}]
            assert (await api.ask("account.status", timestamp=wall_ms()))["error"]["code"] == -2014
            await api.signed("ED25519", "session.logon")
            assert (await api.ask("userDataStream.subscribe"))["result"] == {"subscriptionId": 2}
            assert (await api.ask("userDataStream.unsubscribe", subscriptionId=2))["result"] == {}
            assert (await api.ask("session.logout"))["status"] == 200
            assert (await api.ask("session.subscriptions"))["result"] == [{"subscriptionId": 1}]

    run(scene())


def test_a_revoked_key_ends_its_session_and_is_refused_everywhere() -> None:
    async def scene() -> None:
        async with desk() as d:
            api = await line(d)
            await api.signed("ED25519", "session.logon")
            await api.ask("userDataStream.subscribe")
            d.keyring.revoke("E" * 64)
            gone = await api.ask("account.status", timestamp=wall_ms())
            assert (gone["id"], gone["status"]) == (None, 401)
            refusal = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
            assert gone["error"] == refusal
            assert (await api.ask("session.status"))["result"]["apiKey"] is None
            assert [each["event"]["e"] for each in api.events] == ["eventStreamTerminated"]
            assert await d.ask("ED25519", "GET", "/api/v3/account") == (401, refusal)
            assert (await api.signed("ED25519", "session.logon"))["error"] == refusal
            d.keyring.restore("E" * 64)
            assert (await d.ask("ED25519", "GET", "/api/v3/account"))[0] == 200

    run(scene())


@pytest.mark.parametrize(
    ("may", "reads", "trades"),
    [
        (Permissions(), True, True),
        (Permissions(trading=False), True, False),
        (Permissions(reading=False), False, True),
        (Permissions(addresses=("127.0.0.1",)), True, True),
        (Permissions(addresses=("10.0.0.0/8", "127.0.0.0/24")), True, True),
        (Permissions(addresses=("10.1.2.3",)), False, False),
    ],
)
def test_permissions_and_addresses_of_a_key(may: Permissions, *, reads: bool, trades: bool) -> None:
    async def scene() -> None:
        async with desk(may=may) as d:
            for method, path, parameters, needs_trade in (
                ("GET", "/api/v3/account", {}, False),
                ("GET", "/api/v3/openOrders", {"symbol": SYMBOL}, False),
                ("POST", "/api/v3/order", {**ORDER, "newClientOrderId": "p"}, True),
                ("POST", "/api/v3/order/test", ORDER, True),
                ("DELETE", "/api/v3/order", {"symbol": SYMBOL, "origClientOrderId": "p"}, True),
            ):
                status, answer = await d.ask("HMAC", method, path, **parameters)
                if trades if needs_trade else reads:
                    assert status == 200, (path, answer)
                else:
                    assert (status, answer["code"]) == (401, -2015), path
            status, told = await d.ask("HMAC", "GET", "/sapi/v1/account/apiRestrictions")
            assert (status == 200) is reads
            if reads:
                assert told["enableSpotAndMarginTrading"] is may.trading
                assert told["ipRestrict"] is bool(may.addresses)

    run(scene())


def test_every_signed_change_of_orders_needs_the_permission_to_trade() -> None:
    from mm.exchange.venue_server import trading
    from mm.exchange.venue_server.api_key import Security

    for (method, path), endpoint in trading.REST.items():
        wanted = Security.USER_DATA if method == "GET" else Security.TRADE
        assert endpoint.security is wanted, (method, path)


def test_several_keys_of_one_account_share_its_orders_and_its_count() -> None:
    async def scene() -> None:
        async with desk() as d:
            for kind in NAMES:
                assert (await d.ask(kind, "POST", "/api/v3/order", **ORDER))[0] == 200
            _, orders = await d.ask("RSA", "GET", "/api/v3/openOrders", symbol=SYMBOL)
            assert len(orders) == 3
            _, counts = await d.ask("HMAC", "GET", "/api/v3/rateLimit/order")
            assert [each["count"] for each in counts] == [3, 3]
            api = await line(d)
            other = await api.signed("HMAC", "account.rateLimits.orders", "O" * 64)
            assert [each["count"] for each in other["result"]] == [0, 0], "counted for each account on its own"

    run(scene())


def test_recv_window_is_checked_once_more_before_the_matching() -> None:
    """A clock that moves on between the two looks at it stands for a request that waits."""

    async def scene() -> None:
        now, step = wall_ms(), 0

        def clock() -> int:
            nonlocal now
            now += step
            return now

        async with desk(ServerOptions(now_ms=clock, self_driven=False)) as d:

            async def place(window: int) -> tuple[int, Any]:
                text = urlencode({**ORDER, "timestamp": now, "recvWindow": window})
                text += f"&signature={sign('HMAC', text)}"
                status, answer, _ = await d.call("POST", "/api/v3/order", text, key=NAMES["HMAC"])
                return status, answer

            step = 400
            status, answer = await place(1000)
            assert (status, answer["code"]) == (400, -1021)
            assert answer["msg"] == "Timestamp for this request is outside of the recvWindow."
            assert d.server.served.order_limit(d.uid).day.count == 1, "it counts as an unfilled order"
            assert not d.venue.open_orders(d.uid)
            step = 0
            assert (await place(1000))[0] == 200

    run(scene())


def test_the_second_check_alone() -> None:
    from mm.exchange.venue_server.api_error import ApiError
    from mm.exchange.venue_server.parameters import Parameters

    request = Parameters({"timestamp": "1700000000000500", "recvWindow": "10.250"})
    check_window(request, 1_700_000_000_010)
    with pytest.raises(ApiError, match="outside of the recvWindow"):
        check_window(request, 1_700_000_000_011)


def test_times_in_microseconds_on_demand() -> None:
    async def scene() -> None:
        async with desk() as d:

            async def get(path: str, unit: str | None, query: str = "") -> tuple[int, Any]:
                headers = {"X-MBX-TIME-UNIT": unit} if unit else {}
                url = f"http://{d.host}/api/v3/{path}?{query}"
                async with d.session.get(url, headers=headers) as answer:
                    return answer.status, await answer.json()

            for unit in ("MICROSECOND", "microsecond"):
                assert (await get("time", unit))[1]["serverTime"] > 10**15
            for default in ("MILLISECOND", None):
                assert (await get("time", default))[1]["serverTime"] < 10**14
            assert await get("time", "SECOND") == (
                400,
                {"code": -1194, "msg": "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."},
            )
            text = f"timestamp={wall_ms() * 1000 + 7}"
            status, _, _ = await d.call(
                "GET", "/api/v3/account", f"{text}&signature={sign('HMAC', text)}", key=NAMES["HMAC"]
            )
            assert status == 200, "timestamps may be microseconds"
            api = await line(d, "?timeUnit=MICROSECOND")
            assert (await api.ask("time"))["result"]["serverTime"] > 10**15
            await api.signed("HMAC", "userDataStream.subscribe.signature")
            placed = await api.signed("HMAC", "order.place", **ORDER)
            assert placed["result"]["transactTime"] > 10**15
            await api.ask("ping")
            report, position = (each["event"] for each in api.events)
            assert min(report[name] for name in "ETOW") > 10**15
            assert min(position["E"], position["u"]) > 10**15
            market = await d.session.ws_connect(f"ws://{d.host}/ws/ethusdc@trade?timeUnit=microsecond")
            d.other_places("SELL", "2990", "0.01")
            trade = json.loads(await asyncio.wait_for(market.receive_str(), 10))
            assert min(trade["E"], trade["T"]) > 10**15
            assert trade["t"] < 10**14
            status, refused, _ = await d.upgrade("/ws-api/v3?timeUnit=HOUR")
            assert (status, refused["code"]) == (400, -1194)

    run(scene())


def test_requests_that_are_none() -> None:
    async def scene() -> None:
        async with desk() as d:
            api = await line(d)
            for text, code in (
                ("{", -1135),
                ("[]", -1135),
                ('{"method":"ping"}', -1102),
                ('{"id":true,"method":"ping"}', -1135),
                ('{"id":{},"method":"ping"}', -1135),
            ):
                answer = await api.say(text)
                assert (answer["id"], answer["status"], answer["error"]["code"]) == (None, 400, code), text
            for text, code in (
                ('{"id":"a"}', -1102),
                ('{"id":"a","method":"order.fly"}', -1020),
                ('{"id":"a","method":"ping","params":[]}', -1135),
                ('{"id":"a","method":"ping","params":{"x":1}}', -1101),
            ):
                answer = await api.say(text)
                assert (answer["id"], answer["error"]["code"]) == ("a", code), text
            for number in ("null", "1", '"e2a85d9f"', "-9223372036854775808"):
                answer = await api.say(f'{{"id":{number},"method":"v3/ping"}}')
                assert (answer["id"], answer["result"]) == (json.loads(number), {})

    run(scene())


def test_the_query_wins_over_the_body_and_a_get_has_no_body() -> None:
    async def scene() -> None:
        async with desk() as d:
            query = urlencode({**ORDER, "newClientOrderId": "from-query", "timestamp": wall_ms()})
            body = "newClientOrderId=from-body&price=1"
            signed = sign("HMAC", query + body)
            status, answer, _ = await d.call(
                "POST", "/api/v3/order", f"{query}&signature={signed}", body, NAMES["HMAC"]
            )
            assert (status, answer["clientOrderId"]) == (200, "from-query")
            text = f"timestamp={wall_ms()}"
            text += f"&signature={sign('HMAC', text)}"
            status, answer, _ = await d.call("GET", "/api/v3/account", "", text, NAMES["HMAC"])
            assert (status, answer["code"]) == (400, -1102)

    run(scene())


def test_http_manners() -> None:
    async def scene() -> None:
        async with desk() as d:
            for number in range(200):
                d.other_places("BUY", str(2000 + number), "0.01")
            url = f"http://{d.host}/api/v3/depth?symbol={SYMBOL}&limit=500"
            for asked, got in (("gzip, deflate, br", "gzip"), ("identity", None)):
                async with d.session.get(url, headers={"Accept-Encoding": asked}) as answer:
                    assert answer.headers.get("Content-Encoding") == got
                    assert len((await answer.json())["bids"]) == 200
                    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
                    assert {"x-mbx-uuid", "Date", "X-MBX-USED-WEIGHT-1M"} <= {*answer.headers}
            async with d.session.head(f"http://{d.host}/api/v3/ping") as answer:
                assert (answer.status, await answer.read()) == (200, b"")
            async with d.session.options(f"http://{d.host}/api/v3/order") as answer:
                assert (answer.status, answer.headers["Allow"]) == (200, "DELETE, GET, HEAD, OPTIONS, POST")
            for method, path, status in (("GET", "/api/v3/nothing", 404), ("POST", "/api/v3/time", 405)):
                async with d.session.request(method, f"http://{d.host}{path}") as answer:
                    assert (answer.status, answer.content_type) == (status, "text/html")
                    assert str(status) in await answer.text()
            json_body = json.dumps({**ORDER, "timestamp": wall_ms()})
            async with d.session.post(
                f"http://{d.host}/api/v3/order",
                data=json_body,
                headers={"Content-Type": "application/json", "X-MBX-APIKEY": NAMES["HMAC"]},
            ) as answer:
                assert (await answer.json())["code"] == -1102, "a body that is no form holds no parameters"
            assert d.session.connector is not None
            assert sum(map(len, d.session.connector._conns.values())) == 1, "one connection, kept alive"

    run(scene())


def test_deposits_and_withdrawals_are_told_to_listeners() -> None:
    async def scene() -> None:
        async with desk() as d:
            api = await line(d)
            await api.signed("HMAC", "userDataStream.subscribe.signature")
            d.venue.deposit(d.uid, "USDC", Decimal("12.5"))
            d.venue.deposit(d.uid, "ETH", Decimal("-0.25"))
            await api.ask("ping")
            events = [each["event"] for each in api.events]
            assert [(each["a"], each["d"]) for each in events if each["e"] == "balanceUpdate"] == [
                ("USDC", "12.50000000"),
                ("ETH", "-0.25000000"),
            ]
            positions = [each["B"] for each in events if each["e"] == "outboundAccountPosition"]
            assert positions == [
                [{"a": "USDC", "f": "1012.50000000", "l": "0.00000000"}],
                [{"a": "ETH", "f": "0.75000000", "l": "0.00000000"}],
            ]
            refused: tuple[tuple[str, str], ...] = (
                ("ETH", "-0.76"),
                ("XYZ", "1"),
                ("ETH", "0"),
                ("ETH", "0.000000001"),
            )
            for asset, amount in refused:
                with pytest.raises(ValueError, match=r"free|list|zero|finer"):
                    d.venue.deposit(d.uid, asset, Decimal(amount))

    run(scene())


def test_the_sapi_parts() -> None:
    async def scene() -> None:
        async with desk() as d:
            for method, path in (
                ("GET", "/sapi/v1/account/status"),
                ("GET", "/sapi/v1/account/apiTradingStatus"),
                ("GET", "/sapi/v1/asset/tradeFee"),
                ("POST", "/sapi/v3/asset/getUserAsset"),
                ("GET", "/sapi/v1/capital/config/getall"),
            ):
                status, answer = await d.ask("ED25519", method, path)
                assert (status, bool(answer)) == (200, True), path
            coins = {each["coin"]: each for each in answer}
            assert coins["USDC"]["free"] == "1000.00000000"
            assert coins["USDC"]["networkList"][0]["coin"] == "USDC"
        async with desk(ServerOptions(flavour="testnet")) as d:
            assert (await d.ask("HMAC", "GET", "/sapi/v1/account/apiRestrictions"))[0] == 404
            assert (await d.ask("HMAC", "GET", "/api/v3/account"))[0] == 200

    run(scene())


@KINDS
def test_ccxt_with_a_key_of_each_type_and_its_default_of_fetching_currencies(kind: KeyType) -> None:
    async def scene() -> None:
        import ccxt.async_support as ccxt

        async with desk() as d:
            config = d.ccxt_config() | {"apiKey": NAMES[kind], "secret": pair(kind)[0]}
            config["options"] = config["options"] | {"fetchCurrencies": True}
            exchange = ccxt.binance(config)
            try:
                await exchange.load_markets()
                assert exchange.currencies["USDC"]["id"] == "USDC"
                placed = await exchange.create_order("ETH/USDC", "limit", "buy", 0.01, 2990)
                assert [each["id"] for each in await exchange.fetch_open_orders("ETH/USDC")] == [placed["id"]]
                assert (await exchange.fetch_status())["status"] == "ok"
                assert (await exchange.fetch_trading_fee("ETH/USDC"))["maker"] == 0.001
            finally:
                await exchange.close()

    run(scene())
