"""The error map is complete, and only a parsed refusal counts as one."""

import aiohttp
import pytest
from ccxt.base import errors as ccxt_errors

from mm.domain.errors import AuthenticationRefused, ExchangeError, GeoBlocked, RateLimited
from mm.exchange.ccxt_adapter.client import BinanceClient
from mm.exchange.ccxt_adapter.errors import (
    CLASSES,
    Failure,
    HttpAnswer,
    read_failure,
    retry_after,
)
from mm.exchange.refusals import CODES, Meaning, meaning_of_code

REFUSED, NOW, UNKNOWN = Meaning.REFUSED, Meaning.REFUSED_NOW, Meaning.UNKNOWN


def walk(tree: dict[str, dict[str, object]]) -> set[str]:
    names = set(tree)
    for below in tree.values():
        names |= walk(below)  # type: ignore[arg-type]  # ccxt's tree of names is any depth
    return names


def test_every_ccxt_class_is_mapped() -> None:
    assert walk(ccxt_errors.error_hierarchy) == set(CLASSES)
    assert {name for name in ccxt_errors.__all__ if name != "error_hierarchy"} == set(CLASSES)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_no_class_alone_proves_a_refusal(name: str) -> None:
    failure = read_failure(getattr(ccxt_errors, name)("binance refused?"))
    assert failure.meaning in (Meaning.UNKNOWN, Meaning.UNREADABLE)
    assert "refused?" not in failure.text, "ccxt's own text may hold a signed address and is never shown"


@pytest.mark.parametrize("code", sorted(int(code) for code in BinanceClient({}).exceptions["exact"] if code[0] == "-"))
def test_every_spot_code_ccxt_knows_has_a_meaning(code: int) -> None:
    """-4xxx and -20xxx are of futures and transfers: a spot order never meets them, so they prove nothing."""
    meaning, reason = meaning_of_code(code, "")
    assert (reason == "unlisted_code") == (code <= -3000), f"{code} is not in the map: {meaning}"


@pytest.mark.parametrize(
    ("code", "text", "meaning", "reason"),
    [
        (-1000, "", UNKNOWN, "exchange_error"),
        (-1001, "", UNKNOWN, "disconnected"),
        (-1003, "", NOW, "rate_limited"),
        (-1006, "", UNKNOWN, "unexpected_response"),
        (-1007, "", UNKNOWN, "exchange_timeout"),
        (-1008, "", UNKNOWN, "overloaded"),
        (-1010, "", REFUSED, "rejected"),
        (-1013, "Filter failure: LOT_SIZE", REFUSED, "filter_lot_size"),
        (-1013, "Filter failure: PRICE_FILTER", REFUSED, "filter_price_filter"),
        (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE", REFUSED, "filter_percent_price_by_side"),
        (-1013, "Invalid quantity.", REFUSED, "filter"),
        (-1016, "", UNKNOWN, "shutting_down"),
        (-1021, "", NOW, "clock"),
        (-1022, "", REFUSED, "authentication"),
        (-2010, "Account has insufficient balance for requested action.", REFUSED, "insufficient_balance"),
        (-2010, "Order would immediately match and take.", REFUSED, "would_match"),
        (-2010, "Duplicate order sent.", UNKNOWN, "duplicate_id"),
        (-2010, "something new", REFUSED, "rejected"),
        (-2011, "", REFUSED, "unknown_order"),
        (-2013, "", REFUSED, "no_such_order"),
        (-2014, "", REFUSED, "authentication"),
        (-2015, "", REFUSED, "authentication"),
        (-2021, "", UNKNOWN, "half_done"),
        (-2022, "", UNKNOWN, "both_failed"),
        (-1102, "", REFUSED, "bad_request"),
        (-12345, "", Meaning.UNREADABLE, "unlisted_code"),
    ],
)
def test_codes_of_the_table(code: int, text: str, meaning: Meaning, reason: str) -> None:
    assert meaning_of_code(code, text) == (meaning, reason)


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("status", [500, 502, 503, 504, 524, 599])
def test_any_5xx_is_unknown_whatever_it_says(code: int, status: int) -> None:
    assert answered(HttpAnswer(status, code, "x")).meaning is UNKNOWN


@pytest.mark.parametrize(
    ("answer", "meaning", "reason"),
    [
        (HttpAnswer(429, 0, ""), NOW, "rate_limited"),
        (HttpAnswer(418, -1003, ""), NOW, "rate_limited"),
        (HttpAnswer(451, 0, ""), REFUSED, "geo_blocked"),
        (HttpAnswer(403, 0, ""), Meaning.UNREADABLE, "firewall"),
        (HttpAnswer(400, 0, ""), Meaning.UNREADABLE, "no_code"),
        (HttpAnswer(413, 0, ""), Meaning.UNREADABLE, "no_code"),
        (HttpAnswer(200, -2010, "insufficient balance"), REFUSED, "insufficient_balance"),
        (HttpAnswer(0, -2015, ""), REFUSED, "authentication"),
    ],
)
def test_answers(answer: HttpAnswer, meaning: Meaning, reason: str) -> None:
    failure = answered(answer)
    assert (failure.meaning, failure.reason) == (meaning, reason)


def test_only_a_connection_never_made_was_not_sent() -> None:
    key = aiohttp.client_reqrep.ConnectionKey("h", 1, False, True, None, None, None)
    never = aiohttp.ClientConnectorError(key, OSError("refused"))
    assert chained(never).meaning is Meaning.NOT_SENT
    for other in (
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientOSError(104, "reset"),
        aiohttp.ServerTimeoutError("connect"),
        aiohttp.ClientPayloadError("cut"),
        TimeoutError(),
    ):
        assert chained(other).meaning is UNKNOWN
    assert read_failure(TimeoutError()).meaning is UNKNOWN
    assert read_failure(ZeroDivisionError("a bug")).meaning is Meaning.UNREADABLE


def test_errors_for_people() -> None:
    limited = answered(HttpAnswer(429, -1003, "Too many", 7.0)).to_error("account")
    assert isinstance(limited, RateLimited)
    assert limited.retry_after == 7.0
    assert isinstance(answered(HttpAnswer(401, -2015, "")).to_error("account"), AuthenticationRefused)
    assert isinstance(answered(HttpAnswer(451, 0, "")).to_error("account"), GeoBlocked)
    plain = answered(HttpAnswer(400, -1121, "Invalid symbol.")).to_error("account")
    assert type(plain) is ExchangeError
    assert str(plain) == "account: HTTP 400, code -1121: Invalid symbol."


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("0", 0.0), ("soon", None), ("nan", None), ("-1", None), ("1e99", None)]
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-AFTER": value}) == seconds
    assert retry_after({}) is None


def answered(answer: HttpAnswer) -> Failure:
    error = ccxt_errors.ExchangeError("binance https://x/?signature=abc")
    error.answer = answer
    return read_failure(error)


def chained(cause: BaseException) -> Failure:
    error = ccxt_errors.ExchangeNotAvailable("binance POST https://api.binance.com/api/v3/order?signature=abc")
    error.__cause__ = cause
    failure = read_failure(error)
    assert "signature" not in failure.text
    return failure
