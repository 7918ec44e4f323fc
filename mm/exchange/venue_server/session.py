"""Who speaks on a WebSocket API connection: the API key that logged on, and each request's signer.

Source: Binance Spot WebSocket API documentation, "Session Authentication" and "User Data Stream subscriptions".
"""

from dataclasses import dataclass, field

from mm.exchange.venue_server import api_error, signing
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.api_key import ApiKey, Security
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.signing import Signatures

SESSION_SUBSCRIBE = "userDataStream.subscribe"
"""For a session that has logged on; neither signed nor timed."""
SIGNED_THEMSELVES = frozenset({"session.logon", "userDataStream.subscribe.signature"})
"""Methods that name their key even on a session that has logged on."""
SUBSCRIPTIONS_AT_ONCE = 1000
SUBSCRIPTIONS_EVER = 65_535


class SessionRevoked(ApiError):
    """The key that logged on is not valid any more: the session is over, the connection stays."""

    def __init__(self) -> None:
        refused = api_error.bad_key()
        super().__init__(refused.code, refused.message, refused.status)


@dataclass(slots=True)
class Session:
    """`api_key` None: nobody has logged on."""

    signatures: Signatures
    address: str
    connected_ms: int
    api_key: str | None = None
    authorized_ms: int | None = None

    def signer(self, method: str, security: Security, parameters: Parameters, now_ms: int) -> ApiKey:
        """The key of a request: the one it names and signs with, else the one that logged on.

        Raises ApiError; SessionRevoked when the session's own key does not hold any more.
        """
        named = parameters.optional("apiKey")
        if method == SESSION_SUBSCRIBE and (self.api_key is None or named is not None):
            raise api_error.unauthorized()
        if named is None and self.api_key is not None and method not in SIGNED_THEMSELVES:
            key = self._session_key(security)
            if method != SESSION_SUBSCRIBE:
                signing.check_time(parameters, now_ms)
            return key
        key = self.signatures.check_key(named, security, self.address)
        self.signatures.check_websocket(key, parameters, now_ms)
        return key

    def log_on(self, key: ApiKey, now_ms: int) -> None:
        """Raises -4056 for a key that is not Ed25519."""
        if key.type != "ED25519":
            name = "HMAC_SHA256" if key.type == "HMAC" else key.type
            raise ApiError(-4056, f"{name} API key is not supported.")
        self.api_key, self.authorized_ms = key.api_key, now_ms

    def log_out(self) -> None:
        self.api_key = self.authorized_ms = None

    def _session_key(self, security: Security) -> ApiKey:
        try:
            return self.signatures.check_key(self.api_key, security, self.address)
        except ApiError as error:
            raise SessionRevoked from error


@dataclass(slots=True)
class Subscriptions:
    """User data subscriptions of one connection: account by number. `own`: those made by the session itself."""

    uids: dict[int, int] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)
    _next: int = 0

    def add(self, uid: int, *, own: bool) -> int:
        """Its number. Raises -2035 when the account is subscribed already, -2042 when there were too many."""
        if uid in self.uids.values():
            raise ApiError(-2035, "User Data Stream subscription already active.")
        if len(self.uids) >= SUBSCRIPTIONS_AT_ONCE or self._next >= SUBSCRIPTIONS_EVER:
            raise ApiError(-2042, "Maximum subscription ID reached for this connection.")
        number, self._next = self._next, self._next + 1
        self.uids[number] = uid
        if own:
            self.own.add(number)
        return number

    def remove(self, number: int) -> int:
        """The account it listened to."""
        self.own.discard(number)
        return self.uids.pop(number)
