"""One request through ccxt, its failure read once, here. What is raised carries no foreign exception with it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mm.domain.errors import AuthenticationRefused, ExchangeError
from mm.exchange.ccxt_adapter.client import BinanceClient
from mm.exchange.ccxt_adapter.clock_sync import ClockSync
from mm.exchange.ccxt_adapter.errors import Failure, read_failure
from mm.exchange.refusals import Meaning
from mm.ports import Clock

_TRIES = 3
_FIRST_PAUSE = 0.1
_REFUSED_LOGINS = 3
"""So many refused authentications in a row and no signed request leaves any more."""

_REPEATABLE = frozenset({Meaning.REFUSED_NOW, Meaning.UNKNOWN, Meaning.NOT_SENT})
_NOT_WORTH_WAITING = frozenset({"rate_limited", "too_many_orders"})


class Calls:
    """Sends requests of one client. `once` for orders: never repeated; `read` for reads: repeated a little."""

    def __init__(self, client: BinanceClient, clock: Clock, clock_sync: ClockSync, timeout: float) -> None:
        self.client = client
        self.timeout = timeout
        self._clock = clock
        self._clock_sync = clock_sync
        self._refused_logins = 0

    def locked_out(self) -> str | None:
        """Why no signed request may leave, or None: a refused key is not tried again and again."""
        if self._refused_logins < _REFUSED_LOGINS:
            return None
        return f"the key was refused {self._refused_logins} times; nothing signed is sent any more"

    async def once(self, method: Callable[[Mapping[str, Any]], Awaitable[Any]], parameters: Mapping[str, Any]) -> Any:
        """The raw answer, or a Failure. Raises nothing but cancellation (and interpreter exits)."""
        try:
            async with asyncio.timeout(self.timeout):
                answer = await method(parameters)
        except Exception as error:  # noqa: BLE001 - every failure is read by the one map, none is lost
            return self.note(read_failure(error))
        self._refused_logins = 0
        return answer

    def note(self, failure: Failure) -> Failure:
        """Remember what a failure says about the clock and the key."""
        if failure.reason == "clock":
            self._clock_sync.start(self.timeout)
        if failure.reason == "authentication":
            self._refused_logins += 1
        return failure

    async def read(
        self,
        doing: str,
        method: Callable[[Mapping[str, Any]], Awaitable[Any]],
        parameters: Mapping[str, Any],
        *,
        signed: bool = True,
    ) -> Any:
        """The raw answer of a read, or a Failure that is a plain refusal or not offered (for the caller to judge).

        Raises ExchangeError and kin when the exchange cannot be read after three tries.
        """
        pause = _FIRST_PAUSE
        for left in reversed(range(_TRIES)):
            why = self.locked_out() if signed else None
            if why:
                raise AuthenticationRefused(f"{doing}: {why}", "mend the key, then start again")
            answer = await self._one_read(method, parameters)
            if signed and not isinstance(answer, Failure | ExchangeError):
                self._refused_logins = 0
            if isinstance(answer, ExchangeError):
                raise answer
            if not isinstance(answer, Failure):
                return answer
            if answer.meaning is Meaning.REFUSED or answer.reason == "not_offered":
                return answer
            if not left or answer.meaning not in _REPEATABLE or answer.reason in _NOT_WORTH_WAITING:
                raise answer.to_error(doing)
            if answer.reason == "clock":
                await self._clock_sync.finish()
            await self._clock.sleep(pause)
            pause *= 2
        raise AssertionError("unreachable: the last try returns or raises")

    async def _one_read(
        self, method: Callable[[Mapping[str, Any]], Awaitable[Any]], parameters: Mapping[str, Any]
    ) -> Any:
        # The wait for a permit happens inside the call and may be longer than one request may take.
        try:
            async with asyncio.timeout(self.timeout + 15):
                answer = await method(parameters)
        except ExchangeError as error:
            return error
        except Exception as error:  # noqa: BLE001 - as in `once`
            return self.note(read_failure(error))
        return answer
