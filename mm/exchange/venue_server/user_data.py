"""User data: who listens to which account over the WebSocket API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from mm.exchange.venue.events import AccountPosition, BalanceUpdate, ExecutionReport, ListStatus, VenueEvent
from mm.exchange.venue_server import events_wire
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.socket import Socket
from mm.exchange.venue_server.time_unit import event_in_microseconds


@dataclass(frozen=True, slots=True)
class Subscription:
    """One listener: its connection, and the number its client knows it by."""

    socket: Socket
    number: int
    microseconds: bool = False

    def send(self, event: dict[str, Any]) -> None:
        self.deliver(orjson.dumps(event))

    def deliver(self, payload: bytes) -> None:
        """`payload`: the event in milliseconds."""
        if self.microseconds:
            payload = orjson.dumps(event_in_microseconds(orjson.loads(payload)))
        self.socket.send(b'{"subscriptionId":%d,"event":%b}' % (self.number, payload))


class UserData:
    """Hands every event of an account to its subscribers, wrapped in their own subscription id."""

    def __init__(self, served: Served) -> None:
        self._subscribers: dict[int, dict[Subscription, None]] = {}
        self.stop: Callable[[], None] = served.venue.subscribe(self._on_event)

    def add(self, uid: int, subscription: Subscription) -> None:
        self._subscribers.setdefault(uid, {})[subscription] = None

    def remove(self, uid: int, subscription: Subscription) -> None:
        listeners = self._subscribers.get(uid, {})
        listeners.pop(subscription, None)
        if not listeners:
            self._subscribers.pop(uid, None)

    def listeners(self, uid: int) -> int:
        """How many subscriptions hear this account."""
        return len(self._subscribers.get(uid, ()))

    def terminate(self, uid: int, now_ms: int) -> None:
        """The account is closed: its subscribers are told, and hear nothing more."""
        self._send(uid, events_wire.stream_terminated(now_ms))
        self._subscribers.pop(uid, None)

    def _on_event(self, event: VenueEvent) -> None:
        if isinstance(event, ExecutionReport):
            if event.uid in self._subscribers:
                self._send(event.uid, events_wire.execution_report(event))
        elif isinstance(event, ListStatus):
            if event.uid in self._subscribers:
                self._send(event.uid, events_wire.list_status(event))
        elif isinstance(event, AccountPosition):
            if event.uid in self._subscribers:
                self._send(event.uid, events_wire.account_position(event))
        elif isinstance(event, BalanceUpdate) and event.uid in self._subscribers:
            self._send(event.uid, events_wire.balance_update(event))

    def _send(self, uid: int, event: dict[str, Any]) -> None:
        payload = orjson.dumps(event)
        for subscription in tuple(self._subscribers.get(uid, ())):
            subscription.deliver(payload)
