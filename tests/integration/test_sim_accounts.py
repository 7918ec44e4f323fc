"""`mm sim accounts`, `keys`, `deposit`, `withdraw`, `start --flavour`: a venue that runs, stands, was killed."""

import json
import os
import signal
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from mm.cli.app import app
from mm.domain.errors import ExchangeError
from mm.exchange.key_files import read_keys
from mm.exchange.venue_server import process
from mm.exchange.venue_server.files import VenueFiles
from mm.exchange.venue_server.key_pair import make_key_pair
from mm.exchange.venue_server.keys import Keys
from mm.home import Home
from tests.integration.venue_clients import signature, wall_ms


@pytest.fixture
def home(mm_home: Path) -> Iterator[Home]:
    made = Home(mm_home)
    try:
        yield made
    finally:
        process.stop(made)


def mm(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["sim", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in arguments else result.stdout


def refused(*arguments: str) -> str:
    with pytest.raises(ExchangeError) as error:
        CliRunner().invoke(app, ["sim", *arguments], catch_exceptions=False)
    return str(error.value)


def account(home: Home, api_key: str, sign: Any) -> tuple[int, Any]:
    """GET /api/v3/account as whoever holds the key."""
    info = process.status(home)
    assert info is not None
    query = f"timestamp={wall_ms()}"
    request = urllib.request.Request(  # noqa: S310 - our own loopback server
        f"{info.rest_url}/account?{query}&signature={quote(sign(query), safe='')}", headers={"X-MBX-APIKEY": api_key}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - see above
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def by_hmac(secret: str) -> Any:
    return lambda text: signature(text, secret)


def by_ed25519(private_pem: str) -> Any:
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private = load_pem_private_key(private_pem.encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    return lambda text: base64.b64encode(private.sign(text.encode())).decode()


def kill(home: Home) -> None:
    info = process.status(home)
    assert info is not None
    os.kill(info.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while info.process.is_running():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_accounts_and_keys_live_through_a_kill(home: Home) -> None:
    mm("start", "--deposit", "321")
    own = Keys.read(VenueFiles.of(home).keys)
    opened = mm("accounts", "add", "--deposit", "USDC=5000", "--deposit", "ETH=2.5", "--label", "desk", "--json")
    assert {each["asset"]: each["free"] for each in opened["balances"]} == {
        "USDC": "5000.00000000",
        "ETH": "2.50000000",
    }
    desk_key, desk_secret = opened["key"]["api_key"], opened["secret"]
    made = mm(
        "keys", "add", "--type", "ed25519", "--account", opened["uid"], "--no-trade", "--label", "reader", "--json"
    )
    assert (made["secret"], made["trading"], made["account_uid"]) == (None, False, opened["uid"])
    private, public = make_key_pair("RSA")
    pem = home.path / "public.pem"
    pem.write_text(public)
    registered = mm("keys", "add", "--public-key", str(pem), "--ip", "10.0.0.0/8", "--withdraw", "--json")
    assert (registered["type"], registered["withdrawals"], registered["addresses"]) == ("RSA", True, ["10.0.0.0/8"])
    assert registered["private_key"] is None
    mm("keys", "revoke", "desk")
    for restarted in (False, True):
        if restarted:
            kill(home)
            mm("start")
        status, answer = account(home, desk_key, by_hmac(desk_secret))
        assert (status, answer["code"]) == (401, -2015), "revoked"
        status, answer = account(home, made["api_key"], by_ed25519(made["private_key"]))
        assert (status, str(answer["uid"])) == (200, opened["uid"])
        status, answer = account(home, own.api_key, by_hmac(own.api_secret))
        assert (status, answer["uid"] != int(opened["uid"])) == (200, True)
        status, answer = account(home, registered["api_key"], lambda _text: "zz")
        assert (status, answer["code"]) == (401, -2015), "not from this address"
        listed = {each["label"]: each for each in mm("keys", "list", "--json")["keys"]}
        assert listed["desk"]["enabled"] is False
        assert [each["own"] for each in mm("accounts", "list", "--json")["accounts"]] == [True, False]
    mm("keys", "restore", desk_key[:8])
    assert account(home, desk_key, by_hmac(desk_secret))[0] == 200
    assert stat.S_IMODE(VenueFiles.of(home).keys.stat().st_mode) == 0o600
    assert read_keys(home, "sim", {}).api_key == own.api_key, "the bot still finds its own key"
    shown = mm("keys", "list") + mm("accounts", "list") + str(mm("keys", "list", "--json")) + mm("status")
    for secret in (desk_secret, own.api_secret, made["private_key"], private):
        assert secret not in shown
    assert desk_secret not in VenueFiles.of(home).log.read_text()


def test_deposits_and_withdrawals_on_a_venue_that_runs_or_stands(home: Home) -> None:
    mm("start", "--deposit", "100")
    other = mm("accounts", "add", "--deposit", "USDC=50", "--json")["uid"]
    for stands in (False, True):
        if stands:
            mm("stop")
        before = {each["uid"]: each["balances"] for each in mm("accounts", "list", "--json")["accounts"]}
        own = next(uid for uid in before if uid != other)
        free = float(before[own][0]["free"])
        after = mm("deposit", "usdc", "25.5", "--json")
        assert (after["uid"], float(after["balances"][0]["free"])) == (own, free + 25.5)
        after = mm("withdraw", "USDC", "5", "--account", other, "--json")
        assert float(after["balances"][0]["free"]) == float(before[other][0]["free"]) - 5
        assert "are free" in refused("withdraw", "USDC", "100000")
        assert "does not list" in refused("deposit", "XYZ", "1")
        assert "no open account" in refused("deposit", "USDC", "1", "--account", "77")
        assert "an amount of zero" in refused("deposit", "USDC", "0")
    uid = mm("reset", "--deposit", "7", "--json")["account_uid"]
    assert uid != own
    mm("start")
    assert {each["uid"] for each in mm("accounts", "list", "--json")["accounts"]} == {other, uid}


def test_what_cannot_be_a_key_is_refused_and_nothing_is_kept(home: Home) -> None:
    mm("start")
    before = VenueFiles.of(home).keys.read_text()
    bad = home.path / "bad.pem"
    bad.write_text("-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n")
    assert "no public key in PEM" in refused("keys", "add", "--public-key", str(bad))
    assert "does not appear to be an IPv4 or IPv6 network" in refused("keys", "add", "--ip", "home")
    assert "no key" in refused("keys", "revoke", "nobody")
    assert "is no deposit" in refused("accounts", "add", "--deposit", "USDC")
    assert "does not list" in refused("accounts", "add", "--deposit", "XYZ=1")
    assert VenueFiles.of(home).keys.read_text() == before
    own = Keys.read(VenueFiles.of(home).keys).api_key
    mm("keys", "revoke", own)
    assert mm("keys", "list", "--json")["keys"][0]["enabled"] is False


def test_a_key_file_from_before_there_were_several_is_read(home: Home) -> None:
    mm("start")
    files = VenueFiles.of(home)
    mm("stop")
    values = json.loads(files.keys.read_text())
    del values["keys"]
    files.keys.write_text(json.dumps(values))
    mm("start")
    (only,) = mm("keys", "list", "--json")["keys"]
    assert (only["api_key"], only["enabled"]) == (values["api_key"], True)
    assert account(home, values["api_key"], by_hmac(values["api_secret"]))[0] == 200


def test_flavours(home: Home) -> None:
    assert mm("start", "--json")["flavour"] == "mainnet"
    info = process.status(home)
    assert info is not None

    def has_sapi() -> bool:
        try:
            with urllib.request.urlopen(f"{info.sapi_url}/system/status", timeout=5) as answer:  # noqa: S310 - loopback
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            with error:
                return error.code != 404

    assert has_sapi()
    assert mm("start", "--flavour", "testnet", "--json")["was_running"] is False
    assert not has_sapi(), "the same port, another flavour"
    assert mm("start", "--json") | {} == mm("start", "--flavour", "testnet", "--json")
    assert mm("start", "--flavour", "mainnet", "--json")["was_running"] is False
    assert has_sapi()
