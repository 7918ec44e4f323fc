"""One connection to the market streams under a plan of faults."""

from typing import Any

import orjson

from mm.exchange.venue.faults.fate import BookFault
from mm.exchange.venue.faults.requests import stream_kind
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server.faulty_socket import FaultySocket
from mm.exchange.venue_server.stream_message import StreamMessage
from mm.exchange.venue_server.stream_session import StreamSession
from mm.exchange.venue_server.streams import Streams
from mm.exchange.venue_server.wrong_book import WrongBook


class FaultyStreamSession(StreamSession):
    def __init__(
        self, streams: Streams, socket: FaultySocket, venue: Venue, *, combined: bool, microseconds: bool
    ) -> None:
        super().__init__(streams, socket, combined=combined, microseconds=microseconds)
        self._line = socket
        self._venue = venue
        self._books: dict[str, WrongBook] = {}

    def deliver(self, message: StreamMessage) -> None:
        line = self._line
        if line.plan.is_empty and not self._books:
            super().deliver(message)
            return
        if line.is_silent():
            return
        now = line.true_ms()
        delays = line.plan.on_event(message.name, now)
        if not delays:
            return
        kind = stream_kind(message.name)
        if kind in {"depth", "bookTicker"}:
            message = self._as_shown(message, kind, line.plan.book_fault(now))
        whole = message.frame(combined=self._combined, microseconds=self._microseconds)
        for delay in delays:
            line.after(delay, line.send_frame, whole)

    def _as_shown(self, message: StreamMessage, kind: str, fault: BookFault | None) -> StreamMessage:
        symbol = message.name.partition("@")[0].upper()
        book = self._books.get(symbol)
        if fault is None and (book is None or book.is_right):
            return message
        if book is None:
            book = self._books[symbol] = WrongBook(self._venue, symbol, self._venue.market(symbol).rules.tick_size)
        event: dict[str, Any] = orjson.loads(message.payload(combined=False, microseconds=False))
        if "bids" in event:
            if fault is not None:
                event["bids"], event["asks"] = book.whole(event["bids"], event["asks"], fault)
        elif kind == "depth":
            event = book.change(event, fault)
        elif fault is not None and fault.kind == "price-gap":
            (event["b"], _), (event["a"], _) = (
                *book.whole([[event["b"], ""]], [[event["a"], ""]], fault)[0],
                *book.whole([[event["b"], ""]], [[event["a"], ""]], fault)[1],
            )
        return StreamMessage(message.name, event)
