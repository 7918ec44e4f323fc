"""No secret passes in any shape."""

import base64
from urllib.parse import quote

import pytest

from mm.exchange.ccxt_adapter.redaction import Redactor

KEY, SECRET = "key+canary/AAAA1111", "secret=canary&BBBB2222"
REDACT = Redactor((KEY, SECRET))


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
    assert hidden.rstrip("=") not in REDACT(f"told: {hidden}, and so on")


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
    assert "deadbeef01" not in REDACT(text)


def test_plain_words_stay_and_are_kept_short() -> None:
    assert REDACT("Filter failure: LOT_SIZE") == "Filter failure: LOT_SIZE"
    assert len(REDACT("x" * 5000)) == 300
    assert "\n" not in REDACT("two\nlines")
    assert KEY not in repr(REDACT)
    assert Redactor(("",))("nothing to hide") == "nothing to hide"
