"""A WebSocket connection under a plan of faults: silence, and user data that is lost, late, doubled or out of order."""

import asyncio
from collections.abc import Callable

from aiohttp import WSMsgType, web

from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.requests import ACCOUNT_STREAM
from mm.exchange.venue_server.socket import Socket, SocketRules

_USER_EVENT = b'{"subscriptionId"'


class FaultySocket(Socket):
    """`carries`: `market` or `userData`, as the plan names connections; `true_ms` dates its faults."""

    def __init__(
        self,
        response: web.WebSocketResponse,
        transport: asyncio.Transport,
        rules: SocketRules,
        *,
        plan: FaultPlan,
        true_ms: Callable[[], int],
        carries: str,
    ) -> None:
        super().__init__(response, transport, rules)
        self.plan = plan
        self.true_ms = true_ms
        self.carries = carries
        self._held: list[bytes] | None = None

    def send(self, message: bytes, kind: int = WSMsgType.TEXT) -> None:
        if self.plan.is_empty:
            super().send(message, kind)
            return
        now = self.true_ms()
        silence = self.plan.silence(self.carries, now)
        is_text = kind == WSMsgType.TEXT
        if silence == "no-pings" or (silence == "pings" and is_text):
            return
        if is_text and message.startswith(_USER_EVENT):
            for delay in self.plan.on_event(ACCOUNT_STREAM, now):
                self.after(delay, super().send, message)
        elif is_text and self._held is not None:
            self._held.append(message)
        else:
            super().send(message, kind)

    def is_silent(self) -> bool:
        """Nothing but pings, at most, goes out."""
        return not self.plan.is_empty and self.plan.silence(self.carries, self.true_ms()) != "no"

    def hold_answers(self) -> None:
        """Answers are kept until `held_answers` takes them; events go out as ever."""
        self._held = []

    def held_answers(self) -> list[bytes]:
        held, self._held = self._held or [], None
        return held

    def after(self, delay_ms: int, deliver: Callable[[bytes], None], message: bytes) -> None:
        """Hands `message` over at once, or later if the connection is still there."""
        if delay_ms <= 0:
            deliver(message)
        else:
            asyncio.get_running_loop().call_later(delay_ms / 1000, deliver, message)
