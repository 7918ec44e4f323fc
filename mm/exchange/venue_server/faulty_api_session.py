"""One connection of the WebSocket API under a plan of faults."""

import asyncio
from typing import Any

import orjson

from mm.exchange.venue.faults.fate import UNTOUCHED, RequestFate
from mm.exchange.venue.faults.refusal import Refusal
from mm.exchange.venue_server.faulty_answer import TOLD, against_new_rules, as_told, lie
from mm.exchange.venue_server.faulty_socket import FaultySocket
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.user_data import UserData
from mm.exchange.venue_server.websocket_api import ApiSession


class FaultyApiSession(ApiSession):
    def __init__(
        self,
        served: Served,
        socket: FaultySocket,
        user_data: UserData,
        address: str,
        *,
        tell_limits: bool,
        microseconds: bool,
    ) -> None:
        super().__init__(served, socket, user_data, address, tell_limits=tell_limits, microseconds=microseconds)
        self._line = socket
        self._all = served
        self._under_way: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        super().close()

    async def on_text(self, text: str) -> None:
        plan = self._line.plan
        request = {} if plan.is_empty else _request(text)
        method = str(request.get("method", "")).removeprefix("v3/")
        if not method:
            await super().on_text(text)
            return
        fate = plan.on_request(method, self._line.true_ms())
        if fate.delay_in_ms or fate.delay_out_ms:
            task = asyncio.create_task(self._carry(text, method, request, fate))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        else:
            await self._carry(text, method, request, fate)

    async def _carry(self, text: str, method: str, request: dict[str, Any], fate: RequestFate) -> None:
        line, plan = self._line, self._line.plan
        if fate.delay_in_ms:
            await asyncio.sleep(fate.delay_in_ms / 1000)
        if fate.answer == "reset" and not fate.executes:
            line.cut()
            return
        params = request.get("params")
        asked = params if isinstance(params, dict) else {}
        told: Any = None
        if fate.answer == "lie":
            told = lie(self._all, fate.lie, str(asked.get("apiKey", "")), asked)
        if told is None:
            told = against_new_rules(plan, method, asked, line.true_ms())
        answers: list[bytes] = []
        if told is not None:
            answers = [_answer(request, told)]
        elif fate.executes or fate.answer == "lie":
            line.hold_answers()
            await super().on_text(text)
            answers = line.held_answers()
        if fate is not UNTOUCHED:
            answers = await self._altered(request, fate, answers)
        for answer in answers:
            line.send(self._told(method, answer, asked))

    async def _altered(self, request: dict[str, Any], fate: RequestFate, answers: list[bytes]) -> list[bytes]:
        """The answers that go out."""
        if fate.delay_out_ms:
            await asyncio.sleep(fate.delay_out_ms / 1000)
        if fate.answer == "reset" or (fate.refusal is not None and not fate.refusal.code):
            self._line.cut()  # a page of HTML has no place on a WebSocket
            return []
        if fate.answer == "lose":
            return []
        if fate.refusal is not None:
            return [_answer(request, fate.refusal)]
        return [answer[: len(answer) // 2] for answer in answers] if fate.answer == "truncate" else answers

    def _told(self, method: str, answer: bytes, asked: dict[str, Any]) -> bytes:
        if method not in TOLD:
            return answer
        try:
            said = orjson.loads(answer)
        except orjson.JSONDecodeError:
            return answer  # truncated
        result = said.get("result")
        if isinstance(result, dict):
            if method == "depth":
                result["symbol"] = str(asked.get("symbol", ""))
            said["result"] = as_told(self._all, self._line.plan, method, result, self._line.true_ms())
            if method == "depth":
                said["result"].pop("symbol", None)
        return orjson.dumps(said)


def _request(text: str) -> dict[str, Any]:
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return request if isinstance(request, dict) else {}


def _answer(request: dict[str, Any], told: Refusal | dict[str, Any]) -> bytes:
    number = request.get("id")
    if not isinstance(told, Refusal):
        return orjson.dumps({"id": number, "status": 200, "result": told})
    error = {"code": told.code, "msg": told.message}
    return orjson.dumps({"id": number, "status": told.status, "error": error})
