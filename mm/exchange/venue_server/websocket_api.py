"""The WebSocket API (/ws-api/v3): requests with an id, answers with a status, user data on the same line."""

import json
from typing import Any

import orjson

from mm.exchange.venue_server import account, api_error, market_data, trading
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.call import call
from mm.exchange.venue_server.endpoint import Endpoint, Handler, Security
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.socket import Socket
from mm.exchange.venue_server.user_data import UserData

CONNECT_WEIGHT = 2
_METHODS: dict[str, Endpoint] = market_data.WEBSOCKET | trading.WEBSOCKET | account.WEBSOCKET


class ApiSession:
    """One connection. HMAC keys cannot log on, so each signed request carries its own key and signature."""

    def __init__(self, served: Served, socket: Socket, user_data: UserData, address: str, *, tell_limits: bool) -> None:
        self._served = served
        self._socket = socket
        self._user_data = user_data
        self._address = address
        self._tell_limits = tell_limits
        self._connected_ms = served.now_ms()
        self._subscriptions: dict[int, int] = {}
        self._next_subscription = 0
        self._methods = _METHODS | {
            "userDataStream.subscribe.signature": self._endpoint(self._subscribe, weight=2, signed=True),
            "userDataStream.subscribe": self._endpoint(self._subscribe_by_session, weight=2),
            "userDataStream.unsubscribe": self._endpoint(self._unsubscribe, "subscriptionId", weight=2),
            "session.status": self._endpoint(self._status, weight=2),
            "session.subscriptions": self._endpoint(self._list_subscriptions, weight=2),
            "session.logon": self._endpoint(self._logon, "apiKey signature timestamp recvWindow", weight=2),
            "session.logout": self._endpoint(self._logout, weight=2),
        }

    def close(self) -> None:
        for number, uid in self._subscriptions.items():
            self._user_data.remove(uid, (self._socket, number))
        self._subscriptions.clear()

    async def on_text(self, text: str) -> None:
        answer = self._answer(text)
        self._socket.send(orjson.dumps(answer))

    def _answer(self, text: str) -> dict[str, Any]:
        request_id: Any = None
        tell_limits, orders_of = self._tell_limits, None
        answer: dict[str, Any]
        try:
            request = _parse(text)
            request_id = request.get("id")
            endpoint = self._find(request.get("method"))
            parameters = _parameters(request)
            tell_limits = parameters.boolean("returnRateLimits", default=tell_limits)
            result, uid = self._call(endpoint, parameters)
            orders_of = uid if endpoint.orders else None
            answer = {"id": request_id, "status": 200, "result": result}
        except ApiError as error:
            body: dict[str, Any] = error.body()
            if error.retry_after:
                now_ms = self._served.now_ms()
                body["data"] = {"serverTime": now_ms, "retryAfter": now_ms + error.retry_after * 1000}
            answer = {"id": request_id, "status": error.status, "error": body}
        if tell_limits:
            answer["rateLimits"] = self._limits(orders_of)
        return answer

    def _find(self, method: object) -> Endpoint:
        endpoint = self._methods.get(str(method))
        if endpoint is None:
            raise ApiError(-1020, "This operation is not supported.")
        return endpoint

    def _call(self, endpoint: Endpoint, parameters: Parameters) -> tuple[Any, int]:
        served = self._served
        return call(
            served,
            self._address,
            endpoint,
            parameters,
            lambda now_ms: served.signatures.check_websocket(parameters, now_ms),
        )

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

    def _subscribe(self, _served: Served, uid: int, _parameters: Parameters) -> Any:
        number = self._next_subscription
        self._next_subscription += 1
        self._subscriptions[number] = uid
        self._user_data.add(uid, (self._socket, number))
        return {"subscriptionId": number}

    def _subscribe_by_session(self, _served: Served, _uid: int, _parameters: Parameters) -> Any:
        # Only a session that has logged on may; ours never has.
        raise ApiError(-1002, "You are not authorized to execute this request.", status=401)

    def _unsubscribe(self, _served: Served, _uid: int, parameters: Parameters) -> Any:
        """One subscription, or all of them."""
        asked = parameters.integer("subscriptionId")
        if asked is not None and asked not in self._subscriptions:
            raise api_error.invalid("subscriptionId")
        for number in [asked] if asked is not None else list(self._subscriptions):
            self._user_data.remove(self._subscriptions.pop(number), (self._socket, number))
        return {}

    # --- session --------------------------------------------------------------------------

    def _list_subscriptions(self, _served: Served, _uid: int, _parameters: Parameters) -> Any:
        return [{"subscriptionId": number} for number in self._subscriptions]

    def _status(self, served: Served, _uid: int, _parameters: Parameters) -> Any:
        return {
            "apiKey": None,
            "authorizedSince": None,
            "connectedSince": self._connected_ms,
            "returnRateLimits": self._tell_limits,
            "serverTime": served.now_ms(),
            "userDataStream": bool(self._subscriptions),
        }

    def _logon(self, _served: Served, _uid: int, _parameters: Parameters) -> Any:
        raise ApiError(-4056, "HMAC_SHA256 API key is not supported.")

    def _logout(self, served: Served, uid: int, parameters: Parameters) -> Any:
        return self._status(served, uid, parameters)

    @staticmethod
    def _endpoint(handler: Handler, takes: str = "", *, weight: int, signed: bool = False) -> Endpoint:
        return Endpoint(handler, frozenset(takes.split()), weight, Security.SIGNED if signed else Security.NONE)


def _parse(text: str) -> dict[str, Any]:
    """Numbers with a point keep their text, since the signature was made over it."""
    try:
        request = json.loads(text, parse_float=str, parse_constant=str)
    except ValueError as error:
        raise ApiError(-1135, "Invalid JSON Request") from error
    if not isinstance(request, dict):
        raise ApiError(-1135, "Invalid JSON Request")
    return request


def _parameters(request: dict[str, Any]) -> Parameters:
    values = request.get("params") or {}
    if not isinstance(values, dict):
        raise ApiError(-1135, "Invalid JSON Request; JSON sent for parameter 'params' is not valid")
    return Parameters.of_json(values)
