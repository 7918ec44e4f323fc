"""The WebSocket API (/ws-api/v3): requests with an id, answers with a status, user data on the same line."""

import json
import logging
from typing import Any

import orjson

from mm.exchange.venue_server import account, api_error, events_wire, market_data, trading
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.api_key import ApiKey, Security
from mm.exchange.venue_server.call import call
from mm.exchange.venue_server.endpoint import Endpoint, Handler, signed_by_key
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.session import SESSION_SUBSCRIBE, Session, SessionRevoked, Subscriptions
from mm.exchange.venue_server.socket import Socket
from mm.exchange.venue_server.time_unit import event_in_microseconds, in_microseconds
from mm.exchange.venue_server.user_data import Subscription, UserData

log = logging.getLogger("mm.venue")
CONNECT_WEIGHT = 2
_ID_MOST = 1 << 63
_METHODS: dict[str, Endpoint] = market_data.WEBSOCKET | trading.WEBSOCKET | account.WEBSOCKET


class ApiSession:
    """One connection. A request names its key and signs, or leaves both out once an Ed25519 key has logged on.

    `tell_limits` and `microseconds` are what the connection's URL asks for.
    """

    def __init__(
        self,
        served: Served,
        socket: Socket,
        user_data: UserData,
        address: str,
        *,
        tell_limits: bool,
        microseconds: bool = False,
    ) -> None:
        self._served = served
        self._socket = socket
        self._user_data = user_data
        self._address = address
        self._tell_limits = tell_limits
        self._microseconds = microseconds
        self._session = Session(served.signatures, address, served.now_ms())
        self._subscriptions = Subscriptions()
        stream = Security.USER_STREAM
        self._methods = _METHODS | {
            "userDataStream.subscribe.signature": signed_by_key(self._subscribe, "", 2, stream),
            SESSION_SUBSCRIBE: signed_by_key(self._subscribe_by_session, "", 2, stream),
            "userDataStream.unsubscribe": _public(self._unsubscribe, "subscriptionId"),
            "session.status": _public(self._status),
            "session.subscriptions": _public(self._list_subscriptions),
            "session.logon": signed_by_key(self._logon, "", 2),
            "session.logout": _public(self._logout),
        }

    def close(self) -> None:
        for number in list(self._subscriptions.uids):
            self._user_data.remove(self._subscriptions.remove(number), self._listener(number))

    def farewell(self, now_ms: int) -> bytes:
        """What is said before the server ends the connection."""
        return orjson.dumps({"event": self._event({"e": "serverShutdown", "E": now_ms})})

    async def on_text(self, text: str) -> None:
        answer = self._answer(text)
        self._socket.send(orjson.dumps(answer))
        if answer["status"] == 418:
            await self._socket.close("banned")

    def _answer(self, text: str) -> dict[str, Any]:
        request_id: Any = None
        tell_limits, orders_of = self._tell_limits, None
        answer: dict[str, Any]
        try:
            request = _parse(text)
            request_id = _id(request)
            method, endpoint = self._find(request)
            parameters = _parameters(request)
            tell_limits = parameters.boolean("returnRateLimits", default=tell_limits)
            result, uid = self._call(method, endpoint, parameters)
            orders_of = uid if endpoint.orders else None
            if self._microseconds:
                result = in_microseconds(result)
            answer = {"id": request_id, "status": 200, "result": result}
        except SessionRevoked as error:
            self._end_session()
            answer = {"id": None, "status": error.status, "error": error.body()}
        except ApiError as error:
            body: dict[str, Any] = error.body()
            if error.retry_after:
                now_ms = self._served.now_ms()
                body["data"] = {"serverTime": now_ms, "retryAfter": now_ms + error.retry_after * 1000}
            answer = {"id": request_id, "status": error.status, "error": body}
        except Exception:
            log.exception("a request over the WebSocket API failed")
            answer = {"id": request_id, **_failed()}
        if tell_limits:
            answer["rateLimits"] = self._limits(orders_of)
        return answer

    def _find(self, request: dict[str, Any]) -> tuple[str, Endpoint]:
        method = request.get("method")
        if not isinstance(method, str) or not method:
            raise api_error.missing("method")
        method = method.removeprefix("v3/")
        endpoint = self._methods.get(method)
        if endpoint is None:
            raise ApiError(-1020, "This operation is not supported.")
        return method, endpoint

    def _call(self, method: str, endpoint: Endpoint, parameters: Parameters) -> tuple[Any, int]:
        def signer(now_ms: int) -> ApiKey:
            return self._session.signer(method, endpoint.security, parameters, now_ms)

        return call(self._served, self._address, endpoint, parameters, signer)

    def _limits(self, orders_of: int | None) -> list[dict[str, Any]]:
        served = self._served
        weight = {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": served.weights.most,
            "count": served.weights.used(self._address, served.now_ms()),
        }
        return [weight] if orders_of is None else [*account.order_limits(served, orders_of), weight]

    # --- user data ------------------------------------------------------------------------

    def _subscribe(self, served: Served, key: ApiKey, _parameters: Parameters) -> Any:
        return self._listen(served.uid(key), own=False)

    def _subscribe_by_session(self, served: Served, key: ApiKey, _parameters: Parameters) -> Any:
        return self._listen(served.uid(key), own=True)

    def _listen(self, uid: int, *, own: bool) -> Any:
        number = self._subscriptions.add(uid, own=own)
        self._user_data.add(uid, self._listener(number))
        return {"subscriptionId": number}

    def _listener(self, number: int) -> Subscription:
        return Subscription(self._socket, number, self._microseconds)

    def _unsubscribe(self, _served: Served, _uid: int, parameters: Parameters) -> Any:
        """One subscription, or all of them."""
        asked = parameters.integer("subscriptionId")
        if asked is not None and asked not in self._subscriptions.uids:
            raise ApiError(-2036, "User Data Stream subscription not active.")
        for number in [asked] if asked is not None else list(self._subscriptions.uids):
            self._end_subscription(number)
        return {}

    def _end_subscription(self, number: int) -> None:
        listener = self._listener(number)
        self._user_data.remove(self._subscriptions.remove(number), listener)
        listener.send(events_wire.stream_terminated(self._served.now_ms()))

    # --- session --------------------------------------------------------------------------

    def _list_subscriptions(self, _served: Served, _uid: int, _parameters: Parameters) -> Any:
        return [{"subscriptionId": number} for number in self._subscriptions.uids]

    def _status(self, served: Served, _uid: int, _parameters: Parameters) -> Any:
        return {
            "apiKey": self._session.api_key,
            "authorizedSince": self._session.authorized_ms,
            "connectedSince": self._session.connected_ms,
            "returnRateLimits": self._tell_limits,
            "serverTime": served.now_ms(),
            "userDataStream": bool(self._subscriptions.uids),
        }

    def _logon(self, served: Served, key: ApiKey, parameters: Parameters) -> Any:
        self._session.log_on(key, served.now_ms())
        return self._status(served, 0, parameters)

    def _logout(self, served: Served, uid: int, parameters: Parameters) -> Any:
        self._end_session()
        return self._status(served, uid, parameters)

    def _end_session(self) -> None:
        """Nobody is logged on any more; what the session itself subscribed to ends with it."""
        self._session.log_out()
        for number in list(self._subscriptions.own):
            self._end_subscription(number)

    def _event(self, event: dict[str, Any]) -> Any:
        return event_in_microseconds(event) if self._microseconds else event


def _public(handler: Handler, takes: str = "") -> Endpoint:
    return Endpoint(handler, frozenset(takes.split()), 2)


def _failed() -> dict[str, Any]:
    error = api_error.unknown()
    return {"status": error.status, "error": error.body()}


def _parse(text: str) -> dict[str, Any]:
    """Numbers with a point keep their text, since the signature was made over it. Halves of a pair of surrogates are
    no text, and what is nested deeper than Python reads is no request."""
    try:
        request = json.loads(text, parse_float=str, parse_constant=str)
        if "\\ud" in text.lower():
            json.dumps(request, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise api_error.invalid_json() from error
    if not isinstance(request, dict):
        raise api_error.invalid_json()
    return request


def _id(request: dict[str, Any]) -> int | str | None:
    """Any integer of 64 bits, text or null, but it has to be there."""
    if "id" not in request:
        raise api_error.missing("id")
    found: int | str | None = request["id"]
    is_number = isinstance(found, int) and not isinstance(found, bool) and -_ID_MOST <= found < _ID_MOST
    if found is not None and not is_number and not isinstance(found, str):
        raise api_error.invalid_json("id")
    return found


def _parameters(request: dict[str, Any]) -> Parameters:
    values = request.get("params")
    if values is None:
        return Parameters({})
    if not isinstance(values, dict):
        raise api_error.invalid_json("params")
    return Parameters.of_json(values)
