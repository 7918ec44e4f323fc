"""The venue's own process: found again, killed, restarted on other markets, reset, stopped."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from mm.domain.errors import ConfigurationError, ExchangeError
from mm.exchange.settings import VenueSettings
from mm.exchange.venue_server import process
from mm.exchange.venue_server.files import VenueFiles, VenueInfo
from mm.exchange.venue_server.keys import TOKEN_HEADER, Keys
from mm.home import Home
from tests.integration.venue_clients import SYMBOL, signature, wall_ms

SETTINGS = VenueSettings()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "home")
    try:
        yield made
    finally:
        process.stop(made)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen in {seconds} s: {what}"
        time.sleep(0.01)


def signed(home: Home, method: str, path: str, **parameters: Any) -> Any:
    info, keys = process.status(home), Keys.read(VenueFiles.of(home).keys)
    assert info is not None
    query = urlencode({**parameters, "timestamp": wall_ms()})
    request = urllib.request.Request(  # noqa: S310 - our own loopback server
        f"{info.rest_url}{path}?{query}&signature={signature(query, keys.api_secret)}",
        method=method,
        headers={"X-MBX-APIKEY": keys.api_key},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - see above
        return json.loads(answer.read())


def kill(info: VenueInfo) -> None:
    os.kill(info.pid, signal.SIGKILL)
    wait_for(lambda: not info.process.is_running(), "the venue is dead")


def test_started_found_again_and_stopped(home: Home) -> None:
    began = time.monotonic()
    info = process.start(home, SETTINGS, "lively")
    assert time.monotonic() - began < 5, "it should start in well under 2 s; the machine is shared"
    assert process.start(home, SETTINGS, "lively") == info
    assert process.status(home) == info
    assert os.getsid(info.pid) != os.getsid(0), "it must survive the terminal"
    files = VenueFiles.of(home)
    assert stat.S_IMODE(files.keys.stat().st_mode) == 0o600
    assert json.loads(files.info.read_text())["pid"] == info.pid
    state = process.state(home)
    assert state is not None
    assert state.balances == ({"asset": "USDC", "free": "100.00000000", "locked": "0.00000000"},)
    wait_for(lambda: float((process.state(home) or state).last_price or 0) > 0, "a trade in the lively market")
    assert process.stop(home) is True
    assert process.status(home) is None
    assert process.stop(home) is False
    assert "Traceback" not in files.log.read_text()


def test_it_survives_the_process_that_started_it(home: Home) -> None:
    code = (
        "from pathlib import Path; from mm.home import Home; from mm.exchange.settings import VenueSettings;"
        "from mm.exchange.venue_server import process; import os, signal;"
        f"process.start(Home(Path({str(home.path)!r})), VenueSettings()); os.kill(os.getpid(), signal.SIGKILL)"
    )
    starter = subprocess.run([sys.executable, "-c", code], check=False, start_new_session=True)  # noqa: S603 - our own code
    assert starter.returncode == -signal.SIGKILL
    info = process.status(home)
    assert info is not None
    assert process.start(home, SETTINGS) == info


def test_a_killed_venue_goes_on_with_balances_orders_and_trades(home: Home) -> None:
    first = process.start(home, SETTINGS)
    signed(home, "POST", "/order", symbol=SYMBOL, side="BUY", type="MARKET", quoteOrderQty="20")
    open_order = signed(
        home, "POST", "/order", symbol=SYMBOL, side="BUY", type="LIMIT_MAKER", quantity="0.01", price="1500.00"
    )
    account = signed(home, "GET", "/account", omitZeroBalances="true")
    trades = process.trades(home)
    assert len(trades) >= 1
    assert trades[0].keys() == {
        "trade_id", "order_id", "client_order_id", "symbol", "side", "price", "size", "quote", "fee", "fee_asset",
        "maker", "time",
    }  # fmt: skip
    kill(first)
    assert process.status(home) is None, "a stale venue.json names a dead process"
    assert process.trades(home) == trades, "read from disk while nothing runs"
    second = process.start(home, SETTINGS)
    assert (second.pid != first.pid, second.port) == (True, first.port)
    again = signed(home, "GET", "/account", omitZeroBalances="true")
    assert (again["uid"], again["balances"]) == (account["uid"], account["balances"])
    assert [each["orderId"] for each in signed(home, "GET", "/openOrders")] == [open_order["orderId"]]
    assert process.trades(home) == trades
    later = signed(home, "POST", "/order", symbol=SYMBOL, side="BUY", type="MARKET", quoteOrderQty="10")
    assert later["orderId"] > open_order["orderId"]


def test_another_scenario_keeps_the_account_and_its_price(home: Home) -> None:
    first = process.start(home, SETTINGS, "lively")
    wait_for(lambda: (process.state(home) or _none()).last_price is not None, "a trade")
    before = process.state(home)
    second = process.start(home, SETTINGS, "ordinary")
    after = process.state(home)
    assert before is not None
    assert after is not None
    assert (second.scenario, second.pid != first.pid, after.uid) == ("ordinary", True, before.uid)
    assert float(after.last_price or 0) == pytest.approx(float(before.last_price or 1), rel=0.02)


def test_reset_running_and_stopped(home: Home) -> None:
    process.start(home, SETTINGS)
    signed(home, "POST", "/order", symbol=SYMBOL, side="BUY", type="MARKET", quoteOrderQty="20")
    old = signed(home, "GET", "/account")["uid"]
    uid = process.reset(home, VenueSettings(deposit="250").deposit)
    assert int(uid) > old
    account = signed(home, "GET", "/account", omitZeroBalances="true")
    assert str(account["uid"]) == uid
    assert account["balances"] == [{"asset": "USDC", "free": "250.00000000", "locked": "0.00000000"}]
    assert process.trades(home) == []
    assert len(process.trades(home, all_accounts=True)) >= 1
    process.stop(home)
    stopped = process.reset(home, VenueSettings(deposit="70").deposit)
    process.start(home, SETTINGS)
    account = signed(home, "GET", "/account", omitZeroBalances="true")
    assert (str(account["uid"]), account["balances"][0]["free"]) == (stopped, "70.00000000")


def test_a_replay_waits_for_its_first_listener_and_opens_a_new_account(home: Home, shared_data: Path) -> None:
    recordings = [shared_data / f"binance_spot_ethusdt_2024080{day}.raw.gz" for day in (8, 9)]
    process.start(home, SETTINGS)
    generated = process.state(home)
    info = process.start(home, SETTINGS, None, recordings)
    assert (info.market, info.symbol, info.replay) == ("replay", SYMBOL, tuple(map(str, recordings)))
    waiting = process.state(home)
    assert generated is not None
    assert waiting is not None
    assert waiting.uid != generated.uid
    assert (waiting.begun, waiting.finished) == (False, False)
    depth = json.loads(urllib.request.urlopen(f"{info.rest_url}/depth?symbol={SYMBOL}&limit=5").read())  # noqa: S310 - loopback
    assert depth["bids"][0][0] == "2683.80000000", "the first recorded book stands"
    assert json.loads(urllib.request.urlopen(f"{info.rest_url}/depth?symbol={SYMBOL}&limit=5").read()) == depth  # noqa: S310
    with socket.create_connection((info.host, info.port), timeout=5) as line:
        line.sendall(
            b"GET /ws/ethusdc@trade HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        received = b""
        while b'"e":"trade"' not in received:
            received += line.recv(65536)
    assert (process.state(home) or _none()).begun is True
    restarted = process.start(home, SETTINGS, None, recordings)
    assert restarted.pid != info.pid, "a replay always begins anew"
    assert (process.state(home) or _none()).uid != waiting.uid
    process.start(home, SETTINGS)
    assert (process.state(home) or _none()).uid not in {waiting.uid, generated.uid}


def asked(info: VenueInfo, path: str, query: str = "") -> Any:
    with urllib.request.urlopen(f"{info.rest_url}/{path}?{query}", timeout=5) as answer:  # noqa: S310 - our own loopback server
        return json.loads(answer.read())


def test_trades_and_bars_of_every_market_go_on_after_a_kill(home: Home) -> None:
    info = process.start(home, SETTINGS)
    for symbol in (SYMBOL, "SOLUSDC"):
        wait_for(lambda: asked(info, "ticker/24hr", f"symbol={symbol}")["count"] > 3, "trades", 20)  # noqa: B023 - called at once
    # What is older than a second is on disk.
    settled = wall_ms()
    wait_for(lambda: asked(info, "avgPrice", "symbol=SOLUSDC")["closeTime"] > settled + 1500, "a later trade", 30)
    before = {symbol: asked(info, "trades", f"symbol={symbol}") for symbol in (SYMBOL, "SOLUSDC")}
    kill(info)
    again = process.start(home, SETTINGS)
    for symbol, trades in before.items():
        kept = [trade for trade in trades if trade["time"] <= settled]
        assert kept
        assert asked(again, "historicalTrades", f"symbol={symbol}&fromId={kept[0]['id']}&limit={len(kept)}") == kept
        day = asked(again, "ticker/24hr", f"symbol={symbol}")
        assert (day["firstId"], day["openPrice"]) == (trades[0]["id"], trades[0]["price"])
        first_bar = asked(again, "klines", f"symbol={symbol}&interval=1s&startTime=0&limit=1")[0]
        assert (first_bar[0], first_bar[1]) == (trades[0]["time"] // 1000 * 1000, trades[0]["price"])


def test_a_recording_under_its_own_name_beside_generated_markets(home: Home, shared_data: Path) -> None:
    process.start(home, SETTINGS)
    recordings = [shared_data / f"binance_spot_ethusdt_2024080{day}.raw.gz" for day in (8, 9)]
    info = process.start(home, SETTINGS, None, recordings, serve_as="ETHUSDT")
    assert info.symbol == "ETHUSDT"
    assert asked(info, "depth", "symbol=ETHUSDT&limit=5")["bids"][0][0] == "2683.80000000"
    assert asked(info, "ticker/bookTicker", "symbol=BTCUSDC")["bidPrice"] != "0.00000000"
    state = process.state(home)
    assert state is not None
    assert state.begun is False, "who looks at another symbol does not begin the recording"
    assert {each["asset"]: each["free"] for each in state.balances}.keys() == {"USDT"}
    again = process.start(home, SETTINGS, None, recordings)
    assert again.symbol == SYMBOL
    recorded = asked(again, "trades", f"symbol={SYMBOL}")
    assert all(abs(float(trade["price"]) / 2683.8 - 1) < 0.01 for trade in recorded), "no trade of another market"


def test_what_cannot_start_says_why(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ordinary, lively"):
        process.start(home, SETTINGS, "stormy")
    with pytest.raises(ConfigurationError, match="no recording"):
        process.start(home, SETTINGS, None, [tmp_path / "absent.raw.gz"])
    broken = tmp_path / "broken.raw.gz"
    broken.write_bytes(b"no gzip")
    with pytest.raises(ConfigurationError, match="cannot read the recording"):
        process.start(home, SETTINGS, None, [broken])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = VenueSettings(port=taken.getsockname()[1])
        with pytest.raises(ExchangeError, match="cannot listen on port"):
            process.start(home, settings)
    assert process.status(home) is None


def test_admin_requests_need_the_token_and_come_from_no_page(home: Home) -> None:
    info = process.start(home, SETTINGS)
    token = Keys.read(VenueFiles.of(home).keys).admin_token
    pages = ({TOKEN_HEADER: token, "Origin": "http://127.0.0.1"}, {TOKEN_HEADER: token, "Host": "bent.example:80"})
    for headers in ({}, {TOKEN_HEADER: "wrong"}, {TOKEN_HEADER: "\xff\xfe"}, *pages):
        request = urllib.request.Request(
            f"http://{info.host}:{info.admin_port}/mm/reset?deposit=5", method="POST", headers=headers
        )
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            urllib.request.urlopen(request, timeout=5)  # noqa: S310 - see above
        refused.value.close()
    assert (process.state(home) or _none()).uid == "1"


def _none() -> process.VenueState:
    return process.VenueState("", (), 0, None, begun=False, finished=False)
