"""What market and account stream have in common: sessions one after another, pauses between, every gap told."""

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import NoReturn

from mm.domain.errors import AuthenticationRefused, ExchangeError, GeoBlocked, RateLimited
from mm.domain.events import HaltRequested, StreamDown, StreamUp
from mm.exchange.ccxt_adapter.calls import Calls
from mm.exchange.ccxt_adapter.errors import Failure, read_failure
from mm.exchange.ccxt_adapter.limiter import RateLimiter
from mm.ports import Clock, EventSink

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
_STEADY = 30_000_000_000
"""A session that was up for so many nanoseconds makes the next pause short again."""

_log = logging.getLogger(__name__)


class StreamEnded(Exception):
    """A session is over; the message says why in a few words, without secrets."""


class Reconnecting(ABC):
    """Runs sessions for ever. A subclass gives `name`, `_session` and calls `_up` when data flows."""

    name: str

    def __init__(self, calls: Calls, limiter: RateLimiter, clock: Clock) -> None:
        self._calls = calls
        self._limiter = limiter
        self._clock = clock
        self._sink: EventSink | None = None
        self._up_since: int | None = None
        self._pause = _FIRST_PAUSE
        self._ended: asyncio.Future[None] | None = None

    @abstractmethod
    async def _session(self) -> NoReturn:
        """One connection from dial to end; always raises."""

    async def run(self, sink: EventSink) -> NoReturn:
        """Sessions until cancelled. Raises only what the sink raises."""
        self._sink = sink
        running = asyncio.current_task()
        assert running is not None  # noqa: S101 - a coroutine runs in a task
        while not running.cancelling():
            pause_left = self._limiter.pause_left()
            if pause_left:
                await self._clock.sleep(pause_left)
            self._up_since = None
            self._ended = asyncio.get_running_loop().create_future()
            failure: Exception
            try:
                await self._session()
            except Exception as error:  # noqa: BLE001 - every end is told and followed by the next session
                failure = error
            except asyncio.CancelledError:
                if running.cancelling():
                    raise
                # ccxt cancelled what the session waited for: the connection is gone, and the stream must go on.
                failure = StreamEnded("the connection was given up")
            finally:
                _retrieve(self._ended)
            if running.cancelling():
                break  # not told, and not waited for: what follows some failures lasts until a person has looked
            await self._after(failure)
        # A session took the cancellation for a failure of its own: another one would never end.
        raise asyncio.CancelledError

    def _up(self) -> None:
        """Data flows (or, for the account, will flow): tell it once a session."""
        if self._up_since is None:
            self._up_since = self._clock.monotonic()
            self._emit_up()

    def _emit_up(self) -> None:
        assert self._sink is not None  # noqa: S101 - run() sets it
        self._sink(StreamUp(at=self._clock.now(), mono=self._clock.monotonic(), stream=self.name))

    def _down(self, why: str) -> None:
        assert self._sink is not None  # noqa: S101 - run() sets it
        self._sink(StreamDown(at=self._clock.now(), mono=self._clock.monotonic(), stream=self.name, why=why))

    def _end(self, error: Exception) -> None:
        """End the session from inside a callback."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(error)

    async def _after(self, error: Exception) -> None:
        why, cause, wait = self._why(error)
        _log.info("%s stream ended: %s", self.name, why)
        self._down(why)
        if self._up_since is not None and self._clock.monotonic() - self._up_since >= _STEADY:
            self._pause = _FIRST_PAUSE
        if cause:
            # A person must look; trying on would be a refused login (or a request from a forbidden place) each time.
            assert self._sink is not None  # noqa: S101 - run() sets it
            self._sink(HaltRequested(at=self._clock.now(), mono=self._clock.monotonic(), cause=cause, detail=why))
            await asyncio.get_running_loop().create_future()
        await self._clock.sleep(max(wait, self._pause))
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _why(self, error: Exception) -> tuple[str, str, float]:
        """Words, the cause of a halt or "", seconds to wait."""
        if isinstance(error, StreamEnded):
            return str(error), "", 0.0
        if isinstance(error, ExchangeError):
            cause = {AuthenticationRefused: "authentication", GeoBlocked: "geo_blocked"}.get(type(error), "")
            return error.message, cause, error.retry_after if isinstance(error, RateLimited) else 0.0
        failure = self._calls.note(read_failure(error))
        if failure.reason == "rate_limited":
            self._limiter.refused(429, failure.retry_after or None)
        return failure.text, self._cause(failure), failure.retry_after

    def _cause(self, failure: Failure) -> str:
        if failure.reason == "geo_blocked":
            return "geo_blocked"
        return "authentication" if self._calls.locked_out() else ""


def _retrieve(future: "asyncio.Future[None]") -> None:
    """Done with `future`, whatever it holds."""
    if not future.cancel() and not future.cancelled():
        future.exception()
