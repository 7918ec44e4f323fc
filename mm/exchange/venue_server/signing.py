"""Who sent a request: API key, HMAC-SHA256 signature and time, in Binance's order of checks.

REST signs the query and the body exactly as they were sent, one after the other, without the signature
itself, in whatever order; the WebSocket API signs its parameters sorted by name.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping

from mm.exchange.venue_server import api_error
from mm.exchange.venue_server.parameters import Parameters

RECV_WINDOW_MS = 5000
RECV_WINDOW_MOST_MS = 60_000
AHEAD_MS = 1000
_KEY = re.compile(r"^[A-Za-z0-9]{64}$")
_SIGNATURE = re.compile(r"(?:^|&)signature=[^&]*")


class Signatures:
    """Checks requests against the keys the venue knows: secret by API key."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._macs = {key: hmac.new(secret.encode(), digestmod=hashlib.sha256) for key, secret in secrets.items()}

    def check_key(self, api_key: str | None) -> str:
        """The key. Raises -2014 for what is no key, -2015 for a key that is not ours; both with HTTP 401."""
        if api_key is not None and api_key in self._macs:
            return api_key
        if not api_key or not _KEY.match(api_key):
            raise api_error.bad_key_format()
        raise api_error.bad_key()

    def check_rest(self, api_key: str | None, query: str, body: str, parameters: Parameters, now_ms: int) -> str:
        """The key that signed the request."""
        known = self.check_key(api_key)
        # Binance joins query and body without a separator.
        self._check(known, _unsigned(query) + _unsigned(body), parameters, now_ms)
        return known

    def check_websocket(self, parameters: Parameters, now_ms: int) -> str:
        """The key that signed the request."""
        known = self.check_key(parameters.optional("apiKey"))
        payload = "&".join(f"{name}={value}" for name, value in sorted(parameters.items()) if name != "signature")
        self._check(known, payload, parameters, now_ms)
        return known

    def _check(self, api_key: str, payload: str, parameters: Parameters, now_ms: int) -> None:
        signature = parameters.text("signature")
        parameters.text("timestamp")
        self._check_time(parameters, now_ms)
        mac = self._macs[api_key].copy()
        mac.update(payload.encode())
        if not hmac.compare_digest(mac.hexdigest().encode(), signature.lower().encode()):
            raise api_error.bad_signature()

    def _check_time(self, parameters: Parameters, now_ms: int) -> None:
        timestamp = parameters.integer("timestamp") or 0
        # Microseconds are allowed since 2025; they are told by their size.
        if timestamp >= 10**15:
            timestamp //= 1000
        window = parameters.decimal("recvWindow")
        if window is not None and window > RECV_WINDOW_MOST_MS:
            raise api_error.ApiError(-1131, f"recvWindow must be less than {RECV_WINDOW_MOST_MS}.")
        if timestamp >= now_ms + AHEAD_MS:
            raise api_error.ApiError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if now_ms - timestamp > (RECV_WINDOW_MS if window is None else window):
            raise api_error.ApiError(-1021, "Timestamp for this request is outside of the recvWindow.")


def _unsigned(sent: str) -> str:
    """`sent` without its signature; a leading "&" is left where that was the first parameter."""
    return _SIGNATURE.sub("", sent).removeprefix("&") if "signature=" in sent else sent
