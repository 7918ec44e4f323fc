"""One connection to the market streams: subscriptions by path or by request."""

from typing import Any

import orjson

from mm.exchange.venue_server.socket import Socket
from mm.exchange.venue_server.stream_message import StreamMessage
from mm.exchange.venue_server.stream_name import StreamName
from mm.exchange.venue_server.stream_refusal import StreamRefusal, check_property, check_request, invalid
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
            return StreamRefusal(3, f"Invalid JSON: expected value at line {error.lineno} column {error.colno}").body(
                None
            )
        number = request.get("id") if isinstance(request, dict) else None
        try:
            check_request(request, text)
            result = self._carry_out(request["method"], request.get("params"))
        except StreamRefusal as refusal:
            return refusal.body(number)
        except ValueError as error:
            return invalid(str(error)).body(number)
        return {"result": result, "id": number}

    def _carry_out(self, method: str, params: Any) -> Any:
        """The request's result. Raises StreamRefusal or ValueError with what is wrong; then nothing has changed."""
        if method == "LIST_SUBSCRIPTIONS":
            return list(self._names)
        if method == "GET_PROPERTY":
            check_property(params, values=0)
            return self._combined
        if method == "SET_PROPERTY":
            check_property(params, values=1)
            self._combined = params[1]
            return None
        if not isinstance(params, list) or not params:
            raise ValueError("params must be a list that is not empty")
        self._change([StreamName.parse(str(name)) for name in params], subscribe=method == "SUBSCRIBE")
        return None

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
