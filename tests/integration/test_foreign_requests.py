"""Raw requests as public clients send them, which once were answered otherwise than Binance does."""

import uuid

import pytest

from tests.integration.venue_clients import KEY, SYMBOL, bench, run


def test_a_stream_client_may_number_its_requests_with_uuids() -> None:
    async def go() -> None:
        async with bench() as b, b.session.ws_connect(f"ws://{b.host}/stream") as socket:
            number = str(uuid.uuid4())
            await socket.send_json({"method": "SUBSCRIBE", "params": ["ethusdc@trade"], "id": number})
            assert await socket.receive_json() == {"result": None, "id": number}

    run(go())


@pytest.mark.parametrize("path", ["margin/allPairs", "margin/isolated/allPairs"])
def test_a_client_that_asks_for_margin_pairs_before_all_else_finds_none(path: str) -> None:
    async def go() -> None:
        async with bench() as b:
            assert (await b.signed("GET", f"/sapi/v1/{path}"))[:2] == (200, [])
            assert (await b.call("GET", f"/sapi/v1/{path}", key=KEY))[:2] == (200, [])

    run(go())


def test_filters_and_allocations_of_the_account() -> None:
    async def go() -> None:
        async with bench() as b:
            status, mine, _ = await b.signed("GET", "/api/v3/myFilters", symbol=SYMBOL)
            _, info, _ = await b.call("GET", "/api/v3/exchangeInfo", f"symbol={SYMBOL}")
            counting = [one for one in info["symbols"][0]["filters"] if one["filterType"].startswith("MAX_NUM_")]
            assert (status, mine["symbolFilters"]) == (200, counting)
            assert (mine["exchangeFilters"], mine["assetFilters"]) == ([], [])
            assert (await b.signed("GET", "/api/v3/myAllocations", symbol=SYMBOL))[:2] == (200, [])
            for path in ("myFilters", "myAllocations"):
                status, refused, _ = await b.signed("GET", f"/api/v3/{path}", symbol="NOPE")
                assert (status, refused["code"]) == (400, -1121)

    run(go())


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_listen_keys_are_gone_as_on_binance(method: str) -> None:
    async def go() -> None:
        async with bench() as b:
            assert (await b.call(method, "/api/v3/userDataStream", key=KEY))[0] == 404
            async with b.session.ws_connect(f"ws://{b.host}/ws-api/v3") as socket:
                await socket.send_json({"id": 1, "method": "userDataStream.start", "params": {"apiKey": KEY}})
                assert (await socket.receive_json())["status"] == 400

    run(go())
