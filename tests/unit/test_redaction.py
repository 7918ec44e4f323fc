"""No secret passes in any shape."""

import base64
from urllib.parse import quote

import pytest

from mm.redaction import HIDDEN, one_line, redact_known, register_secret, secrets_of_a_while

KEY, SECRET = "key+canary/AAAA1111", "secret=canary&BBBB2222"


@pytest.fixture(autouse=True)
def _registered(no_secrets_registered: None) -> None:
    register_secret(KEY)
    register_secret(SECRET)


@pytest.mark.parametrize("secret", [KEY, SECRET])
@pytest.mark.parametrize(
    "shape",
    [
        str,
        lambda text: quote(text, safe=""),
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
        lambda text: text.upper(),
    ],
)
def test_secrets_are_hidden(secret: str, shape: object) -> None:
    assert callable(shape)
    hidden = shape(secret)
    assert hidden.rstrip("=") not in one_line(f"told: {hidden}, and so on")


@pytest.mark.parametrize(
    "text",
    [
        "GET https://api.binance.com/api/v3/order?symbol=X&signature=deadbeef01",
        "signature=deadbeef01",
        "{'signature': 'deadbeef01'}",
        '{"signature": "deadbeef01"}',
        "X-MBX-APIKEY: deadbeef01",
        "apiKey=deadbeef01&x=1",
    ],
)
def test_signed_requests_are_hidden(text: str) -> None:
    assert "deadbeef01" not in one_line(text)


def test_plain_words_stay_and_are_kept_short() -> None:
    assert one_line("Filter failure: LOT_SIZE") == "Filter failure: LOT_SIZE"
    assert len(one_line("x" * 5000)) == 300
    assert "\n" not in one_line("two\nlines")
    register_secret("")
    register_secret("short")
    assert one_line("nothing short to hide") == "nothing short to hide"


@pytest.mark.parametrize("offset", range(3))
def test_inside_a_longer_base64_text_too(offset: int) -> None:
    whole = base64.b64encode(b"u" * offset + SECRET.encode() + b":and more").decode()
    hidden = redact_known(whole)
    assert HIDDEN in hidden
    left = len(hidden.replace(HIDDEN, ""))
    assert left <= len(whole) - len(SECRET) * 4 // 3 + 4, "but for the bits that it shares with its neighbours"


def test_hashes_stay_where_only_known_secrets_go() -> None:
    digest = "0123456789abcdef" * 4
    assert redact_known(f"hash {digest}, key {KEY}") == f"hash {digest}, key {HIDDEN}"


def test_secrets_of_a_while_are_forgotten() -> None:
    with secrets_of_a_while():
        register_secret("for a while only")
        assert redact_known("for a while only") == HIDDEN
    assert redact_known("for a while only") == "for a while only"
    assert redact_known(KEY) == HIDDEN
