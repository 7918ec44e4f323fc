"""The exchange in process with faults, as the bot would meet them through the adapter. For virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from mm.domain.errors import AuthenticationRefused, ExchangeError
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderReport, OrderStatus, OrderType
from mm.exchange.ccxt_adapter.errors import Failure
from mm.exchange.ccxt_adapter.limiter import RateLimiter
from mm.exchange.refusals import Meaning
from mm.exchange.settings import ExchangeSettings
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.refusal import NO_SUCH_ORDER, UNKNOWN_ORDER, Refusal
from mm.exchange.venue.faults.requests import SIGNED
from mm.exchange.venue.faulty_line import FaultyLine, Lie, judged
from mm.exchange.venue.faulty_streams import FaultyStreams
from mm.fields import seconds
from mm.ports import (
    Account,
    CancelAnswer,
    Clock,
    EventSink,
    Exchange,
    KeyPermissions,
    NotSent,
    PlaceAnswer,
    Rejected,
    Unknown,
)

T = TypeVar("T")
_TRIES = 3
_FIRST_PAUSE = 0.1
_SAMPLES = 5
_REFUSED_LOGINS = 3
_REPEATABLE = frozenset({Meaning.REFUSED_NOW, Meaning.UNKNOWN, Meaning.NOT_SENT})
_NOT_WORTH_WAITING = frozenset({"rate_limited", "too_many_orders"})
_BANS = frozenset({403, 418, 429})
_WEIGHTS = {
    "exchangeInfo": 20,
    "ticker.price": 2,
    "account.status": 20,
    "openOrders.status": 6,
    "allOrders": 20,
    "order.status": 4,
    "myTrades": 20,
    "account.commission": 20,
}


class FaultyExchange:
    """Plays `mm.ports.Exchange` around `inner`, whose clock is the exchange's true one (`true_ms`, e.g. Venue.now_ms).

    Time-outs, repeated reads, the limiter, the lock after three refused keys and the clock's measuring are those of
    the ccxt adapter. `wipe` closes the account and opens a new one (a wiped testnet).
    Rules of the symbol that change are told as a new minimum notional; a new tick or lot size refuses orders only.
    """

    def __init__(
        self,
        inner: Exchange,
        plan: FaultPlan,
        *,
        symbol: str,
        clock: Clock,
        true_ms: Callable[[], int],
        settings: ExchangeSettings | None = None,
        wipe: Callable[[], None] = lambda: None,
    ) -> None:
        used = settings or ExchangeSettings()
        self.plan = plan
        self._inner = inner
        self._symbol = symbol
        self._clock = clock
        self._wipe = wipe
        self._silence_ms = round(seconds(used.silence_after) * 1000)
        self._dead_ms = round(seconds(used.keep_alive) * 2000)
        self._refusals = _Refusals(RateLimiter(clock, used.weight_per_minute, used.orders_per_10s, used.cancel_reserve))
        self._line = FaultyLine(
            plan,
            true_ms=true_ms,
            local_ms=lambda: clock.now() // 1_000_000,
            timeout_s=seconds(used.request_timeout),
            recv_window_ms=round(seconds(used.recv_window) * 1000),
            on_status=self._refusals.answered,
        )
        self._instrument: Instrument | None = None
        self._measuring: asyncio.Task[None] | None = None

    @property
    def fence_seconds(self) -> float:
        return self._inner.fence_seconds

    # --- orders -----------------------------------------------------------------------------

    async def place(self, intent: OrderIntent) -> PlaceAnswer:
        if self._refusals.locked_out():
            return NotSent("authentication", "the key was refused; nothing signed is sent any more")
        why = self._refusals.limiter.try_order()
        if why:
            return NotSent("limiter", why)
        answer = await self._once("order.place", lambda: self._place(intent))
        assert not isinstance(answer, Lie)  # noqa: S101 - no fault lies about placing
        if not isinstance(answer, Failure):
            return answer
        if answer.meaning is Meaning.NOT_SENT:
            return NotSent(answer.reason, answer.text)
        return _refused_or_unknown(answer)

    async def _place(self, intent: OrderIntent) -> PlaceAnswer | Failure:
        refusal = await self._against_new_rules(intent)
        return judged(refusal) if refusal else await self._inner.place(intent)

    async def _against_new_rules(self, intent: OrderIntent) -> Refusal | None:
        rules = self.plan.changed_rules(self._line.true_ms())
        if not rules or intent.type is OrderType.MARKET:
            return None
        grid = await self._inner.instrument(self._symbol)
        price, size = grid.price(intent.ticks), grid.size(intent.lots)
        broken = next((rule for rule in rules if rule.refuses(price, size)), None)
        return None if broken is None else Refusal(400, -1013, broken.message)

    async def cancel(self, client_id: str) -> CancelAnswer:
        if self._refusals.locked_out():
            return NotSent("authentication", "the key was refused; nothing signed is sent any more")
        why = self._refusals.limiter.try_cancel()
        if why:
            return NotSent("limiter", why)
        answer = await self._once("order.cancel", lambda: self._inner.cancel(client_id))
        if isinstance(answer, Lie):
            return await self._lying_cancel(answer, client_id)
        return _refused_or_unknown(answer) if isinstance(answer, Failure) else answer

    async def _lying_cancel(self, lie: Lie, client_id: str) -> CancelAnswer:
        report = await self._inner.order(client_id)
        if report is None or report.status is not OrderStatus.OPEN:
            return await self._inner.cancel(client_id)  # there is nothing to lie about
        if lie.how == "canceled":
            return replace(report, status=OrderStatus.CANCELED)
        return _refused_or_unknown(judged(UNKNOWN_ORDER))

    # --- reads --------------------------------------------------------------------------------

    async def server_time_ms(self) -> int:
        return await self._read("server time", "time", self._time)

    async def resync_clock(self) -> tuple[int, float]:
        """As the adapter: of five measurements the fastest, at its middle."""
        best: tuple[float, int] | None = None
        for _ in range(1 if self.plan.is_empty else _SAMPLES):
            before, start = self._line.local_ms(), self._clock.monotonic()
            answer = await self._once("time", self._time)
            if isinstance(answer, Failure):
                raise answer.to_error("clock")
            assert not isinstance(answer, Lie)  # noqa: S101 - no fault lies about the time but the clock's own
            took = (self._clock.monotonic() - start) / 1e6
            if best is None or took < best[0]:
                best = (took, round(answer - (before + took / 2)))
        assert best is not None  # noqa: S101 - there is one sample at least
        self._line.offset_ms = best[1]
        return best[1], best[0]

    async def _time(self) -> int:
        return self._line.server_ms()

    async def instrument(self, symbol: str) -> Instrument:
        found = await self._read("rules", "exchangeInfo", lambda: self._inner.instrument(symbol))
        for rule in self.plan.changed_rules(self._line.true_ms()):
            if rule.name == "NOTIONAL":
                found = replace(found, min_notional=rule.value)
        return found

    async def fee_rates(self, symbol: str) -> FeeRates:
        return await self._read("commission", "account.commission", lambda: self._inner.fee_rates(symbol))

    async def account(self) -> Account:
        return await self._read("account", "account.status", self._inner.account)

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        return await self._read("open orders", "openOrders.status", lambda: self._inner.open_orders(symbol))

    async def order(self, client_id: str) -> OrderReport | None:
        return await self._query(lambda: self._inner.order(client_id))

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None:
        return await self._query(lambda: self._inner.order_by_exchange_id(exchange_id))

    async def _query(self, act: Callable[[], Awaitable[OrderReport | None]]) -> OrderReport | None:
        answer = await self._asked("order query", "order.status", act)
        if isinstance(answer, Failure):
            if answer.code == NO_SUCH_ORDER.code:
                return None
            raise answer.to_error("order query")
        return answer

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        return await self._read("all orders", "allOrders", lambda: self._inner.orders(symbol, from_exchange_id, limit))

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        return await self._read("own trades", "myTrades", lambda: self._inner.trades(symbol, from_id, limit))

    async def last_price(self, symbol: str) -> Decimal:
        return await self._read("last price", "ticker.price", lambda: self._inner.last_price(symbol))

    async def key_permissions(self) -> KeyPermissions | None:
        return await self._read("key permissions", "account.apiRestrictions", self._inner.key_permissions)

    # --- streams ------------------------------------------------------------------------------

    async def run(self, sink: EventSink) -> None:
        streams = FaultyStreams(
            self.plan,
            self._clock,
            self._line.true_ms,
            sink,
            self._symbol,
            self._refusals,
            self._wipe,
            self._silence_ms,
            self._dead_ms,
        )
        await self._inner.run(streams.take)

    async def close(self) -> None:
        await self._line.close()
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.wait([self._measuring])
        await self._inner.close()

    # --- inside -------------------------------------------------------------------------------

    async def _once(self, name: str, act: Callable[[], Awaitable[T]]) -> T | Failure | Lie:
        answer = await self._line.send(name, act)
        if isinstance(answer, Failure):
            self._note(answer)
        elif name in SIGNED:
            self._refusals.accepted()
        return answer

    def _note(self, failure: Failure) -> None:
        self._refusals.failed(failure.reason)
        if failure.reason == "clock" and (self._measuring is None or self._measuring.done()):
            self._measuring = asyncio.create_task(self._measure(), name="clock-sync")

    async def _measure(self) -> None:
        try:
            await self.resync_clock()
        except ExchangeError:
            return  # the next refused timestamp starts it again

    async def _read(self, doing: str, name: str, act: Callable[[], Awaitable[T]]) -> T:
        answer = await self._asked(doing, name, act)
        if isinstance(answer, Failure):
            raise answer.to_error(doing)
        return answer

    async def _asked(self, doing: str, name: str, act: Callable[[], Awaitable[T]]) -> T | Failure:
        """The answer, or a plain refusal. Raises ExchangeError after three tries."""
        is_signed = name in SIGNED
        pause = _FIRST_PAUSE
        for left in reversed(range(_TRIES)):
            if is_signed and self._refusals.locked_out():
                raise AuthenticationRefused(f"{doing}: the key was refused", "mend the key, then start again")
            await self._refusals.limiter.wait_read(_WEIGHTS.get(name, 1), query=is_signed)
            answer = await self._once(name, act)
            if isinstance(answer, Lie):
                return judged(NO_SUCH_ORDER)
            if not isinstance(answer, Failure) or answer.meaning is Meaning.REFUSED:
                return answer
            if not left or answer.meaning not in _REPEATABLE or answer.reason in _NOT_WORTH_WAITING:
                raise answer.to_error(doing)
            if answer.reason == "clock" and self._measuring is not None:
                await asyncio.wait([self._measuring])
            await self._clock.sleep(pause)
            pause *= 2
        raise AssertionError("unreachable: the last try returns or raises")


class _Refusals:
    """What the exchange's refusals forbid from then on."""

    def __init__(self, limiter: RateLimiter) -> None:
        self.limiter = limiter
        self._logins = 0

    def failed(self, reason: str) -> None:
        if reason == "authentication":
            self._logins += 1

    def answered(self, status: int, retry_after: float | None) -> None:
        if status in _BANS:
            self.limiter.refused(status, retry_after)

    def accepted(self) -> None:
        self._logins = 0

    def locked_out(self) -> bool:
        return self._logins >= _REFUSED_LOGINS


def _refused_or_unknown(failure: Failure) -> Rejected | Unknown:
    if failure.is_refusal:
        return Rejected(failure.code, failure.reason, failure.text)
    return Unknown(failure.text)
