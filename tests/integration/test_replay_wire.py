"""A recording over the wire, its time faster than real: a plain client and ccxt.pro keep up without a gap."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mm.exchange.venue.replay import Replay
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server.server import ServerOptions, running_server
from scripts.depth_follower import Broken, DepthFollower
from scripts.replays import Pro
from tests.integration.venue_clients import run, until


@pytest.mark.parametrize(
    ("name", "symbol", "market", "faster"),
    [
        ("binance_spot_nexousdt_20240723.raw.gz", "NEXOUSDT", "NEXO/USDT", 20),
        ("binance_spot_ethusdt_20240808.raw.gz", "ETHUSDT", "ETH/USDT", 4),
    ],
)
def test_a_recording_is_followed_without_a_gap_or_a_crossed_book(
    shared_data: Path, name: str, symbol: str, market: str, faster: int
) -> None:
    began = time.time_ns() // 1_000_000

    def fast_ms() -> int:
        return began + (time.time_ns() // 1_000_000 - began) * faster

    async def scene() -> None:
        venue = Venue(default_symbols(), fast_ms)
        replay = Replay(venue, symbol, [shared_data / name])
        # A server that tells its own time: what counts in seconds (weights) passes faster too.
        async with running_server(venue, replay, secrets={}, options=ServerOptions(now_ms=fast_ms)) as server:
            server.clock.prime(lambda: venue.book_ticker(symbol).bid > 0)
            host = f"{server.host}:{server.port}"
            follower = DepthFollower(f"http://{host}", f"ws://{host}/ws", symbol, compare_every=0.25)
            pro = Pro(host, market)
            tasks = [asyncio.create_task(follower.run()), asyncio.create_task(pro.run())]

            def enough() -> bool:
                for task in tasks:
                    if task.done():
                        task.result()
                return follower.events >= 12 and follower.compared >= 2 and pro.books >= 8

            try:
                await until(enough, "twelve depth events, two equal snapshots, eight books of ccxt", 25)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            assert replay.diffs > 12
        venue.close()

    run(scene())


def followed() -> DepthFollower:
    follower = DepthFollower("", "", "ETHUSDC", last_id=10)
    follower.bids.apply([["99", "1"], ["98", "2"]])
    follower.asks.apply([["101", "1"]])
    return follower


def event(first: int, last: int, bids: list[list[str]], asks: list[list[str]]) -> dict[str, Any]:
    return {"U": first, "u": last, "b": bids, "a": asks}


def snapshot(last: int, bids: list[list[str]]) -> dict[str, Any]:
    return {"lastUpdateId": last, "bids": bids, "asks": [["101", "1"]]}


@pytest.mark.parametrize(
    ("next_event", "words"),
    [
        (event(12, 13, [], []), "gap"),
        (event(10, 12, [], []), "gap"),
        (event(11, 12, [["101", "1"]], []), "crossed"),
        (event(11, 12, [], [["99", "1"]]), "crossed"),
    ],
)
def test_the_plain_client_tells_a_gap_and_a_crossed_book(next_event: dict[str, Any], words: str) -> None:
    with pytest.raises(Broken, match=words):
        followed()._apply(next_event, is_first=False)


def test_the_plain_client_tells_a_book_that_is_not_what_rest_shows() -> None:
    right = [["99", "1"], ["98", "2"]]
    follower = followed()
    follower._ask(snapshot(10, right))
    assert follower.compared == 1
    follower._ask(snapshot(11, [["99", "7"], ["98", "2"]]))  # inside the next event, which names 99
    follower._apply(event(11, 12, [["99", "8"]], []), is_first=False)
    assert (follower.compared, follower.bids.sizes[Decimal(99)]) == (2, Decimal(8))
    follower._ask(snapshot(13, [["99", "8"], ["98", "3"]]))
    with pytest.raises(Broken, match="at 98"):
        follower._apply(event(13, 14, [], [["102", "1"]]), is_first=False)
    late = followed()
    late._ask(snapshot(10, [["99", "1"]]))  # 98 is missing
    with pytest.raises(Broken, match="at 98"):
        late._apply(event(11, 12, [], []), is_first=False)
