"""One event of a market stream, encoded once in each form that somebody listens in."""

from typing import Any

import orjson

from mm.exchange.venue_server.frame import frame
from mm.exchange.venue_server.time_unit import event_in_microseconds


class StreamMessage:
    """`frame(…)` is the same bytes for every listener of a form."""

    __slots__ = ("_event", "_frames", "_payloads", "name")

    def __init__(self, name: str, event: Any) -> None:
        self.name = name
        self._event = event
        self._payloads: list[bytes | None] = [None, None]
        self._frames: list[bytes | None] = [None, None, None, None]

    def payload(self, *, combined: bool, microseconds: bool) -> bytes:
        """JSON: the bare event, or `{"stream": name, "data": event}`."""
        bare = self._payloads[microseconds]
        if bare is None:
            event = event_in_microseconds(self._event) if microseconds else self._event
            bare = self._payloads[microseconds] = orjson.dumps(event)
        return b'{"stream":"%b","data":%b}' % (self.name.encode(), bare) if combined else bare

    def frame(self, *, combined: bool, microseconds: bool) -> bytes:
        """The payload as a whole WebSocket frame."""
        form = combined + 2 * microseconds
        found = self._frames[form]
        if found is None:
            found = frame(self.payload(combined=combined, microseconds=microseconds))
            self._frames[form] = found
        return found
