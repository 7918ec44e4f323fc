"""One connection to the market streams: subscriptions by path or by request."""

from typing import Any

import orjson

from mm.exchange.venue_server.socket import Socket
from mm.exchange.venue_server.stream_message import StreamMessage
from mm.exchange.venue_server.stream_name import StreamName
from mm.exchange.venue_server.streams import Streams

STREAMS_MOST = 1024


class StreamSession:
    """`combined`: events come as {"stream": name, "data": event}, else bare."""

    def __init__(self, streams: Streams, socket: Socket, *, combined: bool, microseconds: bool = False) -> None:
        self._streams = streams
        self._socket = socket
        self._combined = combined
        self._microseconds = microseconds
        self._names: dict[str, None] = {}

    def subscribe_by_path(self, names: list[str]) -> None:
        """What is no stream's name is passed over: ccxt numbers its connections /ws/0, /ws/1 …"""
        for name in names[:STREAMS_MOST]:
            try:
                self._subscribe(StreamName.parse(name))
            except ValueError:
                continue

    def close(self) -> None:
        for name in self._names:
            self._streams.unsubscribe(name, self)
        self._names.clear()

    def farewell(self, now_ms: int) -> bytes:
        """What is said before the server ends the connection."""
        event = {"e": "serverShutdown", "E": now_ms * 1000 if self._microseconds else now_ms}
        return orjson.dumps({"stream": "!serverShutdown", "data": event} if self._combined else event)

    def deliver(self, message: StreamMessage) -> None:
        self._socket.send_frame(message.frame(combined=self._combined, microseconds=self._microseconds))

    async def on_text(self, text: str) -> None:
        self._socket.send(orjson.dumps(self._answer(text)))

    def _answer(self, text: str) -> dict[str, Any]:
        try:
            request = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            return _refused(3, f"Invalid JSON: {error}", None)
        if not isinstance(request, dict):
            return _refused(2, "Invalid request: request must be an object", None)
        number, method = request.get("id"), request.get("method")
        try:
            result = self._carry_out(method, request.get("params"))
        except ValueError as error:
            return _refused(2, f"Invalid request: {error}", number)
        return {"result": result, "id": number}

    def _carry_out(self, method: object, params: object) -> Any:
        """The request's result. Raises ValueError with what is wrong; then nothing has changed."""
        match method:
            case "LIST_SUBSCRIPTIONS":
                return list(self._names)
            case "GET_PROPERTY":
                return self._combined
            case "SET_PROPERTY" | "SUBSCRIBE" | "UNSUBSCRIBE":
                if not isinstance(params, list) or not params:
                    raise ValueError("params must be a list that is not empty")
                if method == "SET_PROPERTY":
                    self._combined = bool(params[-1])
                else:
                    self._change([StreamName.parse(str(name)) for name in params], subscribe=method == "SUBSCRIBE")
                return None
        raise ValueError(f"unknown variant {method!r}")

    def _change(self, streams: list[StreamName], *, subscribe: bool) -> None:
        if subscribe and len(self._names.keys() | {each.name for each in streams}) > STREAMS_MOST:
            raise ValueError(f"more than {STREAMS_MOST} streams")
        for stream in streams:
            if subscribe:
                self._subscribe(stream)
            elif stream.name in self._names:
                del self._names[stream.name]
                self._streams.unsubscribe(stream.name, self)

    def _subscribe(self, stream: StreamName) -> None:
        if stream.name not in self._names:
            self._names[stream.name] = None
            self._streams.subscribe(stream, self)


def _refused(code: int, message: str, number: object) -> dict[str, Any]:
    return {"error": {"code": code, "msg": message}, "id": number}
