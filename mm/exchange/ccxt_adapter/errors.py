"""The error map: what every failure of ccxt means for an order and for a read. Binance's codes: `mm.exchange.refusals`.

An order counts as refused only when a known refusal was parsed from the answer (or the answer was 429, 418, 451,
which come before the order is looked at). Everything else that left this process is unknown. That nothing was
sent is proved only by a connection that was never made (aiohttp's ClientConnectorError).
Sources: Binance Spot API documentation (errors, limits), ccxt 4.5.90 (base/errors.py, binance.handle_errors).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from mm.domain.errors import AuthenticationRefused, ExchangeError, GeoBlocked, RateLimited
from mm.exchange.refusals import Meaning, meaning_of_code
from mm.redaction import one_line

R, N, U = Meaning.REFUSED, Meaning.REFUSED_NOW, Meaning.UNKNOWN

_LONGEST_BAN = 7 * 86400.0
"""Seconds; Binance bans for three days at most."""

STATUSES: Mapping[int, tuple[Meaning, str]] = {
    403: (Meaning.UNREADABLE, "firewall"),
    404: (Meaning.UNREADABLE, "not_offered"),
    418: (N, "rate_limited"),
    429: (N, "rate_limited"),
    451: (R, "geo_blocked"),
}
"""HTTP statuses that mean something without a code; any 5xx is unknown whatever code it carries."""

X = Meaning.UNREADABLE

CLASSES: Mapping[str, Meaning] = {
    "BaseError": X,
    "ExchangeError": U,  # also a truncated answer (cause ClientPayloadError)
    "AuthenticationError": X,
    "PermissionDenied": X,
    "AccountNotEnabled": X,
    "AccountSuspended": X,
    "ArgumentsRequired": X,
    "BadRequest": X,
    "BadSymbol": X,
    "OperationRejected": X,
    "NoChange": X,
    "MarginModeAlreadySet": X,
    "MarketClosed": X,
    "ManualInteractionNeeded": X,
    "RestrictedLocation": X,
    "InsufficientFunds": X,
    "InvalidAddress": X,
    "AddressPending": X,
    "InvalidOrder": X,
    "OrderNotFound": X,
    "OrderNotCached": X,
    "OrderImmediatelyFillable": X,
    "OrderNotFillable": X,
    "DuplicateOrderId": X,
    "ContractUnavailable": X,
    "NotSupported": X,
    "InvalidProxySettings": X,
    "ExchangeClosedByUser": X,
    "OperationFailed": U,
    "NetworkError": U,
    "DDoSProtection": U,
    "RateLimitExceeded": U,
    "ExchangeNotAvailable": U,
    "OnMaintenance": U,
    "InvalidNonce": U,
    "ChecksumError": U,
    "RequestTimeout": U,
    "BadResponse": U,
    "NullResponse": U,
    "CancelPending": U,
    "UnsubscribeError": X,
}
"""ccxt's classes, used only where no code and no telling status was parsed: then no class proves a refusal."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the exchange answered to one request. `status` 0: over WebSocket; `code` 0: none in the body."""

    status: int
    code: int
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure, read. `text` is free of secrets; `reason` a stable name; `retry_after` in seconds."""

    meaning: Meaning
    code: int
    reason: str
    text: str
    retry_after: float = 0.0

    @property
    def is_refusal(self) -> bool:
        return self.meaning in (Meaning.REFUSED, Meaning.REFUSED_NOW)

    def to_error(self, doing: str) -> ExchangeError:
        """The error a reader raises; `doing` says what was asked, in a few words."""
        message = f"{doing}: {self.text}"
        if self.reason in ("rate_limited", "too_many_orders"):
            return RateLimited(message, self.retry_after, f"wait {self.retry_after:.0f} s; nothing is sent until then")
        if self.reason == "authentication":
            return AuthenticationRefused(
                message, "check that the key is of this environment, not revoked, and allowed from this IP address"
            )
        if self.reason == "geo_blocked":
            return GeoBlocked(message, "run mm from a place where Binance offers its service")
        return ExchangeError(message)


def read_failure(error: BaseException) -> Failure:
    """What `error`, raised by a call through ccxt, means."""
    causes = _chain(error)
    for cause in causes:
        answer = getattr(cause, "answer", None)
        if isinstance(answer, HttpAnswer):
            return _read_answer(answer)
        if isinstance(cause, aiohttp.WSServerHandshakeError):
            return _read_answer(HttpAnswer(cause.status, 0, "", retry_after(cause.headers or {})))
    names = " < ".join(dict.fromkeys(type(cause).__name__ for cause in causes))
    if any(isinstance(cause, aiohttp.ClientConnectorError) for cause in causes):
        return Failure(Meaning.NOT_SENT, 0, "connect", f"no connection to the exchange ({names})")
    if isinstance(error, TimeoutError):
        return Failure(U, 0, "timeout", "no answer in time")
    meaning = CLASSES.get(type(error).__name__, U if isinstance(error, aiohttp.ClientError | OSError) else X)
    return Failure(meaning, 0, "no_answer", f"no readable answer ({names})")


def _read_answer(answer: HttpAnswer) -> Failure:
    wait = answer.retry_after or 0.0
    said = one_line(answer.message)
    text = f"HTTP {answer.status}" if answer.status else "WebSocket"
    text = f"{text}, code {answer.code}: {said}" if answer.code else f"{text}: {said}" if said else text
    if answer.status == 451:
        return Failure(
            R, answer.code or -451, "geo_blocked", "HTTP 451: Binance does not serve this place (geo-blocked)"
        )
    if answer.status in (418, 429):
        return Failure(N, answer.code or -1003, "rate_limited", text, wait)
    if answer.status >= 500:
        return Failure(U, answer.code, "server_error", text, wait)
    if answer.code:
        meaning, reason = meaning_of_code(answer.code, answer.message)
        return Failure(meaning, answer.code, reason, text, wait)
    meaning, reason = STATUSES.get(answer.status, (Meaning.UNREADABLE, "no_code"))
    return Failure(meaning, 0, reason, text, wait)


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and what it came from, outermost first; ccxt's WebSocket client keeps the cause as an argument."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        carried = error.args[0] if error.args and isinstance(error.args[0], BaseException) else None
        error = error.__cause__ or error.__context__ or carried
    return chain


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header, None where there is none that can be read."""
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                seconds = float(value)
            except ValueError:
                return None
            return seconds if 0 <= seconds <= _LONGEST_BAN else None
    return None
