"""Who sent a request: API key, permissions, signature and time, in Binance's order of checks.

REST signs the query and the body exactly as they were sent, one after the other, without the signature
itself, in whatever order; the WebSocket API signs its parameters sorted by name.
"""

import re
from decimal import Decimal

from mm.exchange.venue_server import api_error
from mm.exchange.venue_server.api_key import ApiKey, Security
from mm.exchange.venue_server.keyring import Keyring
from mm.exchange.venue_server.parameters import MICROSECONDS_FROM, Parameters
from mm.exchange.venue_server.verifiers import Verifier, verifier

RECV_WINDOW_MS = Decimal(5000)
RECV_WINDOW_MOST_MS = 60_000
RECV_WINDOW_DECIMALS = 3
AHEAD_MS = 1000
_KEY = re.compile(r"^[A-Za-z0-9]{64}$")
_SIGNATURE = re.compile(r"(?:^|&)signature=[^&]*")


class Signatures:
    """Checks requests against the keys the venue knows."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._verifiers: dict[str, Verifier] = {}

    def check_key(self, api_key: str | None, security: Security, address: str) -> ApiKey:
        """The key. Raises -2014 for what is no key; -2015 for a key that is not ours, was revoked, or may not do
        this or not from this address; all with HTTP 401."""
        key = self._keyring.find(api_key) if api_key else None
        if key is None:
            if not api_key or not _KEY.fullmatch(api_key):
                raise api_error.bad_key_format()
            raise api_error.bad_key()
        if not key.allows(security, address):
            raise api_error.bad_key()
        return key

    def check_rest(self, key: ApiKey, query: str, body: str, parameters: Parameters, now_ms: int) -> None:
        """Raises -1102, -1021 or -1022 unless `key` signed these bytes."""
        # Binance joins query and body without a separator.
        self._check(key, _unsigned(query) + _unsigned(body), parameters, now_ms)

    def check_websocket(self, key: ApiKey, parameters: Parameters, now_ms: int) -> None:
        """Raises -1102, -1021 or -1022 unless `key` signed these parameters."""
        payload = "&".join(f"{name}={value}" for name, value in sorted(parameters.items()) if name != "signature")
        self._check(key, payload, parameters, now_ms)

    def _check(self, key: ApiKey, payload: str, parameters: Parameters, now_ms: int) -> None:
        signature = parameters.text("signature")
        parameters.text("timestamp")
        check_time(parameters, now_ms)
        verify = self._verifiers.get(key.api_key)
        if verify is None:
            verify = self._verifiers[key.api_key] = verifier(key.type, key.material)
        if not verify(payload.encode(), signature):
            raise api_error.bad_signature()


def check_time(parameters: Parameters, now_ms: int) -> None:
    """The check on receipt. Raises -1021: 1 s or more ahead, or older than recvWindow; -1102, -1111 for a window
    that is none."""
    timestamp_ms = _timestamp_ms(parameters)
    window_ms = _window_ms(parameters)
    if timestamp_ms >= now_ms + AHEAD_MS:
        raise api_error.ahead_of_server()
    if now_ms - timestamp_ms > window_ms:
        raise api_error.outside_window()


def check_window(parameters: Parameters, now_ms: int) -> None:
    """The second check, right before the matching. Raises -1021 when the request has grown too old meanwhile."""
    if now_ms - _timestamp_ms(parameters) > _window_ms(parameters):
        raise api_error.outside_window()


def _timestamp_ms(parameters: Parameters) -> Decimal:
    """Milliseconds; microseconds are told by their size."""
    parameters.text("timestamp")
    timestamp = Decimal(parameters.integer("timestamp") or 0)
    return timestamp / 1000 if timestamp >= MICROSECONDS_FROM else timestamp


def _window_ms(parameters: Parameters) -> Decimal:
    window = parameters.decimal("recvWindow")
    if window is None:
        return RECV_WINDOW_MS
    if window > RECV_WINDOW_MOST_MS:
        raise api_error.window_too_large(RECV_WINDOW_MOST_MS)
    if window != round(window, RECV_WINDOW_DECIMALS):
        raise api_error.too_precise("recvWindow")
    return window


def _unsigned(sent: str) -> str:
    """`sent` without its signature; a leading "&" is left where that was the first parameter."""
    return _SIGNATURE.sub("", sent).removeprefix("&") if "signature=" in sent else sent
